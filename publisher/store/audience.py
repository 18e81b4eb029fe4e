"""Audience counts and their day roll-up: writing, reading, rebuilding."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from itertools import groupby
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import delete, func, insert, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session, aliased

from publisher.core.series import Day
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
    """A channel's newest count and the values a day, a week and 30 days before it.

    An older value is None where nothing was counted near enough to that moment: a change over four days must
    not pass for one over a day.
    """

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


# How far back each comparison reaches, and how much older than that its count may be.
DAY, WEEK, MONTH = (
    (timedelta(days=1), timedelta(hours=6)),
    (timedelta(days=7), timedelta(days=1)),
    (timedelta(days=30), timedelta(days=3)),
)


def list_standings(
    session: Session, now: datetime, channel_ids: Iterable[int] | None = None
) -> dict[int, Standing]:
    """The newest count of each channel (of these, or of all) with its changes, by channel id; five seeks
    a channel. A channel that was never counted is not there."""
    newest = _newest_counts(int(now.timestamp()), channel_ids)
    columns = [_value_before(newest, *span) for span in (DAY, WEEK, MONTH)]
    rows = session.execute(
        select(AudienceCount.channel_id, AudienceCount.taken_at, AudienceCount.value, *columns).join(
            newest,
            (AudienceCount.channel_id == newest.c.channel_id) & (AudienceCount.taken_at == newest.c.taken_at),
        )
    )
    return {
        channel_id: Standing(
            channel_id=channel_id, taken_at=taken_at, value=value,
            day_ago=day_ago, week_ago=week_ago, month_ago=month_ago,
        )
        for channel_id, taken_at, value, day_ago, week_ago, month_ago in rows
    }  # fmt: skip


def _newest_counts(moment: int, channel_ids: Iterable[int] | None) -> Any:
    taken_at = (
        select(AudienceCount.taken_at)
        .where(AudienceCount.channel_id == Channel.id, AudienceCount.taken_at <= moment)
        .order_by(AudienceCount.taken_at.desc())
        .limit(1)
        .scalar_subquery()
    )
    query = select(Channel.id.label("channel_id"), taken_at.label("taken_at"))
    if channel_ids is None:
        return query.where(Channel.retired_at.is_(None)).subquery()
    return query.where(Channel.id.in_(list(channel_ids))).subquery()


def _value_before(newest: Any, distance: timedelta, slack: timedelta) -> Any:
    """The value counted `distance` before the newest count, or at most `slack` earlier."""
    older = aliased(AudienceCount)
    moment = newest.c.taken_at - int(distance.total_seconds())
    return (
        select(older.value)
        .where(
            older.channel_id == newest.c.channel_id,
            older.taken_at <= moment,
            older.taken_at >= moment - int(slack.total_seconds()),
        )
        .order_by(older.taken_at.desc())
        .limit(1)
        .scalar_subquery()
    )


def list_days(session: Session, channel_id: int, first: date, last: date) -> Sequence[Day]:
    """The channel's days with counts from `first` to `last`, oldest first; other days are missing."""
    rows = session.execute(
        select(
            AudienceDay.day, AudienceDay.opening, AudienceDay.closing,
            AudienceDay.low, AudienceDay.high, AudienceDay.samples,
        )
        .where(AudienceDay.channel_id == channel_id, AudienceDay.day >= first, AudienceDay.day <= last)
        .order_by(AudienceDay.day)
    )  # fmt: skip
    return [Day(**row._mapping) for row in rows]


def list_newest_counts(session: Session, channel_id: int, limit: int) -> Sequence[Count]:
    """The channel's last counts, newest first."""
    rows = session.execute(
        select(AudienceCount.channel_id, AudienceCount.taken_at, AudienceCount.value, AudienceCount.source)
        .where(AudienceCount.channel_id == channel_id)
        .order_by(AudienceCount.taken_at.desc())
        .limit(limit)
    )
    return [Count(**row._mapping) for row in rows]


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
