"""What «Сегодня» asks: what waits for a person, what goes out, what went out, what is not in order.

Every list has a limit and runs along an index, so that the page stays quick with thousands of operations.
`desk_ids` narrows a list to these desks, by the item or by the channel; None means all.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Select,
    String,
    and_,
    case,
    cast,
    exists,
    func,
    literal,
    or_,
    select,
    true,
)
from sqlalchemy.orm import Session, joinedload

from publisher.core.states import (
    AccountState,
    ChannelState,
    HoldReason,
    ItemStatus,
    OperationKind,
    OperationState,
    Priority,
)
from publisher.store.models import Account, AuditEvent, Channel, Draft, Item, Operation, Version
from publisher.store.progress import STUCK, superseded

Desks = Collection[int] | None

# What is read to make a list; a wave of thousands at one moment is shown by its first part.
MOST_READ = 3_000
UNDER_WAY = (OperationState.SENDING, OperationState.CHECKING, OperationState.RETRYING)
RETURN = "item.return"
FOR_EDITORS = (ItemStatus.IN_REVIEW, ItemStatus.APPROVED)


@dataclass(frozen=True, slots=True, kw_only=True)
class Stuck:
    """An operation that only a person moves."""

    operation_id: int
    item_id: int
    title: str
    channel: str
    state: OperationState
    hold_reason: HoldReason | None
    error: dict[str, Any] | None
    priority: Priority


@dataclass(frozen=True, slots=True, kw_only=True)
class Begun:
    """What a person typed and did not save; `item_id` is set when it changes an item that exists."""

    uid: str
    title: str
    item_id: int | None
    changed_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Returned:
    """A draft that an editor gave back to be mended."""

    item_id: int
    title: str
    at: datetime
    editor: str
    note: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Departure:
    """What goes out at one moment: an item's operations of one kind with the same due time."""

    item_id: int
    title: str
    kind: OperationKind
    priority: Priority
    due: datetime
    embargo: datetime | None
    channels: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Movement:
    """What became of one act so far: `sent` of `channels` have it; `at` is the last time something left.

    `batch` tells the corrections of one item apart.
    """

    item_id: int
    title: str
    kind: OperationKind
    batch: int
    priority: Priority
    channels: int
    sent: int
    at: datetime | None


# What belongs to one act: the publishes of an item together, edits and deletes by the version they carry.
_batch = case((Operation.kind == OperationKind.PUBLISH, 0), else_=Operation.version_id)
_head = and_(Version.item_id == Item.id, Version.number == Item.head)


def list_stuck(session: Session, desk_ids: Desks, *, limit: int) -> Sequence[Stuck]:
    """Operations that wait for a person who works for these channels' desks; emergencies, then the newest.

    Those held by a restore are left out: they are decided on together (`count_restored`).
    """
    rows = session.execute(
        select(
            Operation.id, Operation.item_id, Version.title, Channel.title, Operation.state,
            Operation.hold_reason, Operation.error, Operation.priority,
        )
        .join(Operation.item)
        .join(Version, _head)
        .join(Operation.channel)
        .where(
            Operation.state.in_(STUCK),
            Operation.hold_reason.is_distinct_from(HoldReason.RESTORED),
            true() if desk_ids is None else Channel.desk_id.in_(desk_ids),
            ~superseded,
        )
        .order_by(Operation.priority, Operation.due.desc(), Operation.item_id, Channel.title)
        .limit(limit)
    )  # fmt: skip
    return [
        Stuck(
            operation_id=id_, item_id=item_id, title=title, channel=channel, state=state,
            hold_reason=hold_reason, error=error, priority=priority,
        )
        for id_, item_id, title, channel, state, hold_reason, error, priority in rows
    ]  # fmt: skip


def count_restored(session: Session, *, limit: int) -> int:
    """How many operations a restore holds; counted no further than `limit`."""
    held = select(Operation.id).where(
        Operation.state == OperationState.HELD, Operation.hold_reason == HoldReason.RESTORED
    )
    return session.scalar(select(func.count()).select_from(held.limit(limit).subquery())) or 0


