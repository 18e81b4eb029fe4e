"""Moving what is planned: another time, or not at all (which is also how “publish now” is undone)."""

from collections.abc import Set
from datetime import datetime

from sqlalchemy.orm import Session

from publisher.actions.publish import timing_for
from publisher.config import Delivery
from publisher.core.messages import N_
from publisher.core.permissions import Act, Actor, require
from publisher.core.schedule import check_due
from publisher.core.states import OPEN_STATES, ItemStatus, OperationKind, OperationState
from publisher.errors import RuleError
from publisher.store.audit import record_act
from publisher.store.items import get_item, get_version, hold_item
from publisher.store.models import Item
from publisher.store.outbox import Movement, cancel_operation, list_movements, reschedule_operation


def reschedule_item(
    session: Session, actor: Actor, item_id: int, due: datetime, delivery: Delivery, now: datetime
) -> int:
    """Give every publish that has not left another time; the number that moved.

    Raises RuleError for a bad time or when nothing is waiting any more.
    """
    hold_item(session, item_id)
    item = get_item(session, item_id)
    require(actor, Act.PUBLISH, item.desk_id)
    check_due(due, item.embargo, now)
    timing = timing_for(item.priority, due, delivery, undo=False)
    waiting = _publishes(session, item, OPEN_STATES)
    moved = sum(reschedule_operation(session, op.id, due, timing.latest) for op in waiting)
    if not moved:
        raise RuleError("", N_("Nothing of this item is waiting any more."))
    item.due = due
    item.updated_at = now
    record_act(session, actor, "item.reschedule", f"item:{item.id}", now, due=due.isoformat())
    return moved


def take_back(session: Session, actor: Actor, item_id: int, now: datetime, *, undo: bool = False) -> int:
    """Cancel every publish that has not left; the number cancelled. What has left stays.

    With `undo` only those that “publish now” has just put up: what was planned before stays planned. Raises
    RuleError when everything has already gone out.
    """
    hold_item(session, item_id)
    item = get_item(session, item_id)
    require(actor, Act.PUBLISH, item.desk_id)
    chosen = [
        op.id
        for op in _publishes(session, item, NOT_LEFT)
        if not undo or (op.wake_at is not None and op.due <= now < op.wake_at)
    ]
    cancelled = sum(cancel_operation(session, op_id) for op_id in chosen)
    if not cancelled:
        raise RuleError("", N_("Too late: it has already gone out. You can withdraw it."))
    settle_status(session, item)
    item.updated_at = now
    record_act(session, actor, "item.take_back", f"item:{item.id}", now, operations=cancelled)
    return cancelled


def settle_status(session: Session, item: Item) -> None:
    """Let a scheduled item say what is left of its plan: the next due time, or that it is back on the desk,
    approved if its newest version is, else a draft."""
    if item.status is not ItemStatus.SCHEDULED:
        return
    waiting = _publishes(session, item, OPEN_STATES)
    if not _nothing_left(session, item):
        item.due = min((op.due for op in waiting), default=item.due)
        return
    approved = get_version(session, item).approved_at is not None
    item.status = ItemStatus.APPROVED if approved else ItemStatus.DRAFT
    item.due = None


# A failed publish has not left either, and may be sent again until somebody calls it off.
NOT_LEFT = OPEN_STATES | {OperationState.FAILED}


def delay_to_embargo(session: Session, item: Item) -> None:
    """Nothing that waits goes out before the item's embargo, also when that was set after planning."""
    for op in _publishes(session, item, OPEN_STATES):
        if item.embargo is not None and op.due < item.embargo:
            latest = op.latest + (item.embargo - op.due) if op.latest else None
            reschedule_operation(session, op.id, item.embargo, latest)
    settle_status(session, item)


def _publishes(session: Session, item: Item, states: Set[OperationState]) -> list[Movement]:
    return [
        op
        for op in list_movements(session, item.id)
        if op.kind is OperationKind.PUBLISH and op.state in states
    ]


def _nothing_left(session: Session, item: Item) -> bool:
    return all(op.state is OperationState.CANCELLED for op in list_movements(session, item.id))
