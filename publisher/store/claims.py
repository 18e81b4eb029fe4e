"""The outbox as delivery sees it: claim what is sent at once, record what came of it.

One turn of the dispatcher is one transaction: `record` the results that came in, then `claim` the next heads
of the free lanes. Claims are committed before anything leaves.
"""

import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any

from sqlalchemy import Text, bindparam, case, cast, exists, func, insert, null, or_, select, update
from sqlalchemy.orm import Session, aliased

from publisher.core.plan import collapse
from publisher.core.receipts import SETTLE_FOR, Transition, describe, is_stale, unconfirmed
from publisher.core.states import (
    IN_HAND_STATES,
    OPEN_STATES,
    UNFINISHED_STATES,
    AccountState,
    ChannelState,
    HoldReason,
    ItemStatus,
    OperationKind,
    OperationState,
    PostState,
    Priority,
)
from publisher.core.truth import CHECK_AFTER
from publisher.errors import Limited, Refused, StoreError
from publisher.store.models import Account, Attempt, Channel, Installation, Item, Operation, Post
from publisher.store.outbox import list_followers

FIRST_CHECK = CHECK_AFTER[0]
# Posts are dated by the clocks of several workers, which may differ a little.
CLOCK_SLACK = timedelta(minutes=2)

# Whether an operation may leave now: its channel, how many messages it counts as, how urgent it is.
Admit = Callable[[int, int, Priority], bool]


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
    None when there is nothing to change any more. `answered` are the external ids in a late answer that
    settles the outcome: a worker had lost the operation when the network told it that it was done.
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
    answered: tuple[Any, ...] | None = None


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
    # Why, in the stored form; the transition need not say it.
    reason: dict[str, Any] | None = None
    limited: Limited | None = None
    post_gone: bool = False


def list_lanes(session: Session, account_ids: Iterable[int]) -> list[Lane]:
    """The lanes of these accounts that delivery may speak to: nothing is paused, all is in order.

    A retired channel stays among them: what was published there can be corrected and withdrawn.
    """
    rows = session.connection().execute(_open_lanes, {"accounts": list(account_ids)})
    return [_lane(*row) for row in rows]


def list_open_channels(session: Session, account_ids: Iterable[int]) -> list[Lane]:
    """The channels of these accounts that can be reached, paused or not: what is counted."""
    rows = session.connection().execute(_open_channels, {"accounts": list(account_ids)})
    return [_lane(*row) for row in rows]


@lru_cache(maxsize=20_000)
def _lane(id_: int, account_id: int, network: str, handle: str, address: str) -> Lane:
    """Made once: every turn reads all lanes, and parsing an address costs more than reading it."""
    return Lane(
        channel_id=id_, account_id=account_id, network=network, handle=handle, address=json.loads(address)
    )


# Statements of the hot path are built once and run on the connection: a turn has ten of them, and building
# one costs more than running it.
_reachable_channels = (
    select(Channel.id, Channel.account_id, Channel.network, Channel.handle, cast(Channel.address, Text))
    .join(Channel.account)
    .where(
        Account.id.in_(bindparam("accounts", expanding=True)),
        Account.state == AccountState.OK,
        Channel.state == ChannelState.OK,
        Channel.address.is_not(None),
    )
)
_open_channels = _reachable_channels.where(Channel.retired_at.is_(None))
_open_lanes = _reachable_channels.where(~exists().where(Installation.paused_at.is_not(None)))

_candidate = aliased(Operation)
_earlier = aliased(Operation)
_follower = aliased(Operation)


def _head(priority: Priority) -> Any:
    """The earliest due operation of a lane and priority whose predecessors of the same item are finished.

    With the priority given, it is one seek in ix_operation_lane, however much is planned for later.
    """
    return (
        select(_candidate.id)
        .where(
            _candidate.channel_id == Channel.id,
            _candidate.priority == priority,
            _candidate.wake_at <= bindparam("now"),
            # A retired channel gets nothing new.
            or_(
                Channel.retired_at.is_(None),
                _candidate.kind != OperationKind.PUBLISH,
                _candidate.state == OperationState.CHECKING,
            ),
            ~exists().where(
                _earlier.item_id == _candidate.item_id,
                _earlier.channel_id == _candidate.channel_id,
                _earlier.id < _candidate.id,
                _earlier.state.in_(sorted(UNFINISHED_STATES)),
            ),
        )
        .order_by(_candidate.wake_at, _candidate.id)
        .limit(1)
        .correlate(Channel)
        .scalar_subquery()
    )


_is_overtaken = exists().where(_follower.target_id == Operation.id, _follower.state.in_(sorted(OPEN_STATES)))
_heads = (
    select(
        Operation.id, Operation.item_id, Operation.channel_id, Operation.target_id, Operation.kind,
        Operation.state, Operation.key, Operation.edition, Operation.cost, Operation.attempts,
        Operation.first_sent_at, Operation.latest, Operation.priority, _is_overtaken.label("is_overtaken"),
    )
    .join(Channel, Operation.id == func.coalesce(*(_head(priority) for priority in Priority)))
    .where(
        Channel.id.in_(bindparam("lanes", expanding=True)),
        # Asked of the row itself as well: what somebody else moved while we waited for its lock drops out.
        Operation.wake_at <= bindparam("now"),
    )
    .order_by(Operation.priority, Operation.wake_at, Operation.id)
)  # fmt: skip


