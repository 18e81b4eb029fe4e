"""How far an item has come: in how many of its channels it stands, and where a person is waited for."""

from collections.abc import Iterable
from dataclasses import dataclass

from sqlalchemy import and_, case, exists, func, select
from sqlalchemy.orm import Session, aliased

from publisher.core.states import OperationKind, OperationState
from publisher.store.models import Operation

# Only a person moves an operation out of these.
STUCK = (OperationState.UNCONFIRMED, OperationState.FAILED, OperationState.HELD)

_later = aliased(Operation)
# A failed publish stops mattering once another one was begun in its place.
superseded = and_(
    Operation.state == OperationState.FAILED,
    exists().where(
        _later.item_id == Operation.item_id,
        _later.channel_id == Operation.channel_id,
        _later.id > Operation.id,
        _later.kind == OperationKind.PUBLISH,
    ),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """How many channels have the item, of those it was meant for; in how many a person must decide."""

    sent: int
    channels: int
    stuck: int


def list_progress(session: Session, item_ids: Iterable[int]) -> dict[int, Progress]:
    """How far each item has come, by its id; items of which nothing was planned are missing."""
    sent = case((Operation.state == OperationState.SENT, Operation.channel_id))
    stuck = case((and_(Operation.state.in_(STUCK), ~superseded), Operation.channel_id))
    rows = session.execute(
        select(
            Operation.item_id, func.count(sent.distinct()), func.count(Operation.channel_id.distinct()),
            func.count(stuck.distinct()),
        )
        .where(
            Operation.item_id.in_(list(item_ids)),
            Operation.kind == OperationKind.PUBLISH,
            Operation.state != OperationState.CANCELLED,
        )
        .group_by(Operation.item_id)
    )  # fmt: skip
    return {
        item_id: Progress(sent=done, channels=channels, stuck=waiting)
        for item_id, done, channels, waiting in rows
    }
