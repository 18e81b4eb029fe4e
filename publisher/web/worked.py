"""«Что сработало»: the posts of a period by what they earned."""

from collections.abc import Sequence
from typing import Any

from flask import Blueprint, Response, render_template, request
from flask_babel import gettext
from sqlalchemy.orm import Session

from publisher.errors import RuleError
from publisher.store.channels import list_counted_channels, list_desks, list_realms_in_use
from publisher.store.metrics import Earning, list_earnings
from publisher.web.context import now, reading
from publisher.web.errors import errors_of
from publisher.web.periods import today
from publisher.web.spreadsheet_files import spreadsheet
from publisher.web.worked_choice import (
    AGE_NAMES,
    AGE_TEXTS,
    MEASURE_TEXTS,
    Choice,
    Grouping,
    Order,
    read_choice,
    usual_choice,
)
from publisher.web.worked_table import heading, lines_of, row_of, sums_of

blueprint = Blueprint("worked", __name__, url_prefix="/growth/posts")

SPANS = (7, 30, 90)
LINES = 50
# Of a longer list the newest are looked at, and the page says so.
POSTS = 5_000


@blueprint.get("")
def index() -> str | tuple[str, int]:
    """The page."""
    errors: dict[str, str] = {}
    with reading() as session:
        try:
            choice = read_choice(session)
        except RuleError as error:
            errors, choice = errors_of(error), usual_choice(session)
        page = render_template("worked/index.html", **_view(session, choice, errors))
    return (page, 422) if errors else page


@blueprint.get("/export.<any(csv, xlsx):form>")
def export(form: str) -> Response:
    """The table of the same address as a file, all its lines."""
    with reading() as session:
        choice = read_choice(session)
        lines = lines_of(_earnings(session, choice), choice)
        return spreadsheet("what-worked", form, [heading(choice), *(row_of(line) for line in lines)])


def _view(session: Session, choice: Choice, errors: dict[str, str]) -> dict[str, Any]:
    earnings = [] if errors else _earnings(session, choice)
    lines = lines_of(earnings, choice)
    last = max(1, -(-len(lines) // LINES))
    page = min(max(request.args.get("page", 1, type=int), 1), last)
    asked = request.args if errors else choice.args()
    return {
        "choice": choice, "errors": errors, "asked_from": asked.get("from", ""),
        "asked_to": asked.get("to", ""), "today": today(), "spans": SPANS,
        "lines": lines[(page - 1) * LINES : page * LINES], "first": (page - 1) * LINES + 1,
        "page": page, "last": last, "sums": sums_of(earnings, choice.measure),
        "is_measured": any(earning.age is not None for earning in earnings),
        "is_cut": len(earnings) == POSTS, "posts": POSTS,
        "realms": list_realms_in_use(session), **_options(session, choice),
    }  # fmt: skip


def _options(session: Session, choice: Choice) -> dict[str, Any]:
    channels = list_counted_channels(session, choice.realm, choice.desk_id)
    return {
        "desk_options": [(desk.id, desk.title) for desk in list_desks(session)],
        "channel_options": [(channel.id, channel.title) for channel in channels],
        "measure_options": [(m.value, gettext(text)) for m, text in MEASURE_TEXTS.items()],
        "age_options": [(name, gettext(AGE_TEXTS[age])) for name, age in AGE_NAMES.items()],
        "order_options": [
            (Order.THOUSAND.value, gettext("Per thousand")),
            (Order.ABSOLUTE.value, gettext("By number")),
        ],
        "grouping_options": [
            (Grouping.ITEM.value, gettext("By item")), (Grouping.POST.value, gettext("By post")),
        ],
        "age_texts": {age: gettext(text) for age, text in AGE_TEXTS.items()},
        "measure_text": gettext(MEASURE_TEXTS[choice.measure]),
    }  # fmt: skip


def _earnings(session: Session, choice: Choice) -> Sequence[Earning]:
    since, until = choice.bounds()
    return list_earnings(
        session, since, until, choice.realm, now=now(), age=choice.age, desk_id=choice.desk_id,
        channel_id=choice.channel_id, limit=POSTS,
    )  # fmt: skip
