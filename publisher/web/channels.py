"""Channels: what is connected and whether it works; connecting, changing, taking out of use."""

from collections.abc import Mapping
from datetime import date
from typing import Any

from flask import Blueprint, Response, flash, redirect, render_template, request, url_for
from flask_babel import gettext
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response as BaseResponse

from publisher.actions.accounts import add_channel, request_resolve
from publisher.actions.channels import change_channel, retire_channel, return_channel
from publisher.core.messages import N_
from publisher.core.permissions import Act, require
from publisher.core.schedule import parse_day
from publisher.core.states import UNSETTLED_STATES
from publisher.errors import RuleError
from publisher.store.channels import (
    get_channel,
    list_accounts,
    list_channels,
    list_desks,
)
from publisher.store.models import Account, Channel, Desk
from publisher.store.outbox import list_unfinished
from publisher.web.asked import read_asked
from publisher.web.context import actor, begin, now, reading, zone
from publisher.web.errors import errors_of
from publisher.web.links import channel_link
from publisher.web.live import fragment
from publisher.web.once import carry_out_once, submission
from publisher.web.row_ids import row_id

blueprint = Blueprint("channels", __name__, url_prefix="/channels")

Page = str | BaseResponse | tuple[str, int]


@blueprint.get("")
def index() -> str:
    """All channels: those in use, or with `retired` in the address the others."""
    with reading() as session:
        channels = list_channels(session, retired=True)
        wanted = "retired" in request.args
        return render_template(
            "channels/index.html",
            channels=[channel for channel in channels if (channel.retired_at is not None) == wanted],
            retired=wanted,
            counts={
                "retired": sum(channel.retired_at is not None for channel in channels),
                "used": sum(channel.retired_at is None for channel in channels),
            },
            has_accounts=bool(list_accounts(session)),
            link=channel_link,
        )


@blueprint.get("/new")
def new() -> str:
    """The form for another channel."""
    require(actor(), Act.ADMINISTER)
    with reading() as session:
        return _form(session, {"account": request.args.get("account", "")}, {})


@blueprint.post("/new")
def create() -> Page:
    """Connect a channel."""
    require(actor(), Act.ADMINISTER)
    try:
        target = carry_out_once(_create)
    except RuleError as error:
        return _again(error)
    return redirect(target, 303)


def _create(session: Session) -> str:
    added = add_channel(
        session, actor(), _account(session), request.form.get("handle", ""), now(),
        title=request.form.get("title", ""), desk=_desk(session), opened_on=_opened(),
    )  # fmt: skip
    return url_for(".show", channel_id=added.id)


@blueprint.get("/<int:channel_id>")
def show(channel_id: int) -> str:
    """A channel: its state, live, and what is known of it."""
    with reading() as session:
        channel = get_channel(session, channel_id)
        return render_template("channels/show.html", link=channel_link, **_state(session, channel))


@blueprint.get("/<int:channel_id>/live")
def live(channel_id: int) -> Response:
    """The state once more, for a page that is open."""
    with reading() as session:
        state = _state(session, get_channel(session, channel_id))
        return fragment(render_template("channels/_state.html", **state), state["asked"].pace)


@blueprint.post("/<int:channel_id>/check")
def check(channel_id: int) -> BaseResponse:
    """Let a worker look at the channel and our rights there."""
    with begin() as session:
        request_resolve(session, actor(), get_channel(session, channel_id), now())
    return redirect(url_for(".show", channel_id=channel_id), 303)


@blueprint.get("/<int:channel_id>/change")
def edit(channel_id: int) -> str:
    """The form for title, name, desk and opening day."""
    require(actor(), Act.ADMINISTER)
    with reading() as session:
        channel = get_channel(session, channel_id)
        return _form(session, _values(channel), {}, channel)


