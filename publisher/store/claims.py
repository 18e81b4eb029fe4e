"""The outbox as delivery sees it: claim what is sent at once, record what came of it.

One turn of the dispatcher is one transaction: `record` the results that came in, then `claim` the next heads
of the free lanes. Claims are committed before anything leaves.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import bindparam, case, exists, insert, null, select, update
from sqlalchemy.orm import Session, aliased

from publisher.core.plan import collapse
from publisher.core.receipts import Transition, is_stale
from publisher.core.states import (
    OPEN_STATES,
    UNFINISHED_STATES,
    AccountState,
    ChannelState,
    HoldReason,
    ItemStatus,
    OperationKind,
    OperationState,
    PostState,
)
from publisher.core.truth import CHECK_AFTER
from publisher.errors import Limited, StoreError
from publisher.store.models import Account, Attempt, Channel, Installation, Item, Operation, Post
from publisher.store.outbox import list_existing

FIRST_CHECK = CHECK_AFTER[0]


@dataclass(frozen=True, slots=True, kw_only=True)
class Lane:
    """A destination that delivery may speak to now: one operation at a time."""

    channel_id: int
    account_id: int
    network: str
    handle: str
    address: dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Claimed:
    """An operation in our hands. `settling` tells that an earlier try's outcome is unknown.

    `post_id`, `external_ids` and `standing` describe the post that an edit or delete changes; `post_id` is
    None when there is nothing to change any more.
    """

    id: int
    item_id: int
    channel_id: int
    kind: OperationKind
    key: str
    edition: dict[str, Any] | None
    attempts: int
    first_sent_at: datetime
    latest: datetime | None
    settling: bool
    cost: int
    post_id: int | None = None
    external_ids: tuple[Any, ...] = ()
    standing: dict[str, Any] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """What came of a claimed operation. `outcome`, `code` and `detail` describe the attempt.

    `external_ids` and `permalink` are set when it was sent. `notice_stands` tells that a delete came too late
    and the post was edited into the notice instead.
    """

    operation: Claimed
    transition: Transition
    started_at: datetime
    finished_at: datetime
    outcome: str
    code: str = ""
    detail: str = ""
    external_ids: tuple[Any, ...] = ()
    permalink: str = ""
    notice_stands: bool = False
    channel_state: ChannelState | None = None
    account_down: bool = False
    limited: Limited | None = None
    post_gone: bool = False


def list_lanes(session: Session, account_ids: Iterable[int]) -> list[Lane]:
    """The lanes of these accounts that delivery may speak to: nothing is paused, all is in order."""
    rows = session.connection().execute(_open_lanes, {"accounts": list(account_ids)})
    return [_lane(*row) for row in rows]


def list_open_channels(session: Session, account_ids: Iterable[int]) -> list[Lane]:
    """The channels of these accounts that can be reached, paused or not: what is counted."""
    rows = session.connection().execute(_open_channels, {"accounts": list(account_ids)})
    return [_lane(*row) for row in rows]


def _lane(id_: int, account_id: int, network: str, handle: str, address: dict[str, Any]) -> Lane:
    return Lane(channel_id=id_, account_id=account_id, network=network, handle=handle, address=address)


# Statements of the hot path are built once and run on the connection: a turn has ten of them, and building
# one costs more than running it.
_open_channels = (
    select(Channel.id, Channel.account_id, Channel.network, Channel.handle, Channel.address)
    .join(Channel.account)
    .where(
        Account.id.in_(bindparam("accounts", expanding=True)),
        Account.state == AccountState.OK,
        Channel.state == ChannelState.OK,
        Channel.address.is_not(None),
        Channel.retired_at.is_(None),
    )
)
_open_lanes = _open_channels.where(~exists().where(Installation.paused_at.is_not(None)))

_candidate = aliased(Operation)
_earlier = aliased(Operation)

# The operation at the head of each lane: the lowest priority number, then the earliest, whose predecessors
# of the same item in the same channel are all finished. One index seek per lane (ix_operation_lane).
_head = (
    select(_candidate.id)
    .where(
        _candidate.channel_id == Channel.id,
        _candidate.wake_at <= bindparam("now"),
        ~exists().where(
            _earlier.item_id == _candidate.item_id,
            _earlier.channel_id == _candidate.channel_id,
            _earlier.id < _candidate.id,
            _earlier.state.in_(sorted(UNFINISHED_STATES)),
        ),
    )
    .order_by(_candidate.priority, _candidate.wake_at, _candidate.id)
    .limit(1)
    .correlate(Channel)
    .scalar_subquery()
)
_heads = (
    select(
        Operation.id, Operation.item_id, Operation.channel_id, Operation.target_id, Operation.kind,
        Operation.state, Operation.key, Operation.edition, Operation.cost, Operation.attempts,
        Operation.first_sent_at, Operation.latest,
    )
    .join(Channel, Operation.id == _head)
    .where(Channel.id.in_(bindparam("lanes", expanding=True)))
    .order_by(Operation.priority, Operation.wake_at, Operation.id)
)  # fmt: skip


_heads_locked = _heads.with_for_update(of=Operation, skip_locked=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class Turn:
    """What a claim came to. `held` operations were stale; their lanes may have more to give at once."""

    claimed: tuple[Claimed, ...] = ()
    held: int = 0


def claim(
    session: Session,
    worker: str,
    lanes: Sequence[int],
    admit: Callable[[int, int], bool],
    now: datetime,
) -> Turn:
    """Take the heads of these lanes that `admit(channel id, cost)` lets through, most urgent first.

    What is stale is held instead. Whoever calls commits before sending.
    """
    if not lanes:
        return Turn()
    query = _heads_locked if session.get_bind().dialect.name == "postgresql" else _heads
    heads = session.connection().execute(query, {"now": now, "lanes": list(lanes)}).all()
    stale = [head.id for head in heads if _is_stale(head, now)]
    if stale:
        _hold_stale(session, stale)
    chosen = [head for head in heads if head.id not in stale and admit(head.channel_id, head.cost)]
    if not chosen:
        return Turn(held=len(stale))
    _mark_claimed(session, worker, [head.id for head in chosen], now)
    posts = _posts(session, [head.target_id for head in chosen if head.target_id is not None])
    return Turn(claimed=tuple(_claimed(head, posts, now) for head in chosen), held=len(stale))


def _is_stale(head: Any, now: datetime) -> bool:
    """An operation being settled is never stale: it may stand already."""
    return head.state is not OperationState.CHECKING and is_stale(head.latest, now)


def _hold_stale(session: Session, ids: Sequence[int]) -> None:
    session.execute(
        update(Operation)
        .where(Operation.id.in_(ids), Operation.state.in_(OPEN_STATES))
        .values(state=OperationState.HELD, hold_reason=HoldReason.STALE, wake_at=None)
        .execution_options(synchronize_session=False)
    )


_is_checking = Operation.state == OperationState.CHECKING
_set_claimed = (
    update(Operation)
    .where(
        Operation.id.in_(bindparam("ids", expanding=True)),
        Operation.state.in_([OperationState.PLANNED, OperationState.RETRYING, OperationState.CHECKING]),
    )
    .values(
        state=case((_is_checking, OperationState.CHECKING), else_=OperationState.SENDING),
        # The window in which the key is recognised starts with the first try whose outcome is unknown.
        first_sent_at=case((_is_checking, Operation.first_sent_at), else_=bindparam("now")),
        claimed_by=bindparam("worker"),
        claimed_at=bindparam("now"),
        attempts=Operation.attempts + 1,
        wake_at=None,
    )
)


def _mark_claimed(session: Session, worker: str, ids: Sequence[int], now: datetime) -> None:
    marked = session.connection().execute(_set_claimed, {"ids": list(ids), "worker": worker, "now": now})
    if marked.rowcount != len(ids):
        raise StoreError("operations moved inside a transaction that had locked them")


_standing_posts = (
    select(Post.id, Post.operation_id, Post.external_ids, Operation.edition)
    .join(Operation, Operation.id == Post.standing_id)
    .where(
        Post.operation_id.in_(bindparam("targets", expanding=True)),
        Post.state.in_([PostState.LIVE, PostState.ALTERED]),
    )
)


def _posts(session: Session, targets: Sequence[int]) -> dict[int, Any]:
    if not targets:
        return {}
    rows = session.connection().execute(_standing_posts, {"targets": list(targets)})
    return {row.operation_id: row for row in rows}


def _claimed(head: Any, posts: dict[int, Any], now: datetime) -> Claimed:
    settling = head.state is OperationState.CHECKING
    post = posts.get(head.target_id)
    return Claimed(
        id=head.id,
        item_id=head.item_id,
        channel_id=head.channel_id,
        kind=head.kind,
        key=head.key,
        edition=head.edition,
        attempts=head.attempts + 1,
        first_sent_at=(head.first_sent_at or now) if settling else now,
        latest=head.latest,
        settling=settling,
        cost=head.cost,
        post_id=post.id if post else None,
        external_ids=tuple(post.external_ids) if post else (),
        standing=post.edition if post else None,
    )


def last_external_id(session: Session, channel_id: int, before: datetime) -> int | str | None:
    """The newest external id that we put into the channel before this moment: where a read-back starts."""
    ids = session.scalar(
        select(Post.external_ids)
        .where(Post.channel_id == channel_id, Post.published_at <= before)
        .order_by(Post.published_at.desc())
        .limit(1)
    )
    return ids[-1] if ids else None


_next_wake = (
    select(Operation.wake_at).where(Operation.wake_at > bindparam("now")).order_by(Operation.wake_at).limit(1)
)


def next_wake(session: Session, now: datetime) -> datetime | None:
    """When the next operation becomes due after now, whoever's it is: one seek, where a join would scan."""
    return session.connection().execute(_next_wake, {"now": now}).scalar()


