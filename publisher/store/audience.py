"""Audience counts and their day roll-up: writing, reading, rebuilding."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from itertools import groupby
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import delete, func, insert, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from publisher.core.states import CountSource
from publisher.store.models import AudienceCount, AudienceDay, Channel

ROWS_AT_ONCE = 5_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Count:
    """Subscribers of a channel at a moment, epoch seconds."""

    channel_id: int
    taken_at: int
    value: int
    source: CountSource = CountSource.NETWORK


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """A channel's newest count and the values a day, a week and a month before; None where none is known."""

    channel_id: int
    taken_at: int
    value: int
    day_ago: int | None
    week_ago: int | None
    month_ago: int | None


def add_counts(session: Session, counts: Sequence[Count], zone: ZoneInfo) -> None:
    """Store counts and roll up the days they touch. A count at a known moment replaces the old value."""
    for start in range(0, len(counts), ROWS_AT_ONCE):
        _upsert(session, counts[start : start + ROWS_AT_ONCE])
    touched = {(c.channel_id, local_day(c.taken_at, zone)) for c in counts}
    roll_up(session, touched, zone)


def roll_up(session: Session, days: Iterable[tuple[int, date]], zone: ZoneInfo) -> None:
    """Make these channels' days anew from the raw counts, whatever order those came in."""
    by_channel = groupby(sorted(days), key=lambda pair: pair[0])
    for channel_id, pairs in by_channel:
        for first, last in _runs([day for _, day in pairs]):
            _roll_up_range(session, channel_id, first, last, zone)


def rebuild_days(session: Session, zone: ZoneInfo) -> int:
    """Throw the roll-up away and make it from the raw counts; the number of days written."""
    session.execute(delete(AudienceDay))
    bounds = session.execute(
        select(
            AudienceCount.channel_id, func.min(AudienceCount.taken_at), func.max(AudienceCount.taken_at)
        ).group_by(AudienceCount.channel_id)
    ).all()
    for channel_id, first, last in bounds:
        _roll_up_range(session, channel_id, local_day(first, zone), local_day(last, zone), zone)
    return session.scalar(select(func.count()).select_from(AudienceDay)) or 0


def local_day(taken_at: int, zone: ZoneInfo) -> date:
    """The city's day in which an epoch second lies."""
    return datetime.fromtimestamp(taken_at, zone).date()


def day_bounds(day: date, zone: ZoneInfo) -> tuple[int, int]:
    """Epoch seconds of the day's first moment and of the next day's."""
    start, end = (datetime.combine(d, time.min, zone) for d in (day, day + timedelta(days=1)))
    return int(start.timestamp()), int(end.timestamp())


def list_standings(session: Session, now: datetime) -> dict[int, Standing]:
    """Each channel's newest count with its changes, by channel id; four seeks a channel."""
    moments = [int((now - age).timestamp()) for age in (timedelta(), DAY, WEEK, MONTH)]
    columns = [_value_at(moment).label(f"at_{place}") for place, moment in enumerate(moments)]
    newest = _newest(AudienceCount.taken_at, moments[0]).label("taken_at")
    rows = session.execute(select(Channel.id, newest, *columns).where(Channel.retired_at.is_(None)))
    return {
        channel_id: Standing(
            channel_id=channel_id, taken_at=taken_at, value=value,
            day_ago=day_ago, week_ago=week_ago, month_ago=month_ago,
        )
        for channel_id, taken_at, value, day_ago, week_ago, month_ago in rows
        if taken_at is not None
    }  # fmt: skip


DAY, WEEK, MONTH = timedelta(days=1), timedelta(days=7), timedelta(days=30)


def _newest(column: Any, moment: int) -> Any:
    return (
        select(column)
        .where(AudienceCount.channel_id == Channel.id, AudienceCount.taken_at <= moment)
        .order_by(AudienceCount.taken_at.desc())
        .limit(1)
        .scalar_subquery()
    )


def _value_at(moment: int) -> Any:
    return _newest(AudienceCount.value, moment)


def iterate_counts(session: Session, since: int | None = None) -> Iterable[tuple[Channel, AudienceCount]]:
    """All counts with their channels, in order of channel and time, streamed."""
    query = (
        select(Channel, AudienceCount)
        .join(AudienceCount, AudienceCount.channel_id == Channel.id)
        .order_by(AudienceCount.channel_id, AudienceCount.taken_at)
        .execution_options(yield_per=2_000)
    )
    if since is not None:
        query = query.where(AudienceCount.taken_at >= since)
    yield from session.execute(query)


def _upsert(session: Session, counts: Sequence[Count]) -> None:
    is_postgresql = session.get_bind().dialect.name == "postgresql"
    upsert = postgresql.insert(AudienceCount) if is_postgresql else sqlite.insert(AudienceCount)
    session.execute(
        upsert.on_conflict_do_update(
            index_elements=["channel_id", "taken_at"],
            set_={"value": upsert.excluded.value, "source": upsert.excluded.source},
        ),
        [
            {"channel_id": c.channel_id, "taken_at": c.taken_at, "value": c.value, "source": c.source}
            for c in counts
        ],
    )


def _runs(days: Sequence[date]) -> Iterable[tuple[date, date]]:
    """Neighbouring days together, so that a year is read in one scan."""
    start = previous = days[0]
    for day in days[1:]:
        if day - previous > timedelta(days=1):
            yield start, previous
            start = day
        previous = day
    yield start, previous


def _roll_up_range(session: Session, channel_id: int, first: date, last: date, zone: ZoneInfo) -> None:
    start, end = day_bounds(first, zone)[0], day_bounds(last, zone)[1]
    rows = session.execute(
        select(AudienceCount.taken_at, AudienceCount.value)
        .where(
            AudienceCount.channel_id == channel_id,
            AudienceCount.taken_at >= start,
            AudienceCount.taken_at < end,
        )
        .order_by(AudienceCount.taken_at)
    ).all()
    session.execute(
        delete(AudienceDay).where(
            AudienceDay.channel_id == channel_id, AudienceDay.day >= first, AudienceDay.day <= last
        )
    )
    days = [
        _day(channel_id, day, list(counts))
        for day, counts in groupby(rows, key=lambda row: local_day(row.taken_at, zone))
    ]
    if days:
        session.execute(insert(AudienceDay), days)


def _day(channel_id: int, day: date, rows: Sequence[Any]) -> dict[str, Any]:
    values = [row.value for row in rows]
    return {
        "channel_id": channel_id, "day": day, "samples": len(rows), "low": min(values), "high": max(values),
        "first_at": rows[0].taken_at, "opening": rows[0].value,
        "last_at": rows[-1].taken_at, "closing": rows[-1].value,
    }  # fmt: skip