@blueprint.post("/<int:channel_id>/change")
def change(channel_id: int) -> Page:
    """Write the changes."""
    require(actor(), Act.ADMINISTER)
    try:
        with begin() as session:
            change_channel(
                session, actor(), channel_id, now(), handle=request.form.get("handle", ""),
                title=request.form.get("title", ""), desk=_desk(session), opened_on=_opened(),
            )  # fmt: skip
    except RuleError as error:
        return _again(error, channel_id)
    flash(gettext("Saved."), "success")
    return redirect(url_for(".show", channel_id=channel_id), 303)


@blueprint.get("/<int:channel_id>/retire")
def preview_retire(channel_id: int) -> str:
    """What taking the channel out of use means, and what still waits there."""
    require(actor(), Act.ADMINISTER)
    return _retire_page(channel_id, {})


@blueprint.post("/<int:channel_id>/retire")
def retire(channel_id: int) -> Page:
    """Take the channel out of use, giving up what the page showed as waiting."""
    require(actor(), Act.ADMINISTER)
    try:
        with begin() as session:
            agreed = frozenset(request.form.getlist("operation", type=row_id))
            retire_channel(session, actor(), channel_id, now(), agreed=agreed)
    except RuleError as error:
        return _retire_page(channel_id, errors_of(error)), 422
    flash(gettext("The channel is out of use. Its history and its posts stay."), "success")
    return redirect(url_for(".show", channel_id=channel_id), 303)


@blueprint.post("/<int:channel_id>/return")
def put_back(channel_id: int) -> BaseResponse:
    """Put a retired channel back to work."""
    with begin() as session:
        return_channel(session, actor(), channel_id, now())
    flash(gettext("The channel is in use again."), "success")
    return redirect(url_for(".show", channel_id=channel_id), 303)


def _state(session: Session, channel: Channel) -> dict[str, Any]:
    return {
        "channel": channel,
        "asked": read_asked(session, "resolve_channel", channel.account.realm, channel.id),
    }


def _retire_page(channel_id: int, errors: Mapping[str, str]) -> str:
    with reading() as session:
        waiting = list_unfinished(session, channel_id)
        return render_template(
            "channels/retire.html",
            channel=get_channel(session, channel_id),
            waiting=[operation for operation in waiting if operation.state not in UNSETTLED_STATES],
            unsettled=[operation for operation in waiting if operation.state in UNSETTLED_STATES],
            errors=errors,
        )


def _form(
    session: Session, values: Mapping[str, str], errors: Mapping[str, str], channel: Channel | None = None
) -> str:
    return render_template(
        "channels/form.html",
        channel=channel,
        values=values,
        errors=errors,
        submission=submission(),
        accounts=list_accounts(session),
        desk_options=[(desk.id, desk.title) for desk in list_desks(session)],
        today=now().astimezone(zone()).date(),
    )


def _again(error: RuleError, channel_id: int | None = None) -> Page:
    with reading() as session:
        channel = get_channel(session, channel_id) if channel_id is not None else None
        return _form(session, request.form, errors_of(error), channel), 422


def _values(channel: Channel) -> dict[str, str]:
    return {
        "handle": channel.handle,
        "title": channel.title,
        "desk": str(channel.desk_id or ""),
        "opened": channel.opened_on.isoformat() if channel.opened_on else "",
    }


def _account(session: Session) -> Account:
    chosen = request.form.get("account", type=row_id)
    account = next((account for account in list_accounts(session) if account.id == chosen), None)
    if account is None:
        raise RuleError("account", N_("Choose the account that posts there."))
    return account


def _desk(session: Session) -> Desk | None:
    if not request.form.get("desk"):
        return None
    chosen = request.form.get("desk", type=row_id)
    desk = next((desk for desk in list_desks(session) if desk.id == chosen), None)
    if desk is None:
        raise RuleError("desk", N_("A chosen desk is no longer there: choose again."))
    return desk


def _opened() -> date | None:
    text = request.form.get("opened", "").strip()
    try:
        return parse_day(text) if text else None
    except ValueError as error:
        raise RuleError("opened", N_("Write the day as 2026-12-31.")) from error
