"""Review: an author hands a version in, an editor approves or returns it."""

from datetime import datetime

from sqlalchemy.orm import Session

from publisher.actions.publish import check_newest
from publisher.core.messages import N_
from publisher.core.permissions import Act, Actor, require
from publisher.core.states import ItemStatus
from publisher.errors import RuleError
from publisher.store.audit import record_act
from publisher.store.items import get_item, get_version, hold_item


def submit_item(session: Session, actor: Actor, item_id: int, now: datetime) -> None:
    """Hand the newest version in for review. Raises RuleError unless the item is a draft."""
    _step(session, actor, item_id, now, Act.WRITE, {ItemStatus.DRAFT}, ItemStatus.IN_REVIEW, "item.submit")


def return_item(session: Session, actor: Actor, item_id: int, now: datetime, note: str = "") -> None:
    """Give an item in review back to its author; `note` says what is to be mended."""
    states = {ItemStatus.IN_REVIEW, ItemStatus.APPROVED}
    said = {"note": note} if note else {}
    _step(session, actor, item_id, now, Act.PUBLISH, states, ItemStatus.DRAFT, "item.return", **said)


def approve_item(session: Session, actor: Actor, item_id: int, number: int, now: datetime) -> None:
    """Approve version `number`, which must still be the newest. Raises RuleError otherwise."""
    hold_item(session, item_id)
    item = get_item(session, item_id)
    check_newest(item, number)
    states = {ItemStatus.DRAFT, ItemStatus.IN_REVIEW}
    _step(session, actor, item_id, now, Act.PUBLISH, states, ItemStatus.APPROVED, "item.approve")
    version = get_version(session, item)
    version.approved_at = now
    version.approved_by_id = actor.user_id


def _step(
    session: Session,
    actor: Actor,
    item_id: int,
    now: datetime,
    act: Act,
    allowed: set[ItemStatus],
    status: ItemStatus,
    action: str,
    **detail: str,
) -> None:
    hold_item(session, item_id)
    item = get_item(session, item_id)
    require(actor, act, item.desk_id)
    if item.status not in allowed:
        raise RuleError("", N_("The item has moved on meanwhile: look at it again."))
    item.status = status
    item.updated_at = now
    record_act(session, actor, action, f"item:{item.id}", now, version=item.head, **detail)
