"""The dispatcher: claim what can be sent at once, send it, record what came of it.

One loop. Each turn is one transaction in the database thread: it records every result that came in since the
last turn and claims the heads of the lanes that are free, so that many receipts share one commit and a claim
is durable before its send leaves. Between turns the loop sleeps until something is done, something changes or
the next operation is due; when that is, a job says (jobs/deliver.py).

A lane whose send is under way has its next operation claimed already, so that turns and sends run beside each
other; what could not follow at once is given back (docs/decisions/0012).
"""

import asyncio
import logging
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime

from publisher.core.platforms import PLATFORMS, Network
from publisher.core.states import OperationState
from publisher.delivery.adapters import Adapters
from publisher.delivery.admission import Admission
from publisher.delivery.leases import Leases
from publisher.delivery.sending import not_sent, send
from publisher.errors import Limited, Scope, StoreError
from publisher.limits import Limits
from publisher.store.claims import (
    Claimed,
    Lane,
    claim,
    last_external_id,
    list_lanes,
    next_wake,
    put_back,
)
from publisher.store.results import Result, record
from publisher.store.session import PASSING, reason_of
from publisher.store.thread import StoreThread

log = logging.getLogger(__name__)

PAUSE_AFTER_DATABASE_ERROR = 1.0
# With so many under way, a result waits a moment for others to share its turn.
BUSY = 4
GATHER_SECONDS = 0.001
# What was claimed ahead and did not leave within this time is asked for anew: much may have changed.
AHEAD_SECONDS = 0.5
# How long a stop waits for sends under way; what is left is found by the next start and checked.
FINISH_SECONDS = 5.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Handful:
    """What one turn hands to the loop: operations to send, each with its lane.

    `next_at` is when a limit lets the next one speak, `next_due` when the next one is due. What was
    `set_aside` made room for more at once.
    """

    operations: tuple[tuple[Claimed, Lane], ...] = ()
    # Where a read-back starts: the newest id known in the channel before the first try, by operation.
    known: dict[int, int | str | None] = field(default_factory=dict)
    next_due: datetime | None = None
    next_at: float | None = None
    set_aside: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Sending:
    """An operation on its way."""

    operation_id: int
    has_key: bool
    task: "asyncio.Task[None]"


@dataclass(frozen=True, slots=True, kw_only=True)
class Ahead:
    """A claimed operation that leaves when its lane's send has ended; no later than `until`."""

    operation: Claimed
    lane: Lane
    known: int | str | None
    until: float


