"""Channels in the office's hands: what they are called, whose they are, and when they go out of use."""

from collections.abc import Collection
from datetime import date, datetime

from sqlalchemy.orm import Session

from publisher.actions.accounts import check_opened, checked_title, free_handle
from publisher.actions.schedule import settle_status
from publisher.core.messages import N_
from publisher.core.permissions import Act, Actor, require
from publisher.core.states import UNSETTLED_STATES, ChannelState
from publisher.errors import RuleError
from publisher.store.audit import record_act
from publisher.store.channels import get_channel, leave_request
from publisher.store.items import get_item, hold_item
from publisher.store.models import Channel, Desk
from publisher.store.outbox import cancel_operation, list_unfinished


def change_channel(
    session: Session,
    actor: Actor,
    channel_id: int,
    now: datetime,
    *,
    handle: str,
    title: str,
    desk: Desk | None,
    opened_on: date | None,
) -> Channel:
    """Another title, desk, opening day, or the name that the channel was given on the network.

    With another name a worker looks for the channel anew; nothing is sent there until it has found it.
    Raises RuleError at the wrong field.
    """
    require(actor, Act.ADMINISTER)
    channel = get_channel(session, channel_id)
    title = checked_title(title)
    if not title:
        raise RuleError("title", N_("Give the channel a title."))
    check_opened(opened_on, now)
    if handle.strip().removeprefix("@").lower() != channel.handle.lower():
        _rename(session, channel, handle, now)
    channel.title = title
    channel.desk = desk
    channel.opened_on = opened_on
    detail = {"handle": channel.handle, "desk": desk.slug if desk else None}
    record_act(session, actor, "channel.change", f"channel:{channel.id}", now, **detail)
    return channel


def _rename(session: Session, channel: Channel, handle: str, now: datetime) -> None:
    channel.handle = free_handle(session, channel.network, handle)
    channel.address = None
    channel.state = ChannelState.NEW
    channel.reason = None
    leave_request(session, "resolve_channel", channel.account.realm, channel.id, now)


def retire_channel(
    session: Session, actor: Actor, channel_id: int, now: datetime, *, agreed: Collection[int] = ()
) -> int:
    """Take the channel out of use; its history and its posts stay. The number of operations cancelled.

    `agreed` are the waiting operations that the person has seen and gives up. Raises RuleError when others
    wait there, or when the outcome of one is still open.
    """
    require(actor, Act.ADMINISTER)
    channel = get_channel(session, channel_id)
    if channel.retired_at is not None:
        return 0
    waiting = list_unfinished(session, channel_id)
    if any(operation.state in UNSETTLED_STATES for operation in waiting):
        raise RuleError("", N_("Something is just being sent there, or its outcome is not known yet."))
    if not {operation.id for operation in waiting} <= set(agreed):
        raise RuleError("", N_("Something is still to go out there: look at it first."))
    for item_id in {operation.item_id for operation in waiting}:
        hold_item(session, item_id)
    if not all(cancel_operation(session, operation.id) for operation in waiting):
        raise RuleError("", N_("It has moved on meanwhile: look at it again."))
    items = {operation.item_id for operation in waiting}
    # The cancelling went past the rows that the session has in hand.
    session.expire_all()
    for item_id in items:
        settle_status(session, get_item(session, item_id))
    channel.retired_at = now
    record_act(session, actor, "channel.retire", f"channel:{channel.id}", now, cancelled=len(waiting))
    return len(waiting)


def return_channel(session: Session, actor: Actor, channel_id: int, now: datetime) -> None:
    """Put a retired channel back to work; a worker looks at it anew."""
    require(actor, Act.ADMINISTER)
    channel = get_channel(session, channel_id)
    if channel.retired_at is None:
        return
    channel.retired_at = None
    leave_request(session, "resolve_channel", channel.account.realm, channel.id, now)
    record_act(session, actor, "channel.return", f"channel:{channel.id}", now)