def list_for_editors(session: Session, desk_ids: Desks, *, limit: int) -> Sequence[tuple[Item, str]]:
    """Items handed in or approved and not planned yet, with their titles; what waits longest first."""
    rows = session.execute(
        select(Item, Version.title)
        .join(Version, _head)
        .where(
            Item.status.in_(FOR_EDITORS),
            # Written so that SQLite starts from the few items in review and not from all of a desk.
            true() if desk_ids is None else func.coalesce(Item.desk_id, 0).in_(desk_ids),
        )
        .order_by(Item.priority, Item.updated_at, Item.id)
        .limit(limit)
        .options(joinedload(Item.desk), joinedload(Item.created_by))
    )
    return [(item, title) for item, title in rows]


def list_begun(session: Session, user_id: int, *, limit: int) -> Sequence[Begun]:
    """What this person typed and did not save, last changed first."""
    drafts = session.execute(
        select(Draft, Version.title)
        .outerjoin(Item, Item.id == Draft.item_id)
        .outerjoin(Version, _head)
        .where(Draft.user_id == user_id)
        .order_by(Draft.updated_at.desc())
        .limit(limit)
    )
    return [
        Begun(
            uid=draft.uid, title=_typed_title(draft) or saved or "", item_id=draft.item_id,
            changed_at=draft.updated_at,
        )
        for draft, saved in drafts
    ]  # fmt: skip


def list_returned(session: Session, user_id: int, *, limit: int) -> Sequence[Returned]:
    """Drafts of this person that an editor gave back, the last first."""
    given_back = and_(
        AuditEvent.subject == literal("item:") + cast(Item.id, String), AuditEvent.action == RETURN
    )
    newest = (
        select(Item.id, func.max(AuditEvent.id).label("event_id"))
        .join(AuditEvent, given_back)
        .where(Item.status == ItemStatus.DRAFT, Item.created_by_id == user_id)
        .group_by(Item.id)
        .subquery()
    )
    rows = session.execute(
        select(Item.id, Version.title, AuditEvent)
        .join(newest, newest.c.id == Item.id)
        .join(AuditEvent, AuditEvent.id == newest.c.event_id)
        .join(Version, _head)
        .order_by(AuditEvent.id.desc())
        .limit(limit)
    )
    return [
        Returned(item_id=id_, title=title, at=event.at, editor=event.actor, note=event.detail.get("note", ""))
        for id_, title, event in rows
    ]


def _typed_title(draft: Draft) -> str:
    """A draft's form has every value of every name."""
    return next(iter(draft.form.get("title", ())), "").strip()


def list_departures(
    session: Session, desk_ids: Desks, after: datetime, until: datetime, *, limit: int
) -> Sequence[Departure]:
    """What is planned between two moments, in order of time."""
    planned = (
        select(Operation.item_id, Operation.kind, Operation.due, Operation.priority, Operation.channel_id)
        .where(
            Operation.state == OperationState.PLANNED,
            Operation.due > after,
            Operation.due <= until,
            *_of_desks(desk_ids),
        )
        .order_by(Operation.due, Operation.id)
        .limit(MOST_READ)
        .subquery()
    )
    rows = session.execute(
        select(
            planned.c.item_id, Version.title, planned.c.kind, planned.c.due, func.min(planned.c.priority),
            Item.embargo, func.count(planned.c.channel_id.distinct()),
        )
        .join(Item, Item.id == planned.c.item_id)
        .join(Version, _head)
        .group_by(planned.c.item_id, Version.title, planned.c.kind, planned.c.due, Item.embargo)
        .order_by(planned.c.due, func.min(planned.c.priority), planned.c.item_id)
        .limit(limit)
    )  # fmt: skip
    return [
        Departure(
            item_id=item_id, title=title, kind=kind, due=due, priority=priority, embargo=embargo,
            channels=channels,
        )
        for item_id, title, kind, due, priority, embargo, channels in rows
    ]  # fmt: skip