class Dispatcher:
    """Owns the lanes of one worker. Everything but `_turn` runs on the event loop."""

    def __init__(
        self,
        *,
        database: StoreThread,
        adapters: Adapters,
        limits: Limits,
        leases: Leases,
        worker: str,
        in_flight: int,
        clock: Callable[[], datetime],
        on_next_due: Callable[[datetime | None], None],
        on_trouble: Callable[[], None],
    ) -> None:
        self._database = database
        self._adapters = adapters
        self._limits = limits
        self._leases = leases
        self._worker = worker
        self._in_flight = in_flight
        self._clock = clock
        self._on_next_due = on_next_due
        self._on_trouble = on_trouble
        self._wake = asyncio.Event()
        self._sending: dict[int, Sending] = {}
        self._ahead: dict[int, Ahead] = {}
        self._results: list[Result] = []
        self._next_at: float | None = None
        # The last turn ended without an answer of the database: it may have claimed what we do not know of.
        self._is_in_doubt = False
        # Something that was claimed ahead did not leave.
        self._gives_back = False
        # Lanes whose send ended otherwise than well since the last turn began: what it claims there stays.
        self._troubled: set[int] = set()

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
        busy, full, in_hand = frozenset(self._sending), self._full_lanes(), self._in_hand()
        doubt, gives_back = self._is_in_doubt, self._gives_back
        self._gives_back = False
        self._troubled.clear()
        try:
            handful = await self._database.call(
                lambda: self._turn(results, busy, full, in_hand, gives_back=doubt or gives_back)
            )
        except (*PASSING, StoreError) as error:
            # The results stay ours until they are written.
            self._results = results + self._results
            if not self._is_in_doubt:
                log.warning("the database cannot be used; trying until it can: %s", reason_of(error))
            self._is_in_doubt = True
            await asyncio.sleep(PAUSE_AFTER_DATABASE_ERROR)
            return True
        if doubt:
            self._is_in_doubt = False
            log.info("the database is back")
        for operation, lane in handful.operations:
            self._take_in(operation, lane, handful.known.get(operation.id))
        self._next_at = handful.next_at
        self._on_next_due(handful.next_due)
        if any(result.account_down or result.channel_state for result in results):
            self._on_trouble()
        return bool(handful.set_aside)

    def _in_hand(self) -> frozenset[int]:
        """What is under way or about to be."""
        begun = (sending.operation_id for sending in self._sending.values())
        return frozenset(begun).union(ahead.operation.id for ahead in self._ahead.values())

    def _full_lanes(self) -> frozenset[int]:
        """Lanes that take nothing more: the next is claimed already, or the network has no keys, so that a
        claim which outlived its worker would have to be put before a person."""
        keyless = (id_ for id_, sending in self._sending.items() if not sending.has_key)
        return frozenset(self._ahead).union(keyless)

    def _turn(
        self,
        results: list[Result],
        busy: frozenset[int],
        full: frozenset[int],
        in_hand: frozenset[int],
        *,
        gives_back: bool,
    ) -> Handful:
        """Record and claim in one transaction (database thread)."""
        now, ticks = self._clock(), time.monotonic()
        with self._database.store.begin() as session:
            record(session, self._worker, results, now)
            if gives_back:
                put_back(session, self._worker, in_hand, now)
            accounts = {id_ for id_ in self._adapters.accounts if self._leases.may_send(id_)}
            lanes = {lane.channel_id: lane for lane in list_lanes(session, accounts)} if accounts else {}
            admission = Admission(self._limits, lanes, busy, self._in_flight, ticks)
            turn = claim(session, self._worker, admission.free_lanes(full), admission.admit, now)
            return Handful(
                operations=tuple((op, lanes[op.channel_id]) for op in turn.claimed),
                known={
                    op.id: last_external_id(session, op.channel_id, op.first_sent_at)
                    for op in turn.claimed
                    if op.settling
                },
                next_due=next_wake(session, now),
                next_at=admission.next_at,
                set_aside=turn.set_aside,
            )

    def _take_in(self, operation: Claimed, lane: Lane, known: int | str | None) -> None:
        """Send it now, or when its lane is free; give it back where something went wrong meanwhile."""
        if lane.channel_id in self._sending:
            until = time.monotonic() + AHEAD_SECONDS
            self._ahead[lane.channel_id] = Ahead(operation=operation, lane=lane, known=known, until=until)
        elif lane.channel_id in self._troubled:
            self._gives_back = True
        else:
            self._start(operation, lane, known)

    def _start(self, operation: Claimed, lane: Lane, known: int | str | None) -> None:
        has_key = bool(PLATFORMS[Network(lane.network)].key_window)
        task = asyncio.create_task(self._carry_out(operation, lane, known))
        self._sending[lane.channel_id] = Sending(operation_id=operation.id, has_key=has_key, task=task)

    async def _carry_out(self, operation: Claimed, lane: Lane, known: int | str | None) -> None:
        went_well = False
        try:
            result = await self._send(operation, lane, known)
            self._results.append(result)
            went_well = result.transition.state is OperationState.SENT
        finally:
            del self._sending[lane.channel_id]
            self._go_on(lane, went_well=went_well)
            self._wake.set()
        if result.limited is not None:
            self._obey(result.limited, lane)
        log.info(
            "operation %s %s", operation.id, result.outcome,
            extra={"item": operation.item_id, "operation": operation.id, "channel": lane.handle},
        )  # fmt: skip

    def _go_on(self, lane: Lane, *, went_well: bool) -> None:
        """Start what the lane has claimed ahead; after trouble or a long wait it is given back instead."""
        if not went_well:
            self._troubled.add(lane.channel_id)
        ahead = self._ahead.pop(lane.channel_id, None)
        if ahead is None:
            return
        if went_well and time.monotonic() < ahead.until:
            self._start(ahead.operation, ahead.lane, ahead.known)
        else:
            self._gives_back = True

    async def _send(self, operation: Claimed, lane: Lane, known: int | str | None) -> Result:
        adapter = self._adapters.find(lane.account_id)
        if adapter is None or not self._leases.may_send(lane.account_id):
            return not_sent(operation, self._clock())
        return await send(
            operation, lane, adapter, known, self._clock, lambda: self._leases.may_send(lane.account_id)
        )

    def _obey(self, limited: Limited, lane: Lane) -> None:
        """A wait for one method is kept by the adapter, which alone knows its methods."""
        until = time.monotonic() + limited.retry_after.total_seconds()
        if limited.scope is Scope.CHANNEL:
            self._limits.wait_channel(lane.channel_id, until)
        elif limited.scope is Scope.ACCOUNT:
            self._limits.wait_account(lane.account_id, until)

    async def _sleep(self) -> None:
        """Until something is done or changed, or until a limit lets a lane speak again."""
        wait = None if self._next_at is None else max(0.0, self._next_at - time.monotonic())
        try:
            async with asyncio.timeout(wait):
                await self._wake.wait()
        except TimeoutError:
            return
        if len(self._sending) >= BUSY:
            await asyncio.sleep(GATHER_SECONDS)

    async def _finish(self) -> None:
        """Let sends under way end, write down what came of them, and give back what was not begun."""
        self._ahead.clear()
        tasks = [sending.task for sending in self._sending.values()]
        if tasks:
            await asyncio.wait(tasks, timeout=FINISH_SECONDS)
        results, in_hand = self._results, self._in_hand()
        try:
            await self._database.call(lambda: self._wind_up(results, in_hand))
        except PASSING as error:
            log.warning("the last results are not written; the next start checks them: %s", reason_of(error))

    def _wind_up(self, results: list[Result], in_hand: frozenset[int]) -> None:
        with self._database.store.begin() as session:
            record(session, self._worker, results, self._clock())
            put_back(session, self._worker, in_hand, self._clock())
