"""Pause all: every lane stops at once; resuming shows what would go out."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from publisher.core.permissions import Act, Actor, require
from publisher.core.states import HoldReason, OperationState
from publisher.store import restored
from publisher.store.audit import record_act
from publisher.store.models import Installation, Operation
from publisher.store.outbox import list_queue


def pause_all(session: Session, actor: Actor, now: datetime) -> None:
    """Stop every lane; a second press changes nothing."""
    require(actor, Act.PAUSE)
    installation = session.get_one(Installation, 1)
    if installation.paused_at is None:
        installation.paused_at = now
        installation.pause_reason = "person"
        installation.paused_by_id = actor.user_id
        record_act(session, actor, "queue.pause", "queue", now)


def list_waiting(session: Session, now: datetime, limit: int = 500) -> Sequence[Operation]:
    """What would go out at once if everything were resumed now, held copies of a restore included."""
    states = [OperationState.PLANNED, OperationState.RETRYING, OperationState.HELD]
    return [
        operation
        for operation in list_queue(session, states, limit=limit)
        if (operation.wake_at is not None and operation.wake_at <= now)
        or operation.hold_reason is HoldReason.RESTORED
    ]


def resume_all(session: Session, actor: Actor, now: datetime) -> None:
    """Let the lanes run again. Operations held by a restore stay held: each is released on its own."""
    require(actor, Act.PAUSE)
    installation = session.get_one(Installation, 1)
    if installation.paused_at is not None:
        installation.paused_at = None
        installation.pause_reason = None
        installation.paused_by_id = None
        record_act(session, actor, "queue.resume", "queue", now)


def is_paused(session: Session) -> bool:
    """Whether every lane stands still."""
    return session.scalar(select(Installation.paused_at)) is not None


def release_restored(session: Session, actor: Actor, now: datetime) -> int:
    """Give operations held by a restore back to their lanes; the number released. What the original may
    have sent since is read back before it goes out."""
    require(actor, Act.PAUSE)
    released = restored.release_restored(session, now)
    record_act(session, actor, "queue.release_restored", "queue", now, operations=released)
    return released
