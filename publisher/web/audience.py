"""«Подписчики»: how many read each channel now, and what changed over a day, a week, 30 days."""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from flask import Blueprint, Response, redirect, render_template, request, url_for
from flask_babel import gettext
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response as BaseResponse

from publisher.actions.accounts import request_counts
from publisher.core.messages import N_
from publisher.core.permissions import Act, may
from publisher.core.receipts import words_of
from publisher.core.series import DayLine, Period, change, day_lines
from publisher.core.spreadsheets import Cell
from publisher.errors import RuleError
from publisher.store.audience import day_bounds, list_days, list_newest_counts, list_standings
from publisher.store.channels import get_channel, list_desks, list_realms_in_use
from publisher.store.misses import list_misses
from publisher.web.asked import read_asked
from publisher.web.audience_table import add_up_desks, heading, list_lines, read_choice, row_of, totals_of
from publisher.web.context import actor, begin, now, reading, zone
from publisher.web.errors import errors_of
from publisher.web.live import fragment
from publisher.web.periods import SPANS, args_of, last_days, read_period, today
from publisher.web.spreadsheet_files import spreadsheet

blueprint = Blueprint("audience", __name__, url_prefix="/audience")

LONGEST = 3 * 366
LAST_COUNTS = 24


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


@blueprint.get("/export.<any(csv, xlsx):form>")
def export(form: str) -> Response:
    """The table as it is shown, as a file."""
    with reading() as session:
        lines = list_lines(session, read_choice(session))
        return spreadsheet("subscribers", form, [heading(), *(row_of(line) for line in lines)])


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
        errors, period = errors_of(error), last_days()
    asked = request.args if errors else args_of(period)
    with reading() as session:
        page = render_template(
            "audience/channel.html",
            channel=get_channel(session, channel_id),
            standing=list_standings(session, now(), [channel_id]).get(channel_id),
            lines=_day_lines(session, channel_id, period),
            causes=_causes(session, channel_id, period),
            counts=[
                (datetime.fromtimestamp(c.taken_at, UTC), c)
                for c in list_newest_counts(session, channel_id, LAST_COUNTS)
            ],
            period=period, period_args=args_of(period), periods=SPANS, today=today(),
            change=change, errors=errors, asked_from=asked.get("from", ""), asked_to=asked.get("to", ""),
        )  # fmt: skip
    return (page, 422) if errors else page


@blueprint.get("/<int:channel_id>/export.<any(csv, xlsx):form>")
def export_channel(channel_id: int, form: str) -> Response:
    """The channel's days of the period, as a file; days without counts are not in it."""
    period = _period()
    with reading() as session:
        handle = get_channel(session, channel_id).handle
        days = list_days(session, channel_id, period.first, period.last)
    heading = [
        gettext("Day"), gettext("Morning"), gettext("Evening"), gettext("Lowest"), gettext("Highest"),
        gettext("Counts"),
    ]  # fmt: skip
    rows: list[Sequence[Cell]] = [(d.day, d.opening, d.closing, d.low, d.high, d.samples) for d in days]
    return spreadsheet(f"subscribers-{handle}", form, [heading, *rows])


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


def _period() -> Period:
    return read_period(LONGEST, N_("At most three years at once."))


def _day_lines(session: Session, channel_id: int, period: Period) -> list[DayLine | Period]:
    days = list_days(session, channel_id, period.first - timedelta(days=1), period.last)
    return day_lines(days, period.first, period.last)


def _causes(session: Session, channel_id: int, period: Period) -> Callable[[Period], Sequence[str]]:
    """From a gap of the period to why the channel could not be counted in it; nothing where nobody tried."""
    start, end = day_bounds(period.first, zone())[0], day_bounds(period.last, zone())[1]
    misses = list_misses(session, [channel_id], start, end)

    def causes(gap: Period) -> Sequence[str]:
        first, last = day_bounds(gap.first, zone())[0], day_bounds(gap.last, zone())[1]
        codes = [miss.code for miss in misses if miss.first_at < last and miss.last_at >= first]
        return [gettext(words_of(code)) for code in dict.fromkeys(codes)]

    return causes
