"""A person's way out of every state in which an operation waits for one."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy.orm import Session

from publisher.actions.schedule import settle_status
from publisher.config import Delivery
from publisher.core.editions import edition_from_json
from publisher.core.measuring import next_measure
from publisher.core.messages import N_
from publisher.core.permalinks import read_permalink
from publisher.core.permissions import Act, Actor, require
from publisher.core.platforms import PLATFORMS
from publisher.core.schedule import check_due, latest_time
from publisher.core.states import (
    ENDED_ITEMS,
    ItemStatus,
    OperationKind,
    OperationState,
    PostState,
)
from publisher.errors import RuleError
from publisher.store.audit import record_act
from publisher.store.items import hold_item
from publisher.store.models import Operation, Post
from publisher.store.outbox import (
    cancel_followers,
    cancel_operation,
    get_operation,
    list_existing,
    mark_sent,
    recheck_operation,
    release_operation,
)
from publisher.store.posts import has_post, note_edited, note_withdrawn

SENDABLE = {OperationState.FAILED, OperationState.HELD, OperationState.RETRYING, OperationState.UNCONFIRMED}
# An operation is not sent again once one of these was planned after it for the same channel.
OVERTAKEN_BY = {
    OperationKind.PUBLISH: {OperationKind.PUBLISH, OperationKind.DELETE},
    OperationKind.EDIT: {OperationKind.EDIT, OperationKind.DELETE, OperationKind.PUBLISH},
    OperationKind.DELETE: frozenset[OperationKind](),
}
NOT_OUT = {ItemStatus.SCHEDULED, ItemStatus.APPROVED, ItemStatus.DRAFT}
LINK_FIELDS = ("permalink", "permalink_of_text")


def send_again(session: Session, actor: Actor, operation_id: int, delivery: Delivery, now: datetime) -> None:
    """Let an operation go out now: a failed or held one after its cause is gone, an unconfirmed one because
    a person has looked and it is not there. The key stays the same.

    Raises RuleError when it has moved on, was overtaken by a newer one, or may not go out yet (embargo).
    """
    operation = _held(session, actor, operation_id)
    publish = operation.kind is OperationKind.PUBLISH
    if operation.state not in SENDABLE:
        raise _moved()
    if publish:
        if operation.item.status in ENDED_ITEMS:
            raise RuleError("", N_("The item is withdrawn."))
        check_due(now, operation.item.embargo, now)
    _require_newest(session, operation)
    latest = latest_time(
        now,
        operation.priority,
        timedelta(minutes=delivery.stale_minutes),
        timedelta(minutes=delivery.emergency_stale_minutes),
    )
    if not release_operation(session, operation_id, SENDABLE, now, latest if publish else None):
        raise _moved()
    record_act(session, actor, "operation.send_again", f"operation:{operation_id}", now)


def send_all_again(session: Session, actor: Actor, item_id: int, delivery: Delivery, now: datetime) -> int:
    """Let all of an item go out that failed or is on hold and that the actor may send; their number.

    What is overtaken or under embargo stays where it is. Raises RuleError when nothing moved.
    """
    hold_item(session, item_id)
    waiting = {OperationState.FAILED, OperationState.HELD}
    sent = 0
    for op in list_existing(session, item_id):
        if op.state in waiting:
            try:
                send_again(session, actor, op.id, delivery, now)
            except RuleError:
                continue
            sent += 1
    if not sent:
        raise _moved()
    return sent


def check_again(session: Session, actor: Actor, operation_id: int, now: datetime) -> None:
    """Let delivery look once more whether an unconfirmed operation was carried out."""
    _held(session, actor, operation_id)
    if not recheck_operation(session, operation_id, now):
        raise _moved()
    record_act(session, actor, "operation.check_again", f"operation:{operation_id}", now)


def confirm_by_links(
    session: Session, actor: Actor, operation_id: int, links: Sequence[str], now: datetime
) -> None:
    """A person has seen that it was carried out; of a publish they give the post's link, and the text's where
    picture and text stand apart.

    Networks number the pictures of an album one after the other, so its first link stands for all; whether
    that is so, the read-back shows that follows at once. Raises RuleError at permalink, permalink_of_text.
    """
    operation = get_operation(session, operation_id)
    if operation.kind is not OperationKind.PUBLISH:
        confirm_standing(session, actor, operation_id, [], "", now)
        return
    platform = PLATFORMS[operation.channel.network]
    address = operation.channel.address or {}
    ids: list[Any] = []
    for message, field, link in zip(
        edition_from_json(operation.edition or {}).messages, LINK_FIELDS, [*links, "", ""], strict=False
    ):
        if not link.strip():
            raise RuleError(field, N_("Give the link of the post, so that it can be corrected later."))
        first = read_permalink(link, platform, operation.channel.handle, address, field)
        if first in ids:
            raise RuleError(field, N_("This is the link of the picture: give the one of the text."))
        ids += range(first, first + message.elements)
    handle = operation.channel.handle
    permalink = platform.permalink.format(handle=handle, id=ids[0]) if handle else links[0].strip()
    confirm_standing(session, actor, operation_id, ids, permalink, now)


def confirm_standing(
    session: Session, actor: Actor, operation_id: int, external_ids: list[Any], permalink: str, now: datetime
) -> None:
    """A person has seen it: an unconfirmed operation becomes sent, a publish with the ids of its post."""
    operation = _held(session, actor, operation_id)
    publish = operation.kind is OperationKind.PUBLISH
    if publish and not external_ids:
        raise RuleError("permalink", N_("Give the link of the post, so that it can be corrected later."))
    if publish and has_post(session, operation.channel_id, permalink):
        raise RuleError("permalink", N_("This is the link of another post of ours."))
    at = operation.first_sent_at or now
    if not mark_sent(session, operation_id, external_ids or None, at):
        raise _moved()
    match operation.kind:
        case OperationKind.PUBLISH:
            _add_post(session, operation, external_ids, permalink, at, now)
        case OperationKind.EDIT:
            note_edited(session, operation, at, now)
        case OperationKind.DELETE:
            note_withdrawn(session, operation, at)
    record_act(session, actor, "operation.confirm", f"operation:{operation_id}", now, permalink=permalink)


def _add_post(
    session: Session,
    operation: Operation,
    external_ids: list[Any],
    permalink: str,
    at: datetime,
    now: datetime,
) -> None:
    """What a person saw is read back at once: a wrong link shows as an altered post."""
    session.add(
        Post(
            operation_id=operation.id, standing_id=operation.id, item_id=operation.item_id,
            channel_id=operation.channel_id, external_ids=external_ids, permalink=permalink,
            state=PostState.LIVE, published_at=at, next_check_at=now,
            next_measure_at=next_measure(at, now),
        )
    )  # fmt: skip
    if operation.item.status in NOT_OUT:
        operation.item.status = ItemStatus.PUBLISHED
        operation.item.published_at = now


def cancel(session: Session, actor: Actor, operation_id: int, now: datetime) -> None:
    """Give an operation up that has not been applied, or, by a person's word, an unconfirmed one.

    What waits behind a publish for its outcome goes with it. A withdrawal of a withdrawn item stays.
    """
    operation = _held(session, actor, operation_id)
    publish = operation.kind is OperationKind.PUBLISH
    if operation.item.status in ENDED_ITEMS and not publish:
        raise RuleError("", N_("The item is withdrawn: its posts must go."))
    if not cancel_operation(session, operation_id, by_word=True):
        raise _moved()
    if publish:
        cancel_followers(session, operation_id)
    session.expire_all()
    settle_status(session, get_operation(session, operation_id).item)
    record_act(session, actor, "operation.cancel", f"operation:{operation_id}", now)


def acts_for(operation: Operation) -> tuple[str, ...]:
    """The acts that a person may choose in the operation's state, the likeliest first: confirm, send_again,
    check_again, cancel. Of a withdrawn item nothing is published, and no withdrawal is given up."""
    ended = operation.item.status in ENDED_ITEMS
    publish = operation.kind is OperationKind.PUBLISH
    forbidden = ("send_again" if publish else "cancel") if ended else ""
    return tuple(act for act in ACTS.get(operation.state, ()) if act != forbidden)


ACTS = {
    OperationState.UNCONFIRMED: ("confirm", "send_again", "check_again", "cancel"),
    OperationState.FAILED: ("send_again", "cancel"),
    OperationState.HELD: ("send_again", "cancel"),
    OperationState.RETRYING: ("send_again", "cancel"),
    OperationState.PLANNED: ("cancel",),
}


def _held(session: Session, actor: Actor, operation_id: int) -> Operation:
    """The operation, with no other act on its item under way."""
    operation = get_operation(session, operation_id)
    hold_item(session, operation.item_id)
    session.refresh(operation)
    require(actor, Act.PUBLISH, operation.channel.desk_id)
    return operation


def _require_newest(session: Session, operation: Operation) -> None:
    over = {OperationState.CANCELLED, OperationState.FAILED}
    if any(
        op.id > operation.id
        and op.channel_id == operation.channel_id
        and op.kind in OVERTAKEN_BY[operation.kind]
        and op.state not in over
        for op in list_existing(session, operation.item_id)
    ):
        raise RuleError("", N_("Something newer was planned for this channel: this one is out of date."))


def _moved() -> RuleError:
    return RuleError("", N_("It has moved on meanwhile: look at it again."))
