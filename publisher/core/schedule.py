"""When news goes out: local times of the city, embargo, the stale-news guard, ticks aligned to the clock."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from publisher.core.messages import N_
from publisher.core.states import Priority
from publisher.errors import EmbargoInForce, RuleError

FURTHEST = timedelta(days=366)
# Beyond, a zone's offset or the next day may lead out of the calendar.
YEARS = range(1900, 2200)
TIME_FORM = N_("Write the time as 2026-12-01 09:00.")


class AmbiguousTime(RuleError):
    """The clock shows this time twice that night; `params` give both instants' offsets."""


def parse_local(text: str, zone: ZoneInfo, fold: int | None = None, field: str = "due") -> datetime:
    """The UTC instant of a local wall time "YYYY-MM-DD HH:MM" (a T between is fine).

    Raises RuleError for an unreadable time or one that the clock skips, AmbiguousTime for one that it shows
    twice unless `fold` chooses: 0 the first, 1 the second.
    """
    try:
        local = datetime.fromisoformat(text.strip())
    except ValueError as error:
        raise RuleError(field, TIME_FORM) from error
    if ":" not in text:
        # A day alone would pass for its midnight.
        raise RuleError(field, TIME_FORM)
    if local.year not in YEARS:
        raise RuleError(field, TIME_FORM)
    if local.tzinfo is not None:
        return local.astimezone(UTC)
    earlier, later = (local.replace(tzinfo=zone, fold=f) for f in (0, 1))
    if earlier.astimezone(UTC).astimezone(zone).replace(tzinfo=None) != local:
        raise RuleError(field, N_("The clocks are put forward that night: this time does not exist."))
    if earlier.utcoffset() != later.utcoffset() and fold is None:
        raise AmbiguousTime(
            field,
            N_("The clocks are put back that night: this time comes twice. Choose the first or the second."),
        )
    return (later if fold else earlier).astimezone(UTC)


def parse_day(text: str) -> date:
    """The day that "YYYY-MM-DD" names. Raises ValueError for what is none, or none of our times."""
    day = date.fromisoformat(text)
    if day.year not in YEARS:
        raise ValueError(text)
    return day


def check_due(due: datetime, embargo: datetime | None, now: datetime) -> None:
    """Raise RuleError for a past or absurdly far time, EmbargoInForce for one before the embargo's end."""
    # A form filled in during the running minute names that minute.
    if due < now - timedelta(minutes=1):
        raise RuleError("due", N_("This time has already passed."))
    if due > now + FURTHEST:
        raise RuleError("due", N_("This is more than a year ahead."))
    if embargo is not None and due < embargo:
        raise EmbargoInForce("due", N_("This is before the end of the embargo."))


def latest_time(due: datetime, priority: Priority, stale: timedelta, emergency_stale: timedelta) -> datetime:
    """Past this a publish is held and a person asked (design.md §5.7)."""
    return due + (emergency_stale if priority is Priority.EMERGENCY else stale)


def aligned(now: datetime, every: timedelta) -> datetime:
    """The last tick at or before `now`, counted from midnight UTC."""
    midnight = now.replace(hour=0, minute=0, second=0, microsecond=0)
    return midnight + (now - midnight) // every * every
