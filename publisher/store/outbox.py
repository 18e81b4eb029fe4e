"""The outbox as the newsroom sees it: writing operations, reading where they are, moving them by hand.

What delivery does with them stands in store/claims.py and store/results.py.
"""

import uuid
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import and_, case, func, null, select, update
from sqlalchemy.orm import Session, contains_eager, defer, joinedload

from publisher.core.editions import Edition, edition_from_json, edition_to_json
from publisher.core.plan import Add, Cancel, Existing, Replace, Step, collapse
from publisher.core.states import (
    OPEN_STATES,
    UNFINISHED_STATES,
    HoldReason,
    OperationKind,
    OperationState,
    PostState,
    Priority,
)
from publisher.errors import NotFound
from publisher.store.models import Attempt, Channel, Item, Operation, Post, Version


@dataclass(frozen=True, slots=True, kw_only=True)
class Timing:
    """When new operations are due, past when they are stale, and how long they can be taken back."""

    due: datetime
    latest: datetime | None
    priority: Priority
    undo: timedelta = timedelta()


@dataclass(frozen=True, slots=True, kw_only=True)
class Carried:
    """What a plan's steps came to: ids of new and replaced operations, and those that moved meanwhile."""

    added: tuple[int, ...]
    replaced: tuple[int, ...]
    cancelled: tuple[int, ...]
    missed: tuple[int, ...]

    def followed_by(self, more: "Carried") -> "Carried":
        """Both together; only what the second one missed is still missed."""
        return Carried(
            added=self.added + more.added,
            replaced=self.replaced + more.replaced,
            cancelled=self.cancelled + more.cancelled,
            missed=more.missed,
        )


def get_operation(session: Session, operation_id: int) -> Operation:
    """An operation with its channel. Raises NotFound."""
    operation = session.get(Operation, operation_id, options=[joinedload(Operation.channel)])
    if operation is None:
        raise NotFound("operation", operation_id)
    return operation


def list_existing(session: Session, item_id: int) -> list[Existing]:
    """The item's operations, oldest first, as plans need them."""
    rows = session.execute(
        select(Operation, Post)
        .outerjoin(Post, Post.operation_id == Operation.id)
        .where(Operation.item_id == item_id)
        .order_by(Operation.id)
    )
    return [_existing(operation, post) for operation, post in rows]


def list_followers(session: Session, publish_id: int) -> list[Existing]:
    """The edits and deletes planned behind a publish, oldest first."""
    followers = session.scalars(
        select(Operation)
        .where(Operation.target_id == publish_id)
        .order_by(Operation.id)
        .execution_options(populate_existing=True)
    )
    return [_existing(operation, None) for operation in followers]


def _existing(operation: Operation, post: Post | None) -> Existing:
    return Existing(
        id=operation.id,
        channel_id=operation.channel_id,
        kind=operation.kind,
        state=_state(operation),
        shape=edition_from_json(operation.edition).shape if operation.edition else (),
        target_id=operation.target_id,
        post_state=post.state if post else None,
        published_at=post.published_at if post else None,
        version_id=operation.version_id,
    )


def _state(operation: Operation) -> OperationState:
    """The state as plans see it: a publish that a restore holds may stand, put up by the original."""
    if operation.kind is OperationKind.PUBLISH and operation.hold_reason is HoldReason.RESTORED:
        return OperationState.UNCONFIRMED
    return operation.state


def carry_out(
    session: Session,
    steps: Iterable[Step],
    version: Version,
    timing: Timing,
    user_id: int | None,
    now: datetime,
) -> Carried:
    """Write a plan's steps. A replace or cancel whose operation moved since the plan comes back as missed."""
    added: list[Operation] = []
    replaced: list[int] = []
    cancelled: list[int] = []
    missed: list[int] = []
    for step in steps:
        match step:
            case Add():
                added.append(_operation(step, version, timing, user_id, now))
            case Replace(operation_id=operation_id, edition=edition):
                moved = replace_edition(session, operation_id, version.id, edition)
                (replaced if moved else missed).append(operation_id)
            case Cancel(operation_id=operation_id):
                moved = cancel_operation(session, operation_id)
                (cancelled if moved else missed).append(operation_id)
    session.add_all(added)
    session.flush()
    return Carried(
        added=tuple(operation.id for operation in added),
        replaced=tuple(replaced),
        cancelled=tuple(cancelled),
        missed=tuple(missed),
    )


def _operation(step: Add, version: Version, timing: Timing, user_id: int | None, now: datetime) -> Operation:
    return Operation(
        item_id=version.item_id,
        version_id=version.id,
        channel_id=step.channel_id,
        target_id=step.target_id,
        kind=step.kind,
        state=OperationState.PLANNED,
        priority=timing.priority,
        key=uuid.uuid4().hex,
        edition=edition_to_json(step.edition) if step.edition else None,
        cost=step.edition.elements if step.edition and step.kind is OperationKind.PUBLISH else 1,
        due=timing.due,
        latest=timing.latest if step.kind is OperationKind.PUBLISH else None,
        wake_at=timing.due + timing.undo,
        created_at=now,
        created_by_id=user_id,
    )


