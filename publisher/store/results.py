"""The outbox as delivery writes into it: what came of an operation, told to it, to its post and its item."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import bindparam, insert, null, select, update
from sqlalchemy.orm import Session

from publisher.core.measuring import AGES
from publisher.core.receipts import Transition, describe
from publisher.core.states import (
    IN_HAND_STATES,
    OPEN_STATES,
    AccountState,
    ChannelState,
    ItemStatus,
    OperationKind,
    OperationState,
    PostState,
)
from publisher.core.truth import CHECK_AFTER
from publisher.errors import Limited, Refused
from publisher.store.claims import Claimed
from publisher.store.models import Account, Attempt, Channel, Item, Operation, Post
from publisher.store.outbox import collapse_publish

FIRST_CHECK = CHECK_AFTER[0]


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
    .values(state=PostState.WITHDRAWN, withdrawn_at=bindparam("at"), next_check_at=None, next_measure_at=None)
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
        "next_measure_at": result.finished_at + AGES[0],
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
            .values(state=PostState.MISSING, checked_at=now, next_check_at=None, next_measure_at=None)
        )
    if operation.kind is OperationKind.PUBLISH:
        collapse_publish(session, operation.id, transition.state)
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
