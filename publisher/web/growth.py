"""«Рост»: what the channels gained and lost, day by day, and what went out before it."""

from collections.abc import Mapping, Sequence
from typing import Any

from flask import Blueprint, Response, jsonify, render_template, request, url_for
from flask_babel import gettext, ngettext
from sqlalchemy.orm import Session

from publisher.core.messages import N_
from publisher.core.platforms import PLATFORMS, Network
from publisher.errors import NotFound, RuleError
from publisher.store.channels import list_desks, list_realms_in_use
from publisher.store.growth import Outing
from publisher.tracking.growth import (
    Cause,
    Growth,
    Jump,
    list_offered,
    read_cause,
    read_growth,
    read_jumps,
    read_marks,
)
from publisher.web.context import now, reading, zone
from publisher.web.errors import errors_of
from publisher.web.formats import change
from publisher.web.growth_choice import Choice, Division, Measure, check_channels, read_choice, usual_choice
from publisher.web.growth_lines import (
    cause_text,
    lines_of,
    names_text,
    parts_left_out,
    series,
    where_text,
)
from publisher.web.growth_table import export_rows, jump_label, moment_label, point_label, rows_of
from publisher.web.periods import today
from publisher.web.row_ids import row_id
from publisher.web.segments import period_segments, segments, translated
from publisher.web.spreadsheet_files import spreadsheet

blueprint = Blueprint("growth", __name__, url_prefix="/growth")

# What the page shows of a long table and of many gaps until all is asked for.
ROWS, GAPS = 31, 20
MEASURES = {
    Measure.ABSOLUTE: N_("Subscribers"), Measure.NET: N_("Growth since the beginning"),
    Measure.STEP: N_("Change each time"),
}  # fmt: skip
DIVISIONS = {
    Division.TOTAL: N_("In all"), Division.DESK: N_("By desk"), Division.NETWORK: N_("By network"),
    Division.CHANNEL: N_("By channel"),
}  # fmt: skip


@blueprint.get("")
def index() -> str | tuple[str, int]:
    """The page."""
    with reading() as session:
        try:
            choice, growth = _read(session)
        except RuleError as error:
            page = render_template(
                "growth/index.html", **_frame(session, usual_choice(session), errors_of(error))
            )
            return page, 422
        return render_template(
            "growth/index.html", **{**_frame(session, choice, {}), **_view(session, choice, growth)}
        )


@blueprint.get("/series.json")
def series_json() -> Response:
    """The chart of the same address."""
    with reading() as session:
        choice, growth = _read(session)
        return jsonify(series(growth, choice, lines_of(growth, choice), _marks(session, growth)))


@blueprint.get("/after.json")
def after_json() -> Response:
    """What the chosen channels gained in the day after an item went out to them."""
    with reading() as session:
        item_id = request.args.get("item", type=row_id) or 0
        cause = read_cause(session, read_choice(session).question, item_id, zone(), now())
        if cause is None:
            raise NotFound("outing", item_id)
        return jsonify(text=gained_text(cause))


@blueprint.get("/export.<any(csv, xlsx):form>")
def export(form: str) -> Response:
    """The view as a file."""
    with reading() as session:
        choice, growth = _read(session)
        rows = export_rows(growth, choice, lines_of(growth, choice), _marks(session, growth))
        return spreadsheet("growth", form, rows)


def _read(session: Session) -> tuple[Choice, Growth]:
    choice = read_choice(session)
    growth = read_growth(session, choice.question, zone(), now())
    check_channels(growth)
    return choice, growth


def _frame(session: Session, choice: Choice, errors: dict[str, str]) -> dict[str, Any]:
    """What the page has even when the address cannot be shown: the form with what was asked."""
    args = request.args if errors else choice.args()
    return {
        "choice": choice,
        "errors": errors,
        "asked": {name: args.get(name, "") for name in ("from", "to", "desk", "network")},
        "measures": segments(
            translated(MEASURES), choice.measure, lambda kind: _address(choice.measured(kind))
        ),
        "divisions": segments(
            translated(_divisions()), choice.division, lambda kind: _address(choice.divided(kind))
        ),
        "periods": period_segments(choice.question.period, lambda period: _address(choice.over(period))),
        "desk_options": [(desk.id, desk.title) for desk in list_desks(session)],
        "network_options": [(network.value, PLATFORMS[network].title) for network in Network],
        "realms": list_realms_in_use(session),
        "today": today(),
        "growth": None,
        "offered": list_offered(session, choice.question, zone()) if errors else (),
        "ticked": request.args.getlist("channel"),
    }


def _view(session: Session, choice: Choice, growth: Growth) -> dict[str, Any]:
    """What the page shows of an address that can be shown."""
    jumps = read_jumps(session, growth, now())
    rows = rows_of(growth, read_marks(session, growth) if growth.is_marked else _causes_of(jumps))
    is_whole = request.args.get("rows") == "all"
    return {
        "growth": growth,
        "offered": growth.offered,
        "jumps": jumps,
        "lines": lines_of(growth, choice),
        "left_out": parts_left_out(growth, choice),
        "rows": rows if is_whole else rows[:ROWS],
        "row_count": len(rows),
        "gaps": growth.gaps if is_whole else growth.gaps[:GAPS],
        "is_whole": is_whole,
        "address": url_for(".index", _external=True, **choice.args()),
        "whole": _without_gaps(choice, growth),
        "label": lambda place: point_label(growth.points[place], growth.pace),
        "jumped": lambda point: jump_label(point, growth.pace),
        "at": lambda place: moment_label(growth.points[place], growth.pace),
        "names": lambda names: names_text(names, len(growth.channels)),
        "where": lambda outing: where_text(outing, growth),
        "gained": gained_text,
        "cause": cause_text,
    }


def gained_text(cause: Cause) -> str:
    """«+312 за 24 часа»; a dash where nothing was counted around it."""
    text = gettext("%(change)s in %(hours)s h after it", change=change(cause.gained.value), hours=cause.hours)
    if not cause.gained.missing or cause.gained.value is None:
        return str(text)
    lacking = len(cause.gained.missing)
    without = ngettext("without %(num)s channel", "without %(num)s channels", lacking)
    return f"{text} ({without})"


def _address(choice: Choice) -> str:
    return url_for(".index", **choice.args())


def _divisions() -> Mapping[Division, str]:
    """There is nothing to divide by networks while there is one."""
    return {
        kind: text for kind, text in DIVISIONS.items() if kind is not Division.NETWORK or len(Network) > 1
    }


def _without_gaps(choice: Choice, growth: Growth) -> str | None:
    """The address of the same view without the channels that have gaps, if that leaves some."""
    lacking = {name for gap in growth.gaps for name in gap.names}
    whole = [channel.id for channel in growth.channels if channel.title not in lacking]
    return _address(choice.of(whole)) if lacking and whole else None


def _marks(session: Session, growth: Growth) -> Sequence[Outing]:
    """Everything that went out; in a period too long for that, what stands before the jumps."""
    return read_marks(session, growth) if growth.is_marked else _causes_of(read_jumps(session, growth, now()))


def _causes_of(jumps: Sequence[Jump]) -> Sequence[Outing]:
    """What stands before the jumps, each once."""
    found = {cause.outing.item_id: cause.outing for jump in jumps for cause in jump.causes}
    return list(found.values())
