"""Periods as an address names them: from and to, so many days until today, this quarter, the last one."""

from collections.abc import Mapping
from datetime import date, timedelta

from flask import request

from publisher.core.messages import N_
from publisher.core.schedule import parse_day
from publisher.core.series import ONE_DAY, Period
from publisher.errors import RuleError
from publisher.web.context import now, zone

USUAL_DAYS = 30
SPANS = (7, USUAL_DAYS, 90, 365)


def today() -> date:
    """The city's day."""
    return now().astimezone(zone()).date()


def last_days(days: int = USUAL_DAYS) -> Period:
    """So many days, today the last of them."""
    return Period(first=today() - timedelta(days=days - 1), last=today())


def calendar_periods() -> Mapping[str, Period]:
    """This quarter, the last one and this year as an address names them; none ends after today."""
    quarter = _quarter_start(today())
    return {
        "quarter": Period(first=quarter, last=today()),
        "last-quarter": Period(first=_quarter_start(quarter - ONE_DAY), last=quarter - ONE_DAY),
        "year": Period(first=today().replace(month=1, day=1), last=today()),
    }


def read_period(longest: int, too_long: str) -> Period:
    """The address's period, else the last 30 days.

    Raises RuleError for one that cannot be shown; `too_long` is the msgid for more than `longest` days.
    """
    first, last = _day("from"), _day("to")
    if first is None and last is None:
        return _named_period(longest)
    if first and first > today():
        raise RuleError("from", N_("These days are still to come."))
    last = min(last or today(), today())
    first = first or last - timedelta(days=USUAL_DAYS - 1)
    if first > last:
        raise RuleError("from", N_("The period ends before it begins."))
    if (last - first).days >= longest:
        raise RuleError("from", too_long)
    return Period(first=first, last=last)


def args_of(period: Period) -> dict[str, str]:
    """The period as an address has it."""
    return {"from": period.first.isoformat(), "to": period.last.isoformat()}


def _named_period(longest: int) -> Period:
    named = calendar_periods().get(request.args.get("period", ""))
    return named or last_days(min(max(request.args.get("days", USUAL_DAYS, type=int), 1), longest))


def _quarter_start(day: date) -> date:
    return day.replace(month=(day.month - 1) // 3 * 3 + 1, day=1)


def _day(name: str) -> date | None:
    text = request.args.get(name, "").strip()
    try:
        return parse_day(text) if text else None
    except ValueError as error:
        raise RuleError(name, N_("Write the day as 2026-12-31.")) from error
