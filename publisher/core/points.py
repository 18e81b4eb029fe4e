"""The points of a view: the moments at which a period's values are shown, the moment before it the first."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

from publisher.core.series import ONE_DAY, Period


class Pace(StrEnum):
    """How far apart the points are."""

    QUARTER = "quarter"
    HOUR = "hour"
    DAY = "day"
    WEEK = "week"
    MONTH = "month"


TICKS = {Pace.QUARTER: timedelta(minutes=15), Pace.HOUR: timedelta(hours=1)}
# Of an hour.
QUARTERS = 4
# The longest period in days for each pace: a line has some hundred points, however long the period.
LONGEST = {Pace.QUARTER: 3, Pace.DAY: 400, Pace.WEEK: 1_100}


@dataclass(frozen=True, slots=True, kw_only=True)
class Point:
    """A stretch of time that one value stands for: the last one counted in it. `end` is not included."""

    days: Period
    begin: datetime
    end: datetime


def usual_pace(period: Period) -> Pace:
    """The finest pace at which the period still fits into one picture."""
    return next((pace for pace, days in LONGEST.items() if period.days <= days), Pace.MONTH)


def points_of(period: Period, pace: Pace, zone: ZoneInfo, now: datetime) -> list[Point]:
    """The points from the one just before the period, which all of it is compared with, until now."""
    if pace in TICKS:
        return list(_ticks(period, TICKS[pace], zone, now))
    before = Period(first=period.first - ONE_DAY, last=period.first - ONE_DAY)
    stretches = [before, *_stretches(period, pace)]
    begins = [midnight(days.first, zone) for days in stretches]
    ends = [*begins[1:], midnight(period.last + ONE_DAY, zone)]
    return [
        Point(days=days, begin=begin, end=end)
        for days, begin, end in zip(stretches, begins, ends, strict=True)
    ]


def hours_of(quarters: Sequence[Point]) -> list[Point]:
    """The hours that these quarters make, the last one as far as it has come."""
    hours = [quarters[place : place + QUARTERS] for place in range(0, len(quarters), QUARTERS)]
    return [Point(days=hour[0].days, begin=hour[0].begin, end=hour[-1].end) for hour in hours]


def midnight(day: date, zone: ZoneInfo) -> datetime:
    """The instant at which the day begins in the city."""
    return datetime.combine(day, time.min, zone).astimezone(UTC)


def _ticks(period: Period, every: timedelta, zone: ZoneInfo, now: datetime) -> Iterator[Point]:
    begin, last = midnight(period.first, zone), midnight(period.last + ONE_DAY, zone)
    while begin <= now and begin < last:
        day = begin.astimezone(zone).date()
        yield Point(days=Period(first=day, last=day), begin=begin, end=begin + every)
        begin += every


def _stretches(period: Period, pace: Pace) -> Iterator[Period]:
    first = period.first
    while first <= period.last:
        last = min(_last_of(first, pace), period.last)
        yield Period(first=first, last=last)
        first = last + ONE_DAY


def _last_of(day: date, pace: Pace) -> date:
    """The last day of the day's own week or month."""
    match pace:
        case Pace.WEEK:
            return day + timedelta(days=6 - day.weekday())
        case Pace.MONTH:
            return (day.replace(day=28) + timedelta(days=4)).replace(day=1) - ONE_DAY
        case _:
            return day
