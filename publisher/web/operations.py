"""One operation: what it carries, every try, and a person's way out when it waits for one."""

from collections.abc import Callable
from functools import partial

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from publisher.actions.resolve import LINK_FIELDS, cancel, check_again, confirm_by_links, send_again
from publisher.errors import NotAllowed, RuleError
from publisher.store.items import get_version
from publisher.store.outbox import get_operation, list_attempts_of_item, list_rows
from publisher.web.context import actor, begin, language, now, reading, settings
from publisher.web.errors import errors_of
from publisher.web.lanes import build_lanes
from publisher.wording import translate_error

blueprint = Blueprint("operations", __name__, url_prefix="/operations/<int:operation_id>")

Page = str | tuple[str, int] | Response


@blueprint.get("")
def show(operation_id: int) -> str:
    """The page."""
    return _page(operation_id, {})


@blueprint.post("/send-again", endpoint="send_again")
def release(operation_id: int) -> Page:
    """Let it go out now."""

    def deed(session: Session) -> None:
        send_again(session, actor(), operation_id, settings().delivery, now())

    return _carry_out(operation_id, deed, gettext("It goes out now."))


@blueprint.post("/check-again", endpoint="check_again")
def look_again(operation_id: int) -> Page:
    """Look once more whether it was carried out."""
    deed = partial(check_again, actor=actor(), operation_id=operation_id, now=now())
    return _carry_out(operation_id, deed, gettext("The network is asked once more."))


@blueprint.post("/confirm")
def confirm(operation_id: int) -> Page:
    """A person has seen that it was carried out."""
    links = [request.form.get(field, "") for field in LINK_FIELDS]
    deed = partial(confirm_by_links, actor=actor(), operation_id=operation_id, links=links, now=now())
    return _carry_out(operation_id, deed, gettext("Noted. The channel is read back and compared now."))


@blueprint.post("/cancel", endpoint="cancel")
def give_up(operation_id: int) -> Page:
    """Give it up."""
    deed = partial(cancel, actor=actor(), operation_id=operation_id, now=now())
    return _carry_out(operation_id, deed, gettext("Cancelled."))


def _carry_out(operation_id: int, deed: Callable[[Session], object], said: str) -> Page:
    """Do it in one transaction and come back to the item; a rule about a field shows at the field."""
    try:
        with begin() as session:
            deed(session)
    except NotAllowed:
        raise
    except RuleError as error:
        if error.field in LINK_FIELDS:
            return _page(operation_id, errors_of(error)), 422
        flash(translate_error(error, language()), "error" if error.field else "info")
    else:
        flash(said, "success")
    with reading() as session:
        operation = get_operation(session, operation_id)
        place = f"lane-{operation.channel_id}"
        return redirect(url_for("item.show", item_id=operation.item_id, _anchor=place), 303)


def _page(operation_id: int, errors: dict[str, str]) -> str:
    with reading() as session:
        operation = get_operation(session, operation_id)
        lanes = build_lanes(
            list_rows(session, operation.item_id),
            list_attempts_of_item(session, operation.item_id),
            operation.item.status,
            actor(),
        )
        lane = next(lane for lane in lanes if lane.channel.id == operation.channel_id)
        step = next(step for step in lane.steps if step.operation.id == operation_id)
        return render_template(
            "operations/show.html", item=operation.item, version=get_version(session, operation.item),
            lane=lane, step=step, errors=errors,
        )  # fmt: skip
