"""The dispatcher: claim what can be sent at once, send it, record what came of it.

One loop. Each turn is one transaction in the database thread: it records every result that came in since the
last turn and claims the heads of the lanes that are free, so that many receipts share one commit and a claim
is durable before its send leaves. Between turns the loop sleeps until something is done, something changes or
the next operation is due; when that is, a job says (jobs/deliver.py).
"""

import asyncio
import logging
import time
from collections.abc import Callable
from concurrent.futures import Executor
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy.exc import OperationalError

from publisher.core.receipts import Transition
from publisher.core.states import OperationState
from publisher.delivery.adapters import Adapters
from publisher.delivery.leases import Leases
from publisher.delivery.sending import send
from publisher.errors import Limited, Scope
from publisher.limits import Limits
from publisher.store.claims import (
    Claimed,
    Lane,
    Result,
    claim,
    last_external_id,
    list_lanes,
    next_wake,
    record,
)
from publisher.store.session import Store

log = logging.getLogger(__name__)

PAUSE_AFTER_DATABASE_ERROR = 1.0
# How long a stop waits for sends under way; what is left is found by the next start and checked.
FINISH_SECONDS = 5.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Handful:
    """What one turn hands to the loop: operations to send, each with its lane."""

    operations: tuple[tuple[Claimed, Lane], ...]
    # Where a read-back starts: the newest id known in the channel before the first try, by operation.
    known: dict[int, int | str | None] = field(default_factory=dict)
    next_due: datetime | None = None
    held: int = 0


class Dispatcher:
    """Owns the lanes of one worker. Everything but `_turn` runs on the event loop."""

    def __init__(
        self,
        *,
        store: Store,
        adapters: Adapters,
        limits: Limits,
        leases: Leases,
        worker: str,
        in_flight: int,
        clock: Callable[[], datetime],
        database: Executor,
        on_next_due: Callable[[datetime | None], None],
    ) -> None:
        self._store = store
        self._adapters = adapters
        self._limits = limits
        self._leases = leases
        self._worker = worker
        self._in_flight = in_flight
        self._clock = clock
        self._database = database
        self._on_next_due = on_next_due
        self._wake = asyncio.Event()
        self._sending: dict[int, asyncio.Task[None]] = {}
        self._results: list[Result] = []
        self._limited_until: float | None = None

    def wake(self) -> None:
        """Something changed: look at the lanes again."""
        self._wake.set()

    async def run(self) -> None:
        """Deliver until cancelled; then wait for what is under way and record it."""
        try:
            while True:
                self._wake.clear()
                if not await self._take_turn():
                    await self._sleep()
        finally:
            await self._finish()

    async def _take_turn(self) -> bool:
        """One turn and the start of its sends; whether another one is worth taking at once."""
        results, self._results = self._results, []
        busy = frozenset(self._sending)
        try:
            handful = await self._in_database(results, busy)
        except OperationalError:
            # Locked, full or away: nothing was committed, so nothing is lost. The results stay ours.
            log.exception("the database refused a turn")
            self._results = results + self._results
            await asyncio.sleep(PAUSE_AFTER_DATABASE_ERROR)
            return True
        for operation, lane in handful.operations:
            task = asyncio.create_task(self._carry_out(operation, lane, handful.known.get(operation.id)))
            self._sending[lane.channel_id] = task
        self._on_next_due(handful.next_due)
        return bool(handful.held)

    async def _in_database(self, results: list[Result], busy: frozenset[int]) -> Handful:
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._database, self._turn, results, busy)

    def _turn(self, results: list[Result], busy: frozenset[int]) -> Handful:
        """Record and claim in one transaction (database thread)."""
        now, ticks = self._clock(), time.monotonic()
        with self._store.begin() as session:
            record(session, self._worker, results, now)
            accounts = self._leases.accounts & self._adapters.accounts
            if not self._leases.may_send():
                return Handful(operations=())
            lanes = {lane.channel_id: lane for lane in list_lanes(session, accounts)}
            free = self._free(lanes, busy, ticks)
            room = self._in_flight - len(busy)

            def admit(channel_id: int, cost: int) -> bool:
                nonlocal room
                lane = lanes[channel_id]
                if room <= 0 or not self._limits.try_take(lane.account_id, channel_id, cost, ticks):
                    return False
                room -= 1
                return True

            turn = claim(session, self._worker, free, admit, now)
            self._limited_until = self._next_ready(lanes, busy, ticks)
            return Handful(
                operations=tuple((op, lanes[op.channel_id]) for op in turn.claimed),
                known={
                    op.id: last_external_id(session, op.channel_id, op.first_sent_at)
                    for op in turn.claimed
                    if op.settling
                },
                next_due=next_wake(session, now),
                held=turn.held,
            )

    def _free(self, lanes: dict[int, Lane], busy: frozenset[int], ticks: float) -> list[int]:
        """Lanes with nothing under way that the limits let speak now."""
        return [
            lane.channel_id
            for lane in lanes.values()
            if lane.channel_id not in busy
            and self._limits.ready_at(lane.account_id, lane.channel_id, 1, ticks) <= ticks
        ]

    def _next_ready(self, lanes: dict[int, Lane], busy: frozenset[int], ticks: float) -> float | None:
        """When the next lane that a limit keeps silent may speak again."""
        moments = (
            self._limits.ready_at(lane.account_id, lane.channel_id, 1, ticks)
            for lane in lanes.values()
            if lane.channel_id not in busy
        )
        return min((moment for moment in moments if moment > ticks), default=None)

    async def _carry_out(self, operation: Claimed, lane: Lane, known: int | str | None) -> None:
        if self._leases.may_send():
            adapter = self._adapters.get(lane.account_id)
            result = await send(operation, lane, adapter, known, self._clock)
        else:
            result = _not_sent(operation, self._clock())
        if result.limited is not None:
            self._obey(result.limited, lane)
        log.info(
            "operation %s %s", operation.id, result.outcome,
            extra={"item": operation.item_id, "operation": operation.id, "channel": lane.handle},
        )  # fmt: skip
        self._results.append(result)
        del self._sending[lane.channel_id]
        self._wake.set()

    def _obey(self, limited: Limited, lane: Lane) -> None:
        until = time.monotonic() + limited.retry_after.total_seconds()
        if limited.scope is Scope.CHANNEL:
            self._limits.wait_channel(lane.channel_id, until)
        else:
            self._limits.wait_account(lane.account_id, until)

    async def _sleep(self) -> None:
        """Until something is done or changed, or until a limit lets a lane speak again."""
        wait = None if self._limited_until is None else max(0.0, self._limited_until - time.monotonic())
        try:
            async with asyncio.timeout(wait):
                await self._wake.wait()
        except TimeoutError:
            return

    async def _finish(self) -> None:
        """Let sends under way end, and write down what came of them."""
        if self._sending:
            await asyncio.wait(self._sending.values(), timeout=FINISH_SECONDS)
        results, self._results = self._results, []
        with self._store.begin() as session:
            record(session, self._worker, results, self._clock())


def _not_sent(operation: Claimed, now: datetime) -> Result:
    """The lease ran out between claim and send: surely nothing left."""
    state = OperationState.CHECKING if operation.settling else OperationState.RETRYING
    return Result(
        operation=operation,
        transition=Transition(state=state, wake_at=now),
        started_at=now,
        finished_at=now,
        outcome="lease_ended",
    )
