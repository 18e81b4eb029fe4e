"""Audience counts and their day roll-up: writing, reading, rebuilding."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from functools import cache
from itertools import groupby
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Date, Integer, bindparam, case, delete, func, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session, aliased

from publisher.core.series import Day
from publisher.core.states import CountSource
from publisher.store.models import AudienceCount, AudienceDay, Channel

ROWS_AT_ONCE = 20_000


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


@dataclass(frozen=True, slots=True, kw_only=True)
class Stretch:
    """Days of one channel, first and last included: as much as one transaction of a rebuild makes anew."""

    channel_id: int
    first: date
    last: date


def add_counts(session: Session, counts: Iterable[Count], zone: ZoneInfo, *, yielding: bool = False) -> None:
    """Store counts and roll up the days they touch. A count at a known moment replaces the old value; one
    that is `yielding` leaves the network's own.

    New counts are merged into their days without reading the raw ones again, so that a tick and a load of
    millions cost what they bring; only days in which a count was replaced are made anew.
    """
    rows = _in_order(counts)
    batches = (rows[start : start + ROWS_AT_ONCE] for start in range(0, len(rows), ROWS_AT_ONCE))
    replacing = [row for batch in batches for row in _insert(session, batch, yielding=yielding)]
    days = list(_days_of(rows, zone))
    if days:
        session.connection().execute(_merge_days(session.get_bind().dialect.name), days)
    _remake(session, ((day["channel_id"], day["day"]) for day in _days_of(replacing, zone)), zone)


def list_stretches(session: Session, zone: ZoneInfo) -> list[Stretch]:
    """All days that have counts or a roll-up, cut into calendar years by channel."""
    stretches: list[Stretch] = []
    for channel_id, first_at, last_at, first_day, last_day in session.execute(_spans):
        days = [local_day(at, zone) for at in (first_at, last_at) if at is not None]
        days += [day for day in (first_day, last_day) if day is not None]
        if days:
            stretches += _years(channel_id, min(days), max(days))
    return stretches


def rebuild_days(session: Session, stretch: Stretch, zone: ZoneInfo) -> int:
    """Make a stretch of the roll-up anew from the raw counts; the number of days that have some."""
    known = (
        AudienceDay.channel_id == stretch.channel_id,
        AudienceDay.day >= stretch.first,
        AudienceDay.day <= stretch.last,
    )
    session.execute(delete(AudienceDay).where(*known))
    _remake(session, ((stretch.channel_id, day) for day in _calendar(stretch.first, stretch.last)), zone)
    return session.scalar(select(func.count()).select_from(AudienceDay).where(*known)) or 0


def list_wrong_days(session: Session, stretch: Stretch, zone: ZoneInfo) -> list[date]:
    """The days of the stretch whose roll-up is not what the raw counts say."""
    start, end = day_bounds(stretch.first, zone)[0], day_bounds(stretch.last, zone)[1]
    raw = session.execute(
        select(AudienceCount.channel_id, AudienceCount.taken_at, AudienceCount.value)
        .where(
            AudienceCount.channel_id == stretch.channel_id,
            AudienceCount.taken_at >= start,
            AudienceCount.taken_at < end,
        )
        .order_by(AudienceCount.taken_at)
    )
    stored = session.execute(
        select(*AudienceDay.__table__.columns).where(
            AudienceDay.channel_id == stretch.channel_id,
            AudienceDay.day >= stretch.first,
            AudienceDay.day <= stretch.last,
        )
    )
    right = {day["day"]: day for day in _days_of(raw, zone)}
    kept = {row.day: dict(row._mapping) for row in stored}
    return sorted(day for day in right.keys() | kept.keys() if right.get(day) != kept.get(day))


def count_misplaced_days(session: Session, zone: ZoneInfo) -> int:
    """Days whose roll-up holds counts of another day: it was made in another time zone."""
    days = session.execute(
        select(AudienceDay.day, func.min(AudienceDay.first_at), func.max(AudienceDay.last_at))
        .group_by(AudienceDay.day)
    )  # fmt: skip
    return sum(
        {local_day(first_at, zone), local_day(last_at, zone)} != {day} for day, first_at, last_at in days
    )


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


def count_days(session: Session, channel_ids: Iterable[int], first: date, last: date) -> dict[int, int]:
    """On how many days from `first` to `last` each of these channels was counted."""
    rows = session.execute(
        select(AudienceDay.channel_id, func.count().label("days"))
        .where(
            AudienceDay.channel_id.in_(list(channel_ids)), AudienceDay.day >= first, AudienceDay.day <= last
        )
        .group_by(AudienceDay.channel_id)
    )
    return {row.channel_id: row.days for row in rows}


def iterate_counts(
    session: Session, since: int | None = None, until: int | None = None
) -> Iterator[tuple[Channel, Count]]:
    """Counts with their channels, in order of channel and time, streamed; `until` is not included."""
    query = select(AudienceCount.taken_at, AudienceCount.value, AudienceCount.source).order_by(
        AudienceCount.taken_at
    )
    if since is not None:
        query = query.where(AudienceCount.taken_at >= since)
    if until is not None:
        query = query.where(AudienceCount.taken_at < until)
    for channel in session.scalars(select(Channel).order_by(Channel.id)).all():
        mine = query.where(AudienceCount.channel_id == channel.id).execution_options(yield_per=2_000)
        for taken_at, value, source in session.execute(mine):
            yield channel, Count(channel_id=channel.id, taken_at=taken_at, value=value, source=source)


def _in_order(counts: Iterable[Count]) -> list[Count]:
    """By channel and time; of several at one moment only the last."""
    last_of_each = {(count.channel_id, count.taken_at): count for count in counts}
    return [last_of_each[key] for key in sorted(last_of_each)]


# Written out: built and bound by SQLAlchemy, a million rows take several times as long.
_ROWS = {
    "sqlite": "INSERT INTO audience_count (channel_id, taken_at, value, source) VALUES (?, ?, ?, ?)",
    "postgresql": (
        "INSERT INTO audience_count (channel_id, taken_at, value, source)"
        " SELECT * FROM unnest(%s::int[], %s::bigint[], %s::int[], %s::smallint[])"
    ),
}
_KEEP = " ON CONFLICT DO NOTHING"
_REPLACE = (
    " ON CONFLICT (channel_id, taken_at) DO UPDATE SET value = excluded.value, source = excluded.source"
)
_OTHERS = f" WHERE audience_count.source <> {CountSource.NETWORK.value}"


def _insert(session: Session, batch: Sequence[Count], *, yielding: bool) -> Sequence[Count]:
    """Store the batch; all of it is given back when some of it stands at moments that had a count."""
    dialect = session.get_bind().dialect.name
    rows = [(count.channel_id, count.taken_at, count.value, int(count.source)) for count in batch]
    values: Any = rows if dialect == "sqlite" else tuple(map(list, zip(*rows, strict=True)))
    connection = session.connection()
    if connection.exec_driver_sql(_ROWS[dialect] + _KEEP, values).rowcount == len(rows):
        return ()
    replace = _REPLACE + _OTHERS if yielding else _REPLACE
    connection.exec_driver_sql(_ROWS[dialect] + replace, values)
    return batch


def _days_of(rows: Iterable[Any], zone: ZoneInfo) -> Iterator[dict[str, Any]]:
    """The days of these counts, which come by channel and time, as rows of the roll-up."""
    for (channel_id, day), group in groupby(rows, key=_day_key(zone)):
        counts = list(group)
        values = [count.value for count in counts]
        yield {
            "channel_id": channel_id, "day": day, "samples": len(counts),
            "low": min(values), "high": max(values),
            "first_at": counts[0].taken_at, "opening": values[0],
            "last_at": counts[-1].taken_at, "closing": values[-1],
        }  # fmt: skip


def _day_key(zone: ZoneInfo) -> Callable[[Any], tuple[int, date]]:
    """Channel and day of a count; its day is looked up only where another one begins."""
    start = end = 0
    day = date.min

    def key(row: Any) -> tuple[int, date]:
        nonlocal start, end, day
        if not start <= row.taken_at < end:
            day = local_day(row.taken_at, zone)
            start, end = day_bounds(day, zone)
        return row.channel_id, day

    return key


def _upsert_days(dialect: str) -> Any:
    return postgresql.insert(AudienceDay) if dialect == "postgresql" else sqlite.insert(AudienceDay)


# Statements of every tick are built once: that costs more than running them.
@cache
def _merge_days(dialect: str) -> Any:
    """Put counts at new moments into their day, whatever is in it already.

    The day's row is locked until the transaction ends: two writers at once come one after the other.
    """
    upsert = _upsert_days(dialect)
    old, new = AudienceDay, upsert.excluded
    return upsert.on_conflict_do_update(
        index_elements=["channel_id", "day"],
        set_={
            "first_at": _smaller(old.first_at, new.first_at),
            "opening": case((new.first_at < old.first_at, new.opening), else_=old.opening),
            "last_at": _larger(old.last_at, new.last_at),
            "closing": case((new.last_at > old.last_at, new.closing), else_=old.closing),
            "low": _smaller(old.low, new.low),
            "high": _larger(old.high, new.high),
            "samples": old.samples + new.samples,
        },
    )


def _smaller(old: Any, new: Any) -> Any:
    return case((new < old, new), else_=old)


def _larger(old: Any, new: Any) -> Any:
    return case((new > old, new), else_=old)


def _remake(session: Session, days: Iterable[tuple[int, date]], zone: ZoneInfo) -> None:
    """Make these channels' days anew from the raw counts; a day without counts gets no row."""
    parameters = [
        {"channel": channel_id, "date": day, "start": start, "end": end}
        for channel_id, day in days
        for start, end in [day_bounds(day, zone)]
    ]
    if parameters:
        session.connection().execute(_day_from_raw(session.get_bind().dialect.name), parameters)


