"""Corrections: the newest version for everyone who got, or is about to get, an older one."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from publisher.actions.carry import carry_beside_workers
from publisher.actions.editions import ChannelEdition, check_editions, editions_of
from publisher.actions.publish import check_newest, priority_for, timing_for
from publisher.config import Delivery
from publisher.core.messages import N_
from publisher.core.permissions import Act, Actor, require
from publisher.core.plan import Conflict, Existing, Step, plan_correction
from publisher.core.platforms import PLATFORMS
from publisher.core.states import ENDED_ITEMS, LIVE_ITEMS, ItemStatus, OperationState
from publisher.errors import RuleError
from publisher.store.audit import record_act
from publisher.store.channels import list_channels
from publisher.store.items import get_item, get_version, hold_item
from publisher.store.models import Channel, Item, Version
from publisher.store.outbox import Carried, list_existing


@dataclass(frozen=True, slots=True, kw_only=True)
class Preview:
    """What an act would do where: the plan's steps, the channels concerned, and what stands in the way."""

    steps: tuple[Step, ...]
    conflicts: tuple[Conflict, ...]
    editions: tuple[ChannelEdition, ...]
    existing: tuple[Existing, ...]


def preview_correction(session: Session, item_id: int, *, reissue: bool = False) -> Preview:
    """What correcting to the newest version would do; writes nothing."""
    item = get_item(session, item_id)
    version = get_version(session, item)
    existing = list_existing(session, item.id)
    editions = editions_of(version, _reached(session, existing))
    steps, conflicts = plan_correction(
        {edition.channel.id: edition.edition for edition in editions},
        existing,
        {edition.channel.id: PLATFORMS[edition.channel.network] for edition in editions},
        version_id=version.id,
        reissue=reissue,
    )
    return Preview(
        steps=tuple(steps), conflicts=tuple(conflicts), editions=tuple(editions), existing=tuple(existing)
    )


def correct_item(
    session: Session,
    actor: Actor,
    item_id: int,
    delivery: Delivery,
    now: datetime,
    *,
    reissue: bool = False,
    number: int | None = None,
) -> Carried:
    """Send the newest version to everyone who got the item, or replace what is still waiting.

    `number` is the version that the person has read, which must still be the newest.

    Raises RuleError when nobody has it, when an edition does not fit, or when a post's media class would
    change and `reissue` (withdraw and publish anew) was not chosen; NotAllowed.
    """
    hold_item(session, item_id)
    item = get_item(session, item_id)
    require(actor, Act.CORRECT, item.desk_id)
    if item.status in ENDED_ITEMS:
        raise RuleError("", N_("The item is withdrawn."))
    check_newest(item, number)
    preview = preview_correction(session, item_id, reissue=reissue)
    if preview.conflicts:
        raise RuleError(
            "reissue",
            N_("Pictures were added or taken away: the network cannot change that in a post. "
               "Choose to withdraw the post and publish it anew."),
        )  # fmt: skip
    if not preview.steps:
        raise _nothing_to_do(preview)
    check_editions(preview.editions)
    version = get_version(session, item)
    carried = carry_beside_workers(
        session, preview.steps, lambda: preview_correction(session, item_id, reissue=reissue).steps,
        version, timing_for(priority_for(actor, item), now, delivery, undo=False), actor.user_id, now,
    )  # fmt: skip
    _mark(item, version, actor, now)
    record_act(
        session, actor, "item.correct", f"item:{item.id}", now, version=version.number,
        operations=[*carried.added, *carried.replaced], reissue=reissue,
    )  # fmt: skip
    return carried


def _nothing_to_do(preview: Preview) -> RuleError:
    if any(op.state is not OperationState.CANCELLED for op in preview.existing):
        return RuleError("", N_("This version is there already, or on its way."))
    return RuleError("", N_("Nobody has this item: there is nothing to correct."))


def _reached(session: Session, existing: Sequence[Existing]) -> list[Channel]:
    reached = {op.channel_id for op in existing}
    return [channel for channel in list_channels(session, retired=True) if channel.id in reached]


def _mark(item: Item, version: Version, actor: Actor, now: datetime) -> None:
    if version.approved_at is None:
        version.approved_at = now
        version.approved_by_id = actor.user_id
    if item.status in LIVE_ITEMS:
        item.status = ItemStatus.CORRECTED
    item.updated_at = now
