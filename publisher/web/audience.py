"""«Подписчики»: how many read each channel now, and what changed over a day, a week, 30 days."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any

from flask import Blueprint, Response, redirect, render_template, request, url_for
from flask_babel import gettext
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response as BaseResponse

from publisher.actions.accounts import request_counts
from publisher.core.messages import N_
from publisher.core.permissions import Act, may
from publisher.core.schedule import parse_day
from publisher.core.series import DayLine, Gap, change, day_lines
from publisher.core.spreadsheets import Cell, to_csv
from publisher.errors import RuleError
from publisher.store.audience import list_days, list_newest_counts, list_standings
from publisher.store.channels import get_channel, list_desks, list_realms_in_use
from publisher.web.asked import read_asked
from publisher.web.audience_table import add_up_desks, heading, list_lines, read_choice, row_of, totals_of
from publisher.web.context import actor, begin, language, now, reading, zone
from publisher.web.errors import errors_of
from publisher.web.live import fragment

blueprint = Blueprint("audience", __name__, url_prefix="/audience")

PERIODS = (7, 30, 90, 365)
LONGEST = 3 * 366
LAST_COUNTS = 24


@dataclass(frozen=True, slots=True, kw_only=True)
class Period:
    """Days of the city's calendar, first and last included."""

    first: date
    last: date

    @property
    def days(self) -> int:
        """How many."""
        return (self.last - self.first).days + 1

    def args(self) -> dict[str, str]:
        """The same as an address has it."""
        return {"from": self.first.isoformat(), "to": self.last.isoformat()}


@blueprint.get("")
def index() -> str:
    """The table."""
    with reading() as session:
        return render_template(
            "audience/index.html",
            desk_options=[(desk.id, desk.title) for desk in list_desks(session)],
            realms=list_realms_in_use(session), **_table(session),
        )  # fmt: skip


@blueprint.get("/live")
def live() -> Response:
    """The table once more, for a page that is open."""
    with reading() as session:
        table = _table(session)
        return fragment(render_template("audience/_table.html", **table), table["asked"].pace)


@blueprint.get("/export.csv")
def export() -> Response:
    """The table as it is shown, as a file."""
    with reading() as session:
        lines = list_lines(session, read_choice(session))
        return _file("subscribers", [heading(), *(row_of(line) for line in lines)])


@blueprint.post("/count")
def count() -> BaseResponse:
    """Ask for a count now."""
    with begin() as session:
        choice = read_choice(session)
        request_counts(session, actor(), choice.realm, now())
    return redirect(url_for(".index", **choice.args()), 303)


@blueprint.get("/<int:channel_id>")
def channel(channel_id: int) -> str | tuple[str, int]:
    """One channel: its days and its last counts."""
    errors: dict[str, str] = {}
    try:
        period = _period()
    except RuleError as error:
        errors, period = errors_of(error), _last_days(PERIODS[1])
    asked = request.args if errors else period.args()
    with reading() as session:
        page = render_template(
            "audience/channel.html",
            channel=get_channel(session, channel_id),
            standing=list_standings(session, now(), [channel_id]).get(channel_id),
            lines=_day_lines(session, channel_id, period),
            counts=[
                (datetime.fromtimestamp(c.taken_at, UTC), c)
                for c in list_newest_counts(session, channel_id, LAST_COUNTS)
            ],
            period=period, periods=PERIODS, today=_today(), change=change, errors=errors,
            asked_from=asked.get("from", ""), asked_to=asked.get("to", ""),
        )  # fmt: skip
    return (page, 422) if errors else page


@blueprint.get("/<int:channel_id>/export.csv")
def export_channel(channel_id: int) -> Response:
    """The channel's days of the period, as a file; days without counts are not in it."""
    period = _period()
    with reading() as session:
        handle = get_channel(session, channel_id).handle
        days = list_days(session, channel_id, period.first, period.last)
    heading = [
        gettext("Day"), gettext("Morning"), gettext("Evening"), gettext("Lowest"), gettext("Highest"),
        gettext("Counts"),
    ]  # fmt: skip
    rows: list[Sequence[Cell]] = [
        (d.day.isoformat(), d.opening, d.closing, d.low, d.high, d.samples) for d in days
    ]
    return _file(f"subscribers-{handle}", [heading, *rows])


def _table(session: Session) -> dict[str, Any]:
    choice = read_choice(session)
    lines = list_lines(session, choice)
    return {
        "choice": choice,
        "lines": lines,
        "all": totals_of("", lines),
        "by_desk": add_up_desks(lines),
        "asked": read_asked(session, "count_audience", choice.realm),
        "newest": max((line.taken_at for line in lines if line.taken_at), default=None),
        "may_count": _may_count(),
    }


def _may_count() -> bool:
    asking = actor()
    return any(may(asking, Act.PUBLISH, desk_id) for desk_id in (None, *asking.desk_ids))


def _file(name: str, rows: Iterable[Sequence[Cell]]) -> Response:
    response = Response(to_csv(rows, language()), mimetype="text/csv")
    response.headers["Content-Disposition"] = f'attachment; filename="{name}-{_today().isoformat()}.csv"'
    return response


def _today() -> date:
    return now().astimezone(zone()).date()


def _last_days(days: int) -> Period:
    return Period(first=_today() - timedelta(days=days - 1), last=_today())


def _period() -> Period:
    """The address's period, else the last 30 days. Raises RuleError for one that cannot be shown."""
    first, last = _day("from"), _day("to")
    if first is None and last is None:
        return _last_days(min(max(request.args.get("days", PERIODS[1], type=int), 1), LONGEST))
    last = min(last or _today(), _today())
    first = first or last - timedelta(days=PERIODS[1] - 1)
    if first > last:
        raise RuleError("from", N_("The period ends before it begins."))
    if (last - first).days >= LONGEST:
        raise RuleError("from", N_("At most three years at once."))
    return Period(first=first, last=last)


def _day(name: str) -> date | None:
    text = request.args.get(name, "").strip()
    try:
        return parse_day(text) if text else None
    except ValueError as error:
        raise RuleError(name, N_("Write the day as 2026-12-31.")) from error


def _day_lines(session: Session, channel_id: int, period: Period) -> list[DayLine | Gap]:
    days = list_days(session, channel_id, period.first - timedelta(days=1), period.last)
    return day_lines(days, period.first, period.last)