# `key_share` lets people write corrections of these very operations meanwhile: a reference to a row must not
# wait for us, or each could end up waiting for the other.
_heads_locked = _heads.with_for_update(of=Operation, skip_locked=True, key_share=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class Turn:
    """What a claim came to. Of operations that were `set_aside` the lanes may have more to give at once."""

    claimed: tuple[Claimed, ...] = ()
    set_aside: int = 0


def claim(session: Session, worker: str, lanes: Sequence[int], admit: Admit, now: datetime) -> Turn:
    """Take the heads of these lanes that may leave now, most urgent first; `admit` is asked in that order.

    What is stale is held instead; a publish that surely was not applied takes over what waits behind it.
    Whoever calls commits before sending.
    """
    if not lanes:
        return Turn()
    query = _heads_locked if session.get_bind().dialect.name == "postgresql" else _heads
    heads = session.connection().execute(query, {"now": now, "lanes": list(lanes)}).all()
    aside = _set_aside(session, heads, now)
    chosen = [
        head for head in heads if head.id not in aside and admit(head.channel_id, head.cost, head.priority)
    ]
    if not chosen:
        return Turn(set_aside=len(aside))
    _mark_claimed(session, worker, [head.id for head in chosen], now)
    posts = _posts(session, [head.target_id for head in chosen if head.target_id is not None])
    answers = _late_answers(session, [head.id for head in chosen if _is_checking_head(head)])
    return Turn(claimed=tuple(_claimed(head, posts, answers, now) for head in chosen), set_aside=len(aside))


def _set_aside(session: Session, heads: Sequence[Any], now: datetime) -> set[int]:
    """Heads that do not leave in this turn. One being settled is never among them: it may stand already."""
    heads = [head for head in heads if not _is_checking_head(head)]
    # A correction or a kill that was planned while the publish was still under way.
    overtaken = [head for head in heads if head.kind is OperationKind.PUBLISH and head.is_overtaken]
    for head in overtaken:
        _collapse(session, head.id, head.state)
    aside = {head.id for head in overtaken}
    stale = [head.id for head in heads if head.id not in aside and is_stale(head.latest, now)]
    if stale:
        _hold_stale(session, stale)
    return aside.union(stale)


def _is_checking_head(head: Any) -> bool:
    return head.state is OperationState.CHECKING


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


_late = select(Attempt.operation_id, Attempt.external_ids).where(
    Attempt.operation_id.in_(bindparam("ids", expanding=True)), Attempt.outcome == "sent"
)


def _late_answers(session: Session, ids: Sequence[int]) -> dict[int, tuple[Any, ...]]:
    """What the network told workers that had lost these operations by then: done, and where it stands."""
    if not ids:
        return {}
    rows = session.connection().execute(_late, {"ids": list(ids)})
    return {row.operation_id: tuple(row.external_ids or ()) for row in rows}


def _claimed(head: Any, posts: dict[int, Any], answers: dict[int, tuple[Any, ...]], now: datetime) -> Claimed:
    settling = _is_checking_head(head)
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
        answered=answers.get(head.id),
    )


