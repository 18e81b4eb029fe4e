"""Publishing and scheduling: the version and its operations, in one transaction."""

from collections.abc import Iterable
from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from publisher.actions.editions import check_editions, editions_of
from publisher.config import Delivery
from publisher.core.items import can_publish, is_out
from publisher.core.messages import N_
from publisher.core.permissions import Act, Actor, may, require
from publisher.core.plan import plan_publish
from publisher.core.schedule import check_due, latest_time
from publisher.core.states import ItemStatus, Priority
from publisher.errors import NotAllowed, RuleError
from publisher.store.audit import record_act
from publisher.store.items import get_item, get_version, hold_item
from publisher.store.models import Channel, Item, Version
from publisher.store.outbox import Carried, Timing, carry_out, list_channels_of_item, list_existing


def publish_item(
    session: Session,
    actor: Actor,
    item_id: int,
    delivery: Delivery,
    now: datetime,
    *,
    due: datetime | None = None,
    undo: bool = False,
    number: int | None = None,
) -> Carried:
    """Plan the newest version for all its channels: at `due`, or now, with the undo time if asked for.

    `number` is the version that the person has read, which must still be the newest. Channels that already
    have the item are left alone, and so are those where somebody deleted it. Raises RuleError at the field
    that is wrong (channels, body, layout, media, due), NotAllowed, EmbargoInForce.
    """
    hold_item(session, item_id)
    item = get_item(session, item_id)
    version = get_version(session, item)
    require(actor, Act.PUBLISH, item.desk_id)
    if not can_publish(item.status):
        raise RuleError("", N_("The item is withdrawn."))
    check_newest(item, number)
    channels = list_channels_of_item(session, item)
    if not channels:
        raise RuleError("channels", N_("Choose at least one channel."))
    if not version.body.strip() and not version.overrides:
        raise RuleError("body", N_("Write the text."))
    if item.priority is Priority.EMERGENCY and not may(actor, Act.EMERGENCY):
        raise NotAllowed("priority", N_("An emergency goes out when the chief editor confirms it."))
    check_due(due or now, item.embargo, now)
    editions = editions_of(version, channels)
    steps = plan_publish(
        {edition.channel.id: edition.edition for edition in editions}, list_existing(session, item.id)
    )
    if not steps:
        raise RuleError("channels", N_("All chosen channels already have this item."))
    reached = {step.channel_id for step in steps}
    _check_rights(actor, (channel for channel in channels if channel.id in reached))
    check_editions(edition for edition in editions if edition.channel.id in reached)
    timing = timing_for(item.priority, due or now, delivery, undo=undo and due is None)
    carried = carry_out(session, steps, version, timing, actor.user_id, now)
    _approve(version, actor, now)
    if not is_out(item.status):
        earlier = item.due if item.status is ItemStatus.SCHEDULED else None
        item.status = ItemStatus.SCHEDULED
        item.due = min(earlier or timing.due, timing.due)
    item.updated_at = now
    record_act(
        session, actor, "item.schedule" if due else "item.publish", f"item:{item.id}", now,
        version=version.number, due=timing.due.isoformat(), operations=list(carried.added),
    )  # fmt: skip
    return carried


def check_newest(item: Item, number: int | None) -> None:
    """Raise RuleError when somebody saved a version after `number`, the one that the person has read."""
    if number is not None and item.head != number:
        raise RuleError("", N_("Somebody saved a newer version meanwhile: read it first."))


def priority_for(actor: Actor, item: Item) -> Priority:
    """With which priority the actor's corrections of the item go; only a chief's pass as an emergency."""
    if item.priority is Priority.EMERGENCY and not may(actor, Act.EMERGENCY):
        return Priority.URGENT
    return item.priority


def timing_for(priority: Priority, due: datetime, delivery: Delivery, *, undo: bool) -> Timing:
    """Due and latest time by the settings; emergencies have no undo."""
    stale = timedelta(minutes=delivery.stale_minutes)
    emergency_stale = timedelta(minutes=delivery.emergency_stale_minutes)
    wait = (
        timedelta(seconds=delivery.undo_seconds)
        if undo and priority is not Priority.EMERGENCY
        else timedelta()
    )
    return Timing(
        due=due, latest=latest_time(due, priority, stale, emergency_stale), priority=priority, undo=wait
    )


def _check_rights(actor: Actor, channels: Iterable[Channel]) -> None:
    """Raise NotAllowed for a channel of another desk. Where the item stands already, nobody asks again."""
    for channel in channels:
        if not may(actor, Act.PUBLISH, channel.desk_id):
            raise NotAllowed(
                "channels",
                N_("You may not publish to “{channel}”: it belongs to another desk."),
                channel=channel.title,
            )


def _approve(version: Version, actor: Actor, now: datetime) -> None:
    """Whoever may publish approves by publishing."""
    if version.approved_at is None:
        version.approved_at = now
        version.approved_by_id = actor.user_id