def list_under_way(session: Session, desk_ids: Desks, now: datetime, *, limit: int) -> Sequence[Movement]:
    """Acts that are being carried out at this moment, the urgent first."""
    moving = or_(
        Operation.state.in_(UNDER_WAY),
        and_(Operation.state == OperationState.PLANNED, Operation.due <= now),
    )
    acts = (
        select(Operation.item_id, Operation.kind, _batch.label("batch"))
        .where(moving, *_of_desks(desk_ids))
        .order_by(Operation.priority, Operation.due)
        .limit(MOST_READ)
    )
    return _movements(session, acts, limit)


def list_gone(session: Session, desk_ids: Desks, since: datetime, *, limit: int) -> Sequence[Movement]:
    """Acts of which something was sent after `since`, the last first."""
    acts = (
        select(Operation.item_id, Operation.kind, _batch.label("batch"))
        # What was planned for long before and left only now is rare enough to be left to its own page.
        .where(
            Operation.state == OperationState.SENT,
            Operation.due >= since,
            Operation.sent_at >= since,
            *_of_desks(desk_ids),
        )
        .order_by(Operation.due.desc())
        .limit(MOST_READ)
    )
    return _movements(session, acts, limit)


def _movements(session: Session, acts: Select[Any], limit: int) -> Sequence[Movement]:
    wanted = list(dict.fromkeys((item_id, kind, batch) for item_id, kind, batch in session.execute(acts)))
    wanted = wanted[:limit]
    rows = session.execute(
        select(
            Operation.item_id, Operation.kind, _batch.label("batch"), Version.title,
            func.min(Operation.priority), func.count(Operation.channel_id.distinct()),
            func.count(case((Operation.state == OperationState.SENT, Operation.channel_id)).distinct()),
            func.max(Operation.sent_at),
        )
        .join(Operation.item)
        .join(Version, _head)
        .where(
            Operation.item_id.in_({item_id for item_id, _, _ in wanted}),
            Operation.state != OperationState.CANCELLED,
        )
        .group_by(Operation.item_id, Operation.kind, "batch", Version.title)
    )  # fmt: skip
    found = {
        (item_id, kind, batch): Movement(
            item_id=item_id, title=title, kind=kind, batch=batch, priority=priority, channels=channels,
            sent=sent, at=at,
        )
        for item_id, kind, batch, title, priority, channels, sent, at in rows
    }  # fmt: skip
    return [found[act] for act in wanted if act in found]


def list_ailing_channels(session: Session, desk_ids: Desks) -> Sequence[Channel]:
    """Channels that cannot be posted to, by themselves or by their account, and those not checked yet."""
    return session.scalars(
        select(Channel)
        .join(Channel.account)
        .where(
            Channel.retired_at.is_(None),
            or_(Channel.state != ChannelState.OK, Account.state != AccountState.OK),
            true() if desk_ids is None else Channel.desk_id.in_(desk_ids),
        )
        .order_by(Channel.title)
        .options(joinedload(Channel.account))
    ).all()


def list_channel_ids(session: Session, desk_ids: Desks) -> Sequence[int]:
    """The channels of these desks that are in use."""
    return session.scalars(
        select(Channel.id).where(
            Channel.retired_at.is_(None), true() if desk_ids is None else Channel.desk_id.in_(desk_ids)
        )
    ).all()


def _of_desks(desk_ids: Desks) -> tuple[ColumnElement[bool], ...]:
    """The operation's item or channel belongs to one of the desks."""
    if desk_ids is None:
        return ()
    items = exists().where(Item.id == Operation.item_id, Item.desk_id.in_(desk_ids))
    channels = exists().where(Channel.id == Operation.channel_id, Channel.desk_id.in_(desk_ids))
    return (or_(items, channels),)