def last_external_id(session: Session, channel_id: int, before: datetime) -> int | str | None:
    """The newest external id that we surely put into the channel before this moment: where a read-back
    starts."""
    ids = session.scalar(
        select(Post.external_ids)
        .where(Post.channel_id == channel_id, Post.published_at <= before - CLOCK_SLACK)
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
    worker that lost its lease changes no state by itself. What was removed meanwhile is nobody's concern.
    """
    if not results:
        return
    known, held = _known_and_held(session, worker, [result.operation.id for result in results])
    results = [result for result in results if result.operation.id in known]
    if not results:
        return
    session.connection().execute(_add_attempts, [_attempt(worker, result) for result in results])
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
_known = select(Operation.id, Operation.claimed_by, Operation.state).where(
    Operation.id.in_(bindparam("ids", expanding=True))
)
_known_locked = _known.order_by(Operation.id).with_for_update(key_share=True)


def _known_and_held(session: Session, worker: str, ids: Sequence[int]) -> tuple[set[int], set[int]]:
    """Which of these operations there still are, and which of them this worker still holds."""
    query = _known_locked if session.get_bind().dialect.name == "postgresql" else _known
    rows = session.connection().execute(query, {"ids": list(ids)}).all()
    held = {row.id for row in rows if row.claimed_by == worker and row.state in IN_HAND_STATES}
    return {row.id for row in rows}, held


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
        _mark_channel(session, operation.channel_id, result)
    if result.account_down:
        _mark_account(session, operation.channel_id, result)
    if result.post_gone and operation.post_id is not None:
        session.execute(
            update(Post)
            .where(Post.id == operation.post_id)
            .values(state=PostState.MISSING, checked_at=now, next_check_at=None)
        )
    if operation.kind is OperationKind.PUBLISH:
        _collapse(session, operation.id, transition.state)
    elif operation.kind is OperationKind.DELETE and transition.state is OperationState.FAILED:
        _stop_reissue(session, operation)


# `checked_at` stays: it says when we last looked on purpose, and so whether to look at once
# (store/upkeep.py).


def _mark_channel(session: Session, channel_id: int, result: Result) -> None:
    session.execute(
        update(Channel)
        .where(Channel.id == channel_id)
        .values(state=result.channel_state, reason=result.reason)
        .execution_options(synchronize_session=False)
    )


def _mark_account(session: Session, channel_id: int, result: Result) -> None:
    account = select(Channel.account_id).where(Channel.id == channel_id).scalar_subquery()
    session.execute(
        update(Account)
        .where(Account.id == account)
        .values(state=AccountState.DOWN, reason=result.reason)
        .execution_options(synchronize_session=False)
    )


def _collapse(session: Session, publish_id: int, state: OperationState) -> None:
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


def _stop_reissue(session: Session, delete: Claimed) -> None:
    """Where the old post could not be withdrawn, the one that was to take its place would stand beside it."""
    session.execute(
        update(Operation)
        .where(
            Operation.item_id == delete.item_id,
            Operation.channel_id == delete.channel_id,
            Operation.id > delete.id,
            Operation.kind == OperationKind.PUBLISH,
            Operation.state.in_(OPEN_STATES),
        )
        .values(state=OperationState.FAILED, wake_at=None, error=describe(Refused("OLD_POST_STANDS")))
        .execution_options(synchronize_session=False)
    )


def recover(session: Session, account_ids: Iterable[int], worker: str, now: datetime) -> int:
    """Take over what other workers had in hand in the lanes that are ours now; the number taken.

    Whoever had it is dead or has lost the lease: the outcome is unknown, so it is checked.
    """
    channels = select(Channel.id).where(Channel.account_id.in_(list(account_ids)))
    taken = session.scalars(
        update(Operation)
        .where(
            Operation.channel_id.in_(channels),
            Operation.state.in_(sorted(IN_HAND_STATES)),
            Operation.claimed_by.is_not(None),
            Operation.claimed_by != worker,
        )
        .values(state=OperationState.CHECKING, claimed_by=None, wake_at=now)
        .returning(Operation.id)
        .execution_options(synchronize_session=False)
    ).all()
    return len(taken)


def put_back(session: Session, worker: str, in_hand: Iterable[int], now: datetime) -> int:
    """Give back what this worker has claimed and never began to send; the number given back.

    So it is with what was claimed ahead and could not follow, with a claim whose commit got through while its
    answer was lost, and with one that came with the stop. `in_hand` are the operations that it has begun or
    is about to. They keep their places in their lanes.
    """
    given = session.scalars(
        update(Operation)
        .where(
            Operation.claimed_by == worker,
            Operation.state.in_(sorted(IN_HAND_STATES)),
            Operation.id.not_in(list(in_hand)),
        )
        .values(
            state=case((_is_checking, OperationState.CHECKING), else_=OperationState.PLANNED),
            attempts=Operation.attempts - 1,
            claimed_by=None,
            wake_at=case((Operation.due < now, Operation.due), else_=now),
        )
        .returning(Operation.id)
        .execution_options(synchronize_session=False)
    ).all()
    return len(given)


def settle_closed_lanes(session: Session, now: datetime) -> int:
    """End what no open lane will bring to its end; the number of operations that moved.

    An unknown outcome in a lane that has been closed for too long is put before a person, and a publish to
    a channel that was retired will not happen.
    """
    is_open = exists().where(
        Channel.id == Operation.channel_id,
        Account.id == Channel.account_id,
        Account.state == AccountState.OK,
        Channel.state == ChannelState.OK,
    )
    given_up = (
        update(Operation)
        .where(
            Operation.state == OperationState.CHECKING,
            Operation.claimed_by.is_(None),
            Operation.first_sent_at < now - SETTLE_FOR,
            ~is_open,
        )
        .values(state=OperationState.UNCONFIRMED, wake_at=None, error=unconfirmed().error)
    )
    is_retired = exists().where(Channel.id == Operation.channel_id, Channel.retired_at.is_not(None))
    cancelled = (
        update(Operation)
        .where(
            Operation.state.in_(OPEN_STATES),
            Operation.kind == OperationKind.PUBLISH,
            or_(Operation.hold_reason.is_(None), Operation.hold_reason != HoldReason.RESTORED),
            is_retired,
        )
        .values(state=OperationState.CANCELLED, wake_at=None, hold_reason=None)
    )
    moved = 0
    for statement in (given_up, cancelled):
        statement = statement.returning(Operation.id).execution_options(synchronize_session=False)
        moved += len(session.scalars(statement).all())
    return moved


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