def record(session: Session, worker: str, results: Sequence[Result], now: datetime) -> None:
    """Write what came of claimed operations.

    Every attempt is kept. An operation changes only while this worker still holds it: a late answer of a
    worker that lost its lease changes no state by itself.
    """
    if not results:
        return
    session.connection().execute(_add_attempts, [_attempt(worker, result) for result in results])
    held = _still_held(session, worker, [result.operation.id for result in results])
    results = [result for result in results if result.operation.id in held]
    sent = [r for r in results if r.transition.state is OperationState.SENT]
    other = [r for r in results if r.transition.state is not OperationState.SENT]
    if sent:
        _record_sent(session, sent)
    for result in other:
        _record_other(session, result, now)


def _attempt(worker: str, result: Result) -> dict[str, Any]:
    return {
        "operation_id": result.operation.id, "number": result.operation.attempts, "worker": worker,
        "started_at": result.started_at, "finished_at": result.finished_at, "outcome": result.outcome,
        "code": result.code[:80], "detail": result.detail, "external_ids": list(result.external_ids) or None,
    }  # fmt: skip


_add_attempts = insert(Attempt)
_add_posts = insert(Post)
_held = select(Operation.id).where(
    Operation.id.in_(bindparam("ids", expanding=True)),
    Operation.claimed_by == bindparam("worker"),
    Operation.state.in_([OperationState.SENDING, OperationState.CHECKING]),
)
_held_locked = _held.with_for_update()