REPLACEABLE = OPEN_STATES | {OperationState.FAILED}


def replace_edition(session: Session, operation_id: int, version_id: int, edition: Edition) -> bool:
    """Give an operation that surely was not applied a new edition; False when it moved meanwhile."""
    return _move(
        session, operation_id, REPLACEABLE, version_id=version_id, edition=edition_to_json(edition),
        cost=edition.elements,
    )  # fmt: skip


def cancel_operation(session: Session, operation_id: int, *, by_word: bool = False) -> bool:
    """Cancel an operation that surely was not applied; False when it moved meanwhile.

    `by_word`: a person has looked and says so, which also settles an unconfirmed one.
    """
    states = REPLACEABLE | {OperationState.UNCONFIRMED} if by_word else REPLACEABLE
    return _move(
        session, operation_id, states, state=OperationState.CANCELLED, wake_at=None, hold_reason=None
    )


def cancel_followers(session: Session, operation_id: int) -> None:
    """Cancel the edits and deletes that wait behind a publish."""
    session.execute(
        update(Operation)
        .where(Operation.target_id == operation_id, Operation.state.in_(list(OPEN_STATES)))
        .values(state=OperationState.CANCELLED, wake_at=None, hold_reason=None)
        .execution_options(synchronize_session=False)
    )


def recheck_operation(session: Session, operation_id: int, now: datetime) -> bool:
    """Let delivery look once more what became of an unconfirmed operation; False when it moved meanwhile."""
    return _move(
        session, operation_id, {OperationState.UNCONFIRMED}, state=OperationState.CHECKING, wake_at=now
    )


def mark_sent(session: Session, operation_id: int, external_ids: list[Any] | None, at: datetime) -> bool:
    """Count an unconfirmed operation as sent at this moment; False when it moved meanwhile."""
    return _move(
        session, operation_id, {OperationState.UNCONFIRMED}, state=OperationState.SENT, sent_at=at,
        external_ids=external_ids, error=null(), wake_at=None,
    )  # fmt: skip


def collapse_publish(session: Session, publish_id: int, state: OperationState) -> None:
    """A publish that was surely not applied takes over the edits that wait behind it (core/plan.py)."""
    cancelled, taken_over, ends = collapse(state, list_followers(session, publish_id), publish_id)
    if taken_over is not None:
        edit = session.execute(
            select(Operation.edition, Operation.version_id).where(Operation.id == taken_over)
        ).one()
        session.execute(
            update(Operation)
            .where(Operation.id == publish_id)
            .values(edition=edit.edition, version_id=edit.version_id)
            .execution_options(synchronize_session=False)
        )
    ended = [*cancelled, publish_id] if ends else cancelled
    if ended:
        session.execute(
            update(Operation)
            .where(Operation.id.in_(ended))
            .values(state=OperationState.CANCELLED, wake_at=None, hold_reason=None)
            .execution_options(synchronize_session=False)
        )


def release_operation(
    session: Session,
    operation_id: int,
    from_states: Iterable[OperationState],
    now: datetime,
    latest: datetime | None,
) -> bool:
    """Let an operation go out now after a person's decision, with a new latest time.

    A publish that a restore held is checked first: the original may have put it up.
    """
    return _move(
        session,
        operation_id,
        from_states,
        state=case((may_stand(now), OperationState.CHECKING), else_=OperationState.PLANNED),
        first_sent_at=case((may_stand(now), Operation.due), else_=Operation.first_sent_at),
        wake_at=now,
        latest=latest,
        hold_reason=None,
        error=null(),
    )


def may_stand(now: datetime) -> Any:
    """Whether a restore holds a publish that was due by now: the original had its time to send it."""
    return and_(
        Operation.hold_reason == HoldReason.RESTORED,
        Operation.kind == OperationKind.PUBLISH,
        Operation.due <= now,
    )


def reschedule_operation(session: Session, operation_id: int, due: datetime, latest: datetime | None) -> bool:
    """Give a planned or held operation another time; False when it moved meanwhile, or may stand already."""
    return _move(
        session,
        operation_id,
        {OperationState.PLANNED, OperationState.HELD, OperationState.RETRYING},
        Operation.hold_reason.is_distinct_from(HoldReason.RESTORED),
        state=OperationState.PLANNED,
        due=due,
        wake_at=due,
        latest=latest,
        hold_reason=None,
        error=null(),
    )


def _move(
    session: Session,
    operation_id: int,
    from_states: Iterable[OperationState],
    *conditions: Any,
    **values: Any,
) -> bool:
    moved = session.scalar(
        update(Operation)
        .where(Operation.id == operation_id, Operation.state.in_(list(from_states)), *conditions)
        .values(**values)
        .returning(Operation.id)
        .execution_options(synchronize_session=False)
    )
    return moved is not None


