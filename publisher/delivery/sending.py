"""One operation's way to the network: send or settle it, and say what came of it."""

import logging
from collections.abc import Callable
from datetime import datetime

from publisher.channels.base import Channel, Receipt, StandingPost
from publisher.core.editions import Edition, edition_from_json, element_keys
from publisher.core.receipts import (
    Progress,
    Settling,
    Transition,
    after_error,
    after_read_back,
    choose_settling,
    describe,
    outcome_word,
)
from publisher.core.states import ChannelState, OperationKind, OperationState
from publisher.errors import ChannelError, Forbidden, Gone, Limited, Refused, SignedOut, Unconfirmed
from publisher.store.claims import Claimed, Lane
from publisher.store.results import Result

log = logging.getLogger(__name__)

Clock = Callable[[], datetime]


async def send(
    operation: Claimed,
    lane: Lane,
    adapter: Channel,
    after: int | str | None,
    now: Clock,
    may_send: Callable[[], bool] = lambda: True,
) -> Result:
    """Carry the operation out and return what to record; every error of the network becomes a result.

    `after` is the newest id known in the channel before the first try, where a read-back starts. `may_send`
    is asked when all is uploaded, right before anything that readers would see.
    """
    started = now()
    progress = Progress(
        kind=operation.kind,
        attempts=operation.attempts,
        first_sent_at=operation.first_sent_at,
        latest=operation.latest,
        key_window=adapter.platform.key_window,
        settling=operation.settling,
    )
    try:
        return await _carry_out(operation, lane, adapter, after, progress, started, now, may_send)
    except ChannelError as error:
        return _failed(operation, error, progress, started, now())
    except Exception as error:
        log.exception("adapter failed", extra={"operation": operation.id, "channel": lane.handle})
        unknown = Unconfirmed("INTERNAL", type(error).__name__)
        return _failed(operation, unknown, progress, started, now())


def not_sent(operation: Claimed, at: datetime) -> Result:
    """The account is no longer ours: surely nothing left in this try."""
    state = OperationState.CHECKING if operation.settling else OperationState.RETRYING
    return _done(operation, Transition(state=state, wake_at=at), at, at, outcome="lease_ended")


async def _carry_out(
    operation: Claimed,
    lane: Lane,
    adapter: Channel,
    after: int | str | None,
    progress: Progress,
    started: datetime,
    now: Clock,
    may_send: Callable[[], bool],
) -> Result:
    if operation.answered is not None:
        return _answered_late(operation, lane, adapter, started, now())
    if operation.settling and choose_settling(progress, started) is Settling.READ_BACK:
        return await _read_back(operation, lane, adapter, after, progress, started, now)
    try:
        edition = edition_from_json(operation.edition) if operation.edition else None
        if edition is not None and operation.kind is OperationKind.PUBLISH:
            await adapter.prepare(lane.address, edition)
        if not may_send():
            return not_sent(operation, now())
        return await _apply(operation, edition, lane, adapter, after, started, now)
    except Refused as error:
        if not progress.may_stand or error.may_have_applied:
            raise
        # There will be no other try, and this one says nothing about the first.
        return await _read_back(operation, lane, adapter, after, progress, started, now, refused=error)


async def _apply(
    operation: Claimed,
    edition: Edition | None,
    lane: Lane,
    adapter: Channel,
    after: int | str | None,
    started: datetime,
    now: Clock,
) -> Result:
    match operation.kind:
        case OperationKind.PUBLISH:
            assert edition is not None  # noqa: S101 - a publish is written with its edition
            keys = element_keys(operation.key, edition.elements)
            receipt = await adapter.publish(lane.address, edition, keys, lane.handle, after)
            return _sent(operation, receipt, started, now())
        case _ if operation.post_id is None:
            # Nothing stands any more: an edit has nothing to change, a delete is already true.
            return _nothing_stands(operation, started, now())
        case OperationKind.EDIT:
            assert edition is not None  # noqa: S101 - so is an edit
            receipt = await adapter.edit(lane.address, _standing(operation), edition, lane.handle)
            return _sent(operation, receipt, started, now())
        case OperationKind.DELETE:
            return await _withdraw(operation, edition, lane, adapter, started, now)