def _still_held(session: Session, worker: str, ids: Sequence[int]) -> set[int]:
    query = _held_locked if session.get_bind().dialect.name == "postgresql" else _held
    return set(session.connection().execute(query, {"ids": list(ids), "worker": worker}).scalars())


# Statements that run once per group of receipts, with one row of values per receipt.
_set_sent = (
    update(Operation)
    .where(Operation.id == bindparam("operation"))
    .values(
        state=OperationState.SENT, sent_at=bindparam("at"), external_ids=bindparam("ids"), claimed_by=None,
        wake_at=None, hold_reason=None, error=null(),
    )
)  # fmt: skip
_set_standing = (
    update(Post)
    .where(Post.id == bindparam("post"))
    .values(
        standing_id=bindparam("operation"), edited_at=bindparam("at"), state=PostState.LIVE,
        checks=0, next_check_at=bindparam("check"),
    )
)  # fmt: skip
_set_withdrawn = (
    update(Post)
    .where(Post.id == bindparam("post"))
    .values(state=PostState.WITHDRAWN, withdrawn_at=bindparam("at"), next_check_at=None)
)


def _record_sent(session: Session, sent: Sequence[Result]) -> None:
    connection = session.connection()
    connection.execute(
        _set_sent,
        [
            {
                "operation": r.operation.id,
                "at": r.finished_at,
                "ids": list(r.external_ids or r.operation.external_ids) or None,
            }
            for r in sent
        ],
    )
    published = [r for r in sent if r.operation.kind is OperationKind.PUBLISH]
    edited = [r for r in sent if r.operation.kind is OperationKind.EDIT or r.notice_stands]
    deleted = [r for r in sent if r.operation.kind is OperationKind.DELETE and not r.notice_stands]
    if published:
        connection.execute(_add_posts, [_post(r) for r in published])
        _mark_published(session, published)
    for statement, group in ((_set_standing, edited), (_set_withdrawn, deleted)):
        rows = [_post_change(r) for r in group if r.operation.post_id is not None]
        if rows:
            connection.execute(statement, rows)


def _post(result: Result) -> dict[str, Any]:
    operation = result.operation
    return {
        "operation_id": operation.id, "standing_id": operation.id, "item_id": operation.item_id,
        "channel_id": operation.channel_id, "external_ids": list(result.external_ids),
        "permalink": result.permalink, "state": PostState.LIVE, "published_at": result.finished_at,
        "next_check_at": result.finished_at + FIRST_CHECK, "checks": 0,
    }  # fmt: skip


def _post_change(result: Result) -> dict[str, Any]:
    return {
        "post": result.operation.post_id,
        "operation": result.operation.id,
        "at": result.finished_at,
        "check": result.finished_at + FIRST_CHECK,
    }