@cache
def _day_from_raw(dialect: str) -> Any:
    upsert = _upsert_days(dialect)
    names = ["first_at", "opening", "last_at", "closing", "low", "high", "samples"]
    return upsert.from_select(["channel_id", "day", *names], _raw_day).on_conflict_do_update(
        index_elements=["channel_id", "day"], set_={name: upsert.excluded[name] for name in names}
    )


def _value_at(order: Any) -> Any:
    """The first value of the day in this order."""
    return (
        select(AudienceCount.value).where(*_of_day).order_by(order).limit(1).correlate(None).scalar_subquery()
    )


_of_day = (
    AudienceCount.channel_id == bindparam("channel"),
    AudienceCount.taken_at >= bindparam("start"),
    AudienceCount.taken_at < bindparam("end"),
)
_raw_day = (
    select(
        bindparam("channel", type_=Integer), bindparam("date", type_=Date),
        func.min(AudienceCount.taken_at), _value_at(AudienceCount.taken_at),
        func.max(AudienceCount.taken_at), _value_at(AudienceCount.taken_at.desc()),
        func.min(AudienceCount.value), func.max(AudienceCount.value), func.count(),
    )
    .where(*_of_day)
    .having(func.count() > 0)
)  # fmt: skip


def _bound(function: Any, column: Any) -> Any:
    return select(function(column)).where(column.class_.channel_id == Channel.id).scalar_subquery()


# Four seeks a channel: the keys lie in this order.
_spans = select(
    Channel.id,
    _bound(func.min, AudienceCount.taken_at), _bound(func.max, AudienceCount.taken_at),
    _bound(func.min, AudienceDay.day), _bound(func.max, AudienceDay.day),
).order_by(Channel.id)  # fmt: skip


def _years(channel_id: int, first: date, last: date) -> Iterator[Stretch]:
    for year in range(first.year, last.year + 1):
        yield Stretch(
            channel_id=channel_id, first=max(first, date(year, 1, 1)), last=min(last, date(year, 12, 31))
        )


def _calendar(first: date, last: date) -> Iterator[date]:
    return (first + timedelta(days=number) for number in range((last - first).days + 1))
