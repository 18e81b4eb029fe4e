"""The outbox as delivery takes from it: lanes, their heads, and what a worker has in hand.

One turn of the dispatcher is one transaction: `record` (store/results.py) the results that came in, then
`claim` the next heads of the free lanes. Claims are committed before anything leaves.
"""

import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any

from sqlalchemy import Text, bindparam, case, cast, exists, func, or_, select, update
from sqlalchemy.orm import Session, aliased

from publisher.core.receipts import is_stale
from publisher.core.states import (
    IN_HAND_STATES,
    OPEN_STATES,
    UNFINISHED_STATES,
    AccountState,
    ChannelState,
    HoldReason,
    OperationKind,
    OperationState,
    PostState,
    Priority,
)
from publisher.errors import StoreError
from publisher.store.models import Account, Attempt, Channel, Installation, Operation, Post
from publisher.store.outbox import collapse_publish

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
        collapse_publish(session, head.id, head.state)
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