async def _withdraw(
    operation: Claimed,
    notice: Edition | None,
    lane: Lane,
    adapter: Channel,
    started: datetime,
    now: Clock,
) -> Result:
    """Delete the post; where the network says that it is too old, make it show the notice."""
    try:
        await adapter.delete(lane.address, operation.external_ids)
    except Refused:
        if notice is None:
            raise
        receipt = await adapter.edit(lane.address, _standing(operation), notice, lane.handle)
        return _sent(operation, receipt, started, now(), notice_stands=True)
    return _done(operation, Transition(state=OperationState.SENT), started, now())


async def _read_back(
    operation: Claimed,
    lane: Lane,
    adapter: Channel,
    after: int | str | None,
    progress: Progress,
    started: datetime,
    now: Clock,
    refused: Refused | None = None,
) -> Result:
    assert operation.edition is not None  # noqa: S101 - only a publish is read back
    edition = edition_from_json(operation.edition)
    finding = await adapter.find(lane.address, edition, after, operation.first_sent_at, lane.handle)
    if finding.receipt is not None:
        return _sent(operation, finding.receipt, started, now())
    transition = after_read_back(finding.found, progress, now(), refused)
    return _done(operation, transition, started, now(), outcome=finding.found.value)


def _answered_late(
    operation: Claimed, lane: Lane, adapter: Channel, started: datetime, finished: datetime
) -> Result:
    """The network has said that it was done, to a worker that had lost the operation by then."""
    ids = operation.answered or ()
    if operation.kind is OperationKind.DELETE and not ids:
        return _done(operation, Transition(state=OperationState.SENT), started, finished, "late_answer")
    link = adapter.platform.permalink.format(handle=lane.handle, id=ids[0])
    receipt = Receipt(external_ids=ids, permalink=link, at=finished)
    notice_stands = operation.kind is OperationKind.DELETE
    return _sent(operation, receipt, started, finished, notice_stands=notice_stands, outcome="late_answer")


def _standing(operation: Claimed) -> StandingPost:
    assert operation.standing is not None  # noqa: S101 - comes with post_id
    return StandingPost(external_ids=operation.external_ids, edition=edition_from_json(operation.standing))


def _sent(
    operation: Claimed,
    receipt: Receipt,
    started: datetime,
    finished: datetime,
    *,
    notice_stands: bool = False,
    outcome: str = outcome_word(None),
) -> Result:
    return Result(
        operation=operation,
        transition=Transition(state=OperationState.SENT),
        started_at=started,
        finished_at=finished,
        outcome=outcome,
        external_ids=receipt.external_ids,
        permalink=receipt.permalink,
        notice_stands=notice_stands,
    )


def _nothing_stands(operation: Claimed, started: datetime, finished: datetime) -> Result:
    transition = Transition(state=OperationState.CANCELLED)
    return _done(operation, transition, started, finished, outcome="nothing_stands")


def _done(
    operation: Claimed, transition: Transition, started: datetime, finished: datetime, outcome: str = "sent"
) -> Result:
    return Result(
        operation=operation,
        transition=transition,
        started_at=started,
        finished_at=finished,
        outcome=outcome,
    )


def _failed(
    operation: Claimed, error: ChannelError, progress: Progress, started: datetime, finished: datetime
) -> Result:
    transition = after_error(error, progress, finished)
    gone_post = (
        isinstance(error, Gone) and not error.is_channel and operation.kind is not OperationKind.PUBLISH
    )
    return Result(
        operation=operation,
        transition=transition,
        started_at=started,
        finished_at=finished,
        outcome=outcome_word(error),
        code=error.code,
        detail=error.detail,
        channel_state=_channel_state(error, operation),
        account_down=isinstance(error, SignedOut),
        reason=describe(error),
        limited=error if isinstance(error, Limited) else None,
        post_gone=gone_post,
    )


def _channel_state(error: ChannelError, operation: Claimed) -> ChannelState | None:
    if isinstance(error, Forbidden):
        return ChannelState.FORBIDDEN
    if isinstance(error, Gone) and (error.is_channel or operation.kind is OperationKind.PUBLISH):
        return ChannelState.MISSING
    return None
