"""The queue as people look at it: what waits for them, what is on its way, what is planned.

Lists find their rows by a narrow index first and read the few that are shown afterwards: an operation carries
its finished text, and thousands of them are never read for a page.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, and_, func, literal_column, or_, select
from sqlalchemy.orm import Session, contains_eager, defer

from publisher.core.states import HoldReason, OperationState
from publisher.store.models import Channel, Item, Operation, Version
from publisher.store.progress import superseded

Conditions = Sequence[ColumnElement[bool]]


@dataclass(frozen=True, slots=True, kw_only=True)
class QueueFilter:
    """What the queue shows; empty means everything."""

    states: frozenset[OperationState]
    channel_id: int | None = None
    account_id: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class QueueRow:
    """An operation with channel and item, and the item's title."""

    operation: Operation
    title: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiting:
    """The first of the operations that share a fate, and how many there are."""

    rows: Sequence[QueueRow]
    count: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Resumption:
    """What comes of the queue once everything is resumed.

    `at_once` leaves, `stale` stays and is asked about, `restored` is held until somebody decides; of those
    `restored_due` should have left by now. `checking` are settled before anything else is done about them.
    """

    at_once: Waiting
    stale: Waiting
    restored: Waiting
    restored_due: int
    checking: int


def list_queued(session: Session, chosen: QueueFilter, *, limit: int) -> Sequence[QueueRow]:
    """The operations by due time."""
    return _rows(session, _conditions(chosen), limit)


def count_queued(session: Session, chosen: QueueFilter) -> dict[OperationState, int]:
    """How many operations there are in each of the states."""
    query = select(Operation.state, func.count()).where(*_conditions(chosen)).group_by(Operation.state)
    return dict(session.execute(query).all())


def read_resumption(session: Session, now: datetime, *, limit: int) -> Resumption:
    """What resuming at this moment would do; each list as far as `limit`."""
    # Written so that SQLite starts from what is awake and not from all that is planned.
    state = func.coalesce(Operation.state, literal_column("''"))
    ready = (state.in_((OperationState.PLANNED, OperationState.RETRYING)), Operation.wake_at <= now)
    restored = (Operation.state == OperationState.HELD, Operation.hold_reason == HoldReason.RESTORED)
    is_stale = Operation.latest <= now
    is_fresh = or_(Operation.latest.is_(None), Operation.latest > now)
    return Resumption(
        at_once=_waiting(session, (*ready, is_fresh), limit),
        stale=_waiting(session, (*ready, is_stale), limit),
        restored=_waiting(session, restored, limit),
        restored_due=_count(session, (*restored, Operation.due <= now)),
        checking=_count(session, (Operation.state == OperationState.CHECKING,)),
    )


def _conditions(chosen: QueueFilter) -> Conditions:
    conditions = [Operation.state.in_(sorted(chosen.states)), ~superseded]
    if chosen.channel_id is not None:
        conditions.append(Operation.channel_id == chosen.channel_id)
    if chosen.account_id is not None:
        channels = select(Channel.id).where(Channel.account_id == chosen.account_id)
        conditions.append(Operation.channel_id.in_(channels))
    return conditions


def _waiting(session: Session, conditions: Conditions, limit: int) -> Waiting:
    rows = _rows(session, conditions, limit)
    return Waiting(rows=rows, count=len(rows) if len(rows) < limit else _count(session, conditions))


def _count(session: Session, conditions: Conditions) -> int:
    return session.scalar(select(func.count(Operation.id)).where(*conditions)) or 0


def _rows(session: Session, conditions: Iterable[ColumnElement[bool]], limit: int) -> Sequence[QueueRow]:
    first = (
        select(Operation.id)
        .where(*conditions)
        .order_by(Operation.due, Operation.item_id, Operation.id)
        .limit(limit)
    )
    ids = session.scalars(first).all()
    rows = session.execute(
        select(Operation, Version.title)
        .join(Operation.item)
        .join(Version, and_(Version.item_id == Item.id, Version.number == Item.head))
        .join(Operation.channel)
        .where(Operation.id.in_(ids))
        .order_by(Operation.due, Operation.item_id, Channel.title)
        .options(contains_eager(Operation.item), contains_eager(Operation.channel), defer(Operation.edition))
    )
    return [QueueRow(operation=operation, title=title) for operation, title in rows]