_set_published = (
    update(Item)
    .where(
        Item.id.in_(bindparam("items", expanding=True)),
        Item.status.in_([ItemStatus.SCHEDULED, ItemStatus.APPROVED, ItemStatus.DRAFT]),
    )
    .values(status=ItemStatus.PUBLISHED, published_at=bindparam("at"))
)


def _mark_published(session: Session, published: Sequence[Result]) -> None:
    """An item is published as soon as one post stands."""
    items = list({r.operation.item_id for r in published})
    at = min(r.finished_at for r in published)
    session.connection().execute(_set_published, {"items": items, "at": at})


def _record_other(session: Session, result: Result, now: datetime) -> None:
    operation, transition = result.operation, result.transition
    session.execute(
        update(Operation)
        .where(Operation.id == operation.id)
        .values(
            state=transition.state,
            wake_at=transition.wake_at,
            hold_reason=transition.hold_reason,
            error=transition.error if transition.error is not None else null(),
            claimed_by=None,
        )
        .execution_options(synchronize_session=False)
    )
    if result.channel_state is not None:
        _mark_channel(session, operation.channel_id, result, now)
    if result.account_down:
        _mark_account(session, operation.channel_id, transition, now)
    if result.post_gone and operation.post_id is not None:
        session.execute(
            update(Post)
            .where(Post.id == operation.post_id)
            .values(state=PostState.MISSING, checked_at=now, next_check_at=None)
        )
    if operation.kind is OperationKind.PUBLISH:
        _collapse(session, operation)


def _mark_channel(session: Session, channel_id: int, result: Result, now: datetime) -> None:
    session.execute(
        update(Channel)
        .where(Channel.id == channel_id)
        .values(state=result.channel_state, reason=result.transition.error, checked_at=now)
    )


def _mark_account(session: Session, channel_id: int, transition: Transition, now: datetime) -> None:
    account = select(Channel.account_id).where(Channel.id == channel_id).scalar_subquery()
    session.execute(
        update(Account)
        .where(Account.id == account)
        .values(state=AccountState.DOWN, reason=transition.error, checked_at=now)
        .execution_options(synchronize_session=False)
    )


def _collapse(session: Session, operation: Claimed) -> None:
    """A publish that was surely not applied takes over the edits that wait behind it (core/plan.py)."""
    existing = [
        op for op in list_existing(session, operation.item_id) if op.channel_id == operation.channel_id
    ]
    state = next(op.state for op in existing if op.id == operation.id)
    cancelled, taken_over, ends = collapse(state, existing, operation.id)
    if taken_over is not None:
        edit = session.execute(
            select(Operation.edition, Operation.version_id).where(Operation.id == taken_over)
        ).one()
        session.execute(
            update(Operation)
            .where(Operation.id == operation.id)
            .values(edition=edit.edition, version_id=edit.version_id)
        )
    ended = [*cancelled, operation.id] if ends else cancelled
    if ended:
        session.execute(
            update(Operation)
            .where(Operation.id.in_(ended))
            .values(state=OperationState.CANCELLED, wake_at=None, hold_reason=None)
        )


def recover(session: Session, account_ids: Iterable[int], worker: str, now: datetime) -> int:
    """Take over what a dead worker had in hand; the outcome is unknown: check it. The number taken."""
    channels = select(Channel.id).where(Channel.account_id.in_(list(account_ids)))
    taken = session.scalars(
        update(Operation)
        .where(
            Operation.channel_id.in_(channels),
            Operation.state.in_([OperationState.SENDING, OperationState.CHECKING]),
            Operation.claimed_by.is_not(None),
            Operation.claimed_by != worker,
        )
        .values(state=OperationState.CHECKING, claimed_by=None, wake_at=now)
        .returning(Operation.id)
        .execution_options(synchronize_session=False)
    ).all()
    return len(taken)


def release_lanes(session: Session, reason: HoldReason, channel_ids: Iterable[int], now: datetime) -> int:
    """Let operations go on whose account or channel is in order again; stale ones stay held, as stale."""
    held = (
        Operation.channel_id.in_(list(channel_ids)),
        Operation.state == OperationState.HELD,
        Operation.hold_reason == reason,
    )
    session.execute(
        update(Operation)
        .where(*held, Operation.latest <= now)
        .values(hold_reason=HoldReason.STALE)
        .execution_options(synchronize_session=False)
    )
    released = session.scalars(
        update(Operation)
        .where(*held)
        .values(state=OperationState.PLANNED, hold_reason=None, wake_at=now)
        .returning(Operation.id)
        .execution_options(synchronize_session=False)
    ).all()
    return len(released)
