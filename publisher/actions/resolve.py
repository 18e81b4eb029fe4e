"""A person's way out of every state in which an operation waits for one."""

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy.orm import Session

from publisher.config import Delivery
from publisher.core.messages import N_
from publisher.core.permissions import Act, Actor, require
from publisher.core.schedule import latest_time
from publisher.core.states import (
    ENDED_ITEMS,
    OPEN_STATES,
    ItemStatus,
    OperationKind,
    OperationState,
    PostState,
)
from publisher.errors import RuleError
from publisher.store.audit import record_act
from publisher.store.models import Operation, Post
from publisher.store.outbox import cancel_operation, get_operation, release_operation

SENDABLE = {OperationState.FAILED, OperationState.HELD, OperationState.RETRYING, OperationState.UNCONFIRMED}


def send_again(session: Session, actor: Actor, operation_id: int, delivery: Delivery, now: datetime) -> None:
    """Let an operation go out now: a failed or held one after its cause is gone, an unconfirmed one because
    a person has looked and it is not there. The key stays the same."""
    operation = get_operation(session, operation_id)
    _require(actor, operation)
    if operation.item.status in ENDED_ITEMS and operation.kind is OperationKind.PUBLISH:
        raise RuleError("", N_("The item is withdrawn."))
    latest = latest_time(
        now,
        operation.priority,
        timedelta(minutes=delivery.stale_minutes),
        timedelta(minutes=delivery.emergency_stale_minutes),
    )
    publish = operation.kind is OperationKind.PUBLISH
    if not release_operation(session, operation_id, SENDABLE, now, latest if publish else None):
        raise _moved()
    record_act(session, actor, "operation.send_again", f"operation:{operation_id}", now)


def confirm_standing(
    session: Session, actor: Actor, operation_id: int, external_ids: list[Any], permalink: str, now: datetime
) -> None:
    """A person has seen the post: an unconfirmed publish becomes sent, with the ids read off its link."""
    operation = get_operation(session, operation_id)
    _require(actor, operation)
    if operation.state is not OperationState.UNCONFIRMED:
        raise _moved()
    if operation.kind is OperationKind.PUBLISH:
        if not external_ids:
            raise RuleError("permalink", N_("Give the link of the post, so that it can be corrected later."))
        session.add(
            Post(
                operation_id=operation.id, standing_id=operation.id, item_id=operation.item_id,
                channel_id=operation.channel_id, external_ids=external_ids, permalink=permalink,
                state=PostState.LIVE, published_at=operation.first_sent_at or now, next_check_at=now,
            )
        )  # fmt: skip
        if operation.item.status is ItemStatus.SCHEDULED:
            operation.item.status = ItemStatus.PUBLISHED
            operation.item.published_at = now
    operation.state = OperationState.SENT
    operation.sent_at = operation.first_sent_at or now
    operation.external_ids = external_ids
    operation.error = None
    operation.wake_at = None
    record_act(session, actor, "operation.confirm", f"operation:{operation_id}", now, permalink=permalink)


def cancel(session: Session, actor: Actor, operation_id: int, now: datetime) -> None:
    """Give an operation up that has not been applied."""
    operation = get_operation(session, operation_id)
    _require(actor, operation)
    if not cancel_operation(session, operation_id):
        raise _moved()
    record_act(session, actor, "operation.cancel", f"operation:{operation_id}", now)


def acts_for(operation: Operation) -> tuple[str, ...]:
    """The acts that a person may choose in the operation's state: send_again, confirm, cancel."""
    if operation.state is OperationState.UNCONFIRMED:
        return ("confirm", "send_again")
    if operation.state in {OperationState.FAILED, OperationState.HELD, OperationState.RETRYING}:
        return ("send_again", "cancel")
    if operation.state in OPEN_STATES:
        return ("cancel",)
    return ()


def _require(actor: Actor, operation: Operation) -> None:
    require(actor, Act.PUBLISH, operation.channel.desk_id)


def _moved() -> RuleError:
    return RuleError("", N_("It has moved on meanwhile: look at it again."))
