"""Withdrawing an item from everyone who got it, and spiking one that never ran."""

from datetime import datetime

from sqlalchemy.orm import Session

from publisher.actions.carry import carry_beside_workers
from publisher.actions.publish import timing_for
from publisher.config import Delivery
from publisher.core.editions import Edition, edition_from_json
from publisher.core.messages import N_
from publisher.core.permissions import Act, Actor, require
from publisher.core.plan import Step, plan_kill
from publisher.core.platforms import PLATFORMS
from publisher.core.states import ENDED_ITEMS, ItemStatus, OperationKind, Priority
from publisher.errors import RuleError
from publisher.rendering import render_notice
from publisher.store.audit import record_act
from publisher.store.items import get_item, get_version, hold_item
from publisher.store.models import Item
from publisher.store.outbox import Carried, list_existing, list_operations

# With the notice's own words it must fit under a picture.
REASON_LENGTH = 500
NEVER_RAN = {ItemStatus.DRAFT, ItemStatus.IN_REVIEW, ItemStatus.APPROVED}


def preview_kill(session: Session, item_id: int, reason: str, now: datetime) -> list[Step]:
    """What withdrawing would do at each channel; writes nothing."""
    operations = list_operations(session, item_id)
    channels = {operation.channel_id: operation.channel for operation, _ in operations}
    notices: dict[int, Edition] = {}
    for operation, _ in operations:
        if operation.kind is OperationKind.PUBLISH and operation.edition:
            standing = edition_from_json(operation.edition)
            notices[operation.id] = render_notice(standing, operation.channel.network, reason)
    platforms = {channel_id: PLATFORMS[channel.network] for channel_id, channel in channels.items()}
    return plan_kill(notices, list_existing(session, item_id), platforms, now)


def kill_item(
    session: Session, actor: Actor, item_id: int, reason: str, delivery: Delivery, now: datetime
) -> Carried:
    """Withdraw the item everywhere; it ends killed. Raises RuleError without a reason or a second time."""
    hold_item(session, item_id)
    item = get_item(session, item_id)
    require(actor, Act.KILL, item.desk_id)
    _require_alive(item)
    if item.status in NEVER_RAN:
        raise RuleError("", N_("The item never went out: put it aside instead."))
    if not reason.strip():
        raise RuleError("reason", N_("Say why the item is withdrawn: readers may be shown it."))
    if len(reason.strip()) > REASON_LENGTH:
        raise RuleError("reason", N_("A reason has at most {length} signs."), length=REASON_LENGTH)
    timing = timing_for(Priority.URGENT, now, delivery, undo=False)
    version = get_version(session, item)

    def plan() -> list[Step]:
        return preview_kill(session, item_id, reason, now)

    carried = carry_beside_workers(session, plan(), plan, version, timing, actor.user_id, now)
    item.status = ItemStatus.KILLED
    item.kill_reason = reason.strip()
    item.updated_at = now
    record_act(session, actor, "item.kill", f"item:{item.id}", now, reason=reason.strip())
    return carried


def spike_item(session: Session, actor: Actor, item_id: int, now: datetime) -> None:
    """Put an item aside that never ran. Raises RuleError when it stands or is planned somewhere."""
    hold_item(session, item_id)
    item = get_item(session, item_id)
    require(actor, Act.WRITE, item.desk_id)
    _require_alive(item)
    if item.status not in NEVER_RAN:
        raise RuleError("", N_("The item is planned or published: withdraw it instead."))
    item.status = ItemStatus.SPIKED
    item.updated_at = now
    record_act(session, actor, "item.spike", f"item:{item.id}", now)


def restore_item(session: Session, actor: Actor, item_id: int, now: datetime) -> None:
    """Take a spiked item back as a draft."""
    hold_item(session, item_id)
    item = get_item(session, item_id)
    require(actor, Act.WRITE, item.desk_id)
    if item.status is not ItemStatus.SPIKED:
        raise RuleError("", N_("Only an item that was put aside can be taken back."))
    item.status = ItemStatus.DRAFT
    item.updated_at = now
    record_act(session, actor, "item.restore", f"item:{item.id}", now)


def _require_alive(item: Item) -> None:
    if item.status in ENDED_ITEMS:
        raise RuleError("", N_("The item is already withdrawn."))