def list_operations(session: Session, item_id: int) -> Sequence[tuple[Operation, Post | None]]:
    """The item's operations with channels and posts, oldest first."""
    rows = session.execute(
        select(Operation, Post)
        .join(Operation.channel)
        .outerjoin(Post, Post.operation_id == Operation.id)
        .where(Operation.item_id == item_id)
        .order_by(Operation.id)
        .options(contains_eager(Operation.channel))
    )
    return [(operation, post) for operation, post in rows]


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """An operation with its post, if it put one up, and the number of the version it carries."""

    operation: Operation
    post: Post | None
    version: int


def list_rows(session: Session, item_id: int) -> list[Row]:
    """The item's operations, oldest first, with channels and accounts; editions are read when asked for."""
    rows = session.execute(
        select(Operation, Post, Version.number)
        .join(Operation.channel)
        .join(Channel.account)
        .join(Operation.version)
        .outerjoin(Post, Post.operation_id == Operation.id)
        .where(Operation.item_id == item_id)
        .order_by(Operation.id)
        .options(contains_eager(Operation.channel).contains_eager(Channel.account), defer(Operation.edition))
    )
    return [Row(operation=operation, post=post, version=number) for operation, post, number in rows]


@dataclass(frozen=True, slots=True, kw_only=True)
class Movement:
    """Where an operation and its post are: what a live page compares to know whether anything moved."""

    id: int
    kind: OperationKind
    state: OperationState
    due: datetime
    latest: datetime | None
    wake_at: datetime | None
    attempts: int
    version_id: int
    hold_reason: HoldReason | None
    standing_id: int | None
    post_state: PostState | None


def list_movements(session: Session, item_id: int) -> list[Movement]:
    """The item's operations in short, oldest first: one query, no texts."""
    rows = session.execute(
        select(
            Operation.id, Operation.kind, Operation.state, Operation.due, Operation.latest,
            Operation.wake_at, Operation.attempts, Operation.version_id, Operation.hold_reason,
            Post.standing_id, Post.state.label("post_state"),
        )
        .outerjoin(Post, Post.operation_id == Operation.id)
        .where(Operation.item_id == item_id)
        .order_by(Operation.id)
    )  # fmt: skip
    return [Movement(**row._mapping) for row in rows]


def list_attempts_of_item(session: Session, item_id: int) -> dict[int, list[Attempt]]:
    """Every try for the item, first to last, by operation."""
    found: dict[int, list[Attempt]] = {}
    rows = session.scalars(
        select(Attempt)
        .join(Operation, Operation.id == Attempt.operation_id)
        .where(Operation.item_id == item_id)
        .order_by(Attempt.id)
    )
    for attempt in rows:
        found.setdefault(attempt.operation_id, []).append(attempt)
    return found


def list_queue(session: Session, states: Iterable[OperationState], *, limit: int) -> Sequence[Operation]:
    """Operations in these states by due time, with item and channel."""
    return session.scalars(
        select(Operation)
        .where(Operation.state.in_(list(states)))
        .order_by(Operation.due, Operation.id)
        .limit(limit)
        .options(joinedload(Operation.channel), joinedload(Operation.item))
    ).all()


def count_states(session: Session, item_id: int | None = None) -> dict[OperationState, int]:
    """How many operations are in each state, of one item or of all."""
    query = select(Operation.state, func.count()).group_by(Operation.state)
    if item_id is not None:
        query = query.where(Operation.item_id == item_id)
    return dict(session.execute(query).all())


def list_unfinished(session: Session, channel_id: int) -> Sequence[Operation]:
    """What is still to happen in a channel, by due time, with the versions that it is about."""
    return session.scalars(
        select(Operation)
        .where(Operation.channel_id == channel_id, Operation.state.in_(UNFINISHED_STATES))
        .order_by(Operation.due, Operation.id)
        .options(joinedload(Operation.version), defer(Operation.edition))
    ).all()


def count_waiting(session: Session, now: datetime) -> dict[int, tuple[int, int]]:
    """(waiting since their time, planned for later) by account id: operations that have not been sent."""
    overdue = func.sum(case((Operation.due <= now, 1), else_=0))
    rows = session.execute(
        select(Channel.account_id, overdue, func.count())
        .join(Channel, Channel.id == Operation.channel_id)
        .where(Operation.state.in_(OPEN_STATES), Channel.retired_at.is_(None))
        .group_by(Channel.account_id)
    )
    return {account_id: (int(late), count - int(late)) for account_id, late, count in rows}


def list_channels_of_item(session: Session, item: Item) -> Sequence[Channel]:
    """Channels chosen for the item that are not retired."""
    return [channel for channel in item.channels if channel.retired_at is None]
