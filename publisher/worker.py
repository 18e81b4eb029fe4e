"""A worker process: the one event loop, what jobs need, and the scheduler that ticks."""

import asyncio
import logging
import os
import signal
import socket
import uuid
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import aclosing
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from json import loads
from pathlib import Path
from typing import Any, BinaryIO, ClassVar

from apscheduler.schedulers.asyncio import AsyncIOScheduler
from apscheduler.triggers.cron import CronTrigger
from apscheduler.triggers.date import DateTrigger
from apscheduler.triggers.interval import IntervalTrigger

from publisher.channels.base import Channel, Connect
from publisher.channels.telegram.adapter import connect_telegram
from publisher.config import Settings
from publisher.core.messages import N_
from publisher.core.platforms import Network, Realm
from publisher.core.receipts import describe
from publisher.delivery.accounts import Caretaker
from publisher.delivery.adapters import Adapters
from publisher.delivery.dispatcher import Dispatcher
from publisher.delivery.leases import Leases
from publisher.delivery.reconcile import reconcile
from publisher.errors import ConfigError, SignedOut, StoreError, Unconfirmed
from publisher.limits import Limits
from publisher.secrets import Vault, key_file
from publisher.store.archive.read import MAKE_ARCHIVE
from publisher.store.changes import LEASES, watch_changes
from publisher.store.digest import SEND_COPY
from publisher.store.leases import start_worker, stop_worker
from publisher.store.locks import hold_lock
from publisher.store.media import MediaStore
from publisher.store.models import Request
from publisher.store.session import PASSING, Store, open_store, reason_of
from publisher.store.thread import StoreThread
from publisher.store.upkeep import answer_request, list_accounts_of, list_requests, settle_closed_lanes
from publisher.tracking.archive import ArchiveKeeper
from publisher.tracking.collect import count_audience
from publisher.tracking.letters import PostOffice, claim_copy, make_digest, send_copy, send_letters
from publisher.tracking.measure import measure_posts, note_readings

log = logging.getLogger(__name__)

# Requests that take their time have a job of their own, so that the others do not wait for them.
JOBS_OF_REQUESTS: Mapping[str, str] = {MAKE_ARCHIVE: "archive", SEND_COPY: "send_copies"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Every:
    """A job that runs again and again; `aligned` to the clock rather than to the worker's start."""

    period: timedelta
    aligned: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class AtNextDue:
    """A job that runs when the next operation is due."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """How often, and the one call."""

    name: str
    when: Every | AtNextDue
    run: Callable[["Worker"], Awaitable[None]]


def utc_now() -> datetime:
    """The wall clock."""
    return datetime.now(UTC)


class Worker:
    """Everything of one realm in one process. Jobs call its methods; nothing else owns a session here."""

    # Ticks that were missed become one run, however late it is; a slow run is never joined by a second one.
    HOW_JOBS_RUN: ClassVar[dict[str, Any]] = {
        "coalesce": True, "max_instances": 1, "misfire_grace_time": None,
    }  # fmt: skip

    def __init__(self, settings: Settings, realm: Realm, store: Store) -> None:
        self.settings = settings
        self.realm = realm
        self.uid = uuid.uuid4().hex
        self.database = StoreThread(store)
        delivery, telegram = settings.delivery, settings.telegram
        send_timeout = timedelta(seconds=delivery.send_timeout_seconds)
        lease = timedelta(seconds=delivery.lease_seconds)
        vault = Vault(key_file(settings.data))
        media = MediaStore(settings.data / "media")
        self.adapters = Adapters(_connects(settings, realm, send_timeout), vault, media.path)
        self.leases = Leases(store, self.uid, realm, lease, send_timeout, utc_now)
        self.caretaker = Caretaker(self.database, self.adapters, vault, utc_now)
        self.archive = ArchiveKeeper(self.database, settings, realm, self.uid, utc_now)
        self.scheduler = AsyncIOScheduler(timezone=UTC)
        self.dispatcher = Dispatcher(
            database=self.database,
            adapters=self.adapters,
            limits=Limits(telegram.account_per_second, telegram.channel_per_second),
            leases=self.leases,
            worker=self.uid,
            in_flight=delivery.in_flight,
            clock=utc_now,
            on_next_due=self._plan_next_due,
            on_trouble=self._look_around,
        )
        # Posts are read by one job at a time: where both want one, the first reading serves both.
        self._reading = asyncio.Lock()
        self.post_office = PostOffice(
            database=self.database, settings=settings, realm=realm, worker=self.uid, clock=utc_now
        )
        self._asked = asyncio.Event()
        self._hurried: set[int] = set()
        self._look = asyncio.Event()
        self._on_due: list[Job] = []
        self._next_due: datetime | None = None

    async def run(self, jobs: Sequence[Job], stop: asyncio.Event) -> None:
        """Work until `stop` is set; then let what is under way end."""
        about = partial(
            start_worker,
            uid=self.uid,
            realm=self.realm,
            host=socket.gethostname(),
            pid=os.getpid(),
            now=utc_now(),
        )
        await self.database.write(about)
        self._plan(jobs)
        await self.take_accounts()
        self.scheduler.start()
        tasks = [
            asyncio.create_task(work)
            for work in (
                self.dispatcher.run(),
                self._repeat(self._keep_leases, self._look),
                self._repeat(self.answer_requests, self._asked),
                self._follow_changes(),
            )
        ]
        log.info("worker ready", extra={"realm": self.realm.value})
        try:
            await _first_to_fail(tasks, stop)
        finally:
            self.scheduler.shutdown(wait=False)
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            await self.adapters.close()
            await self._say_goodbye()
            self.database.close()

    async def take_accounts(self) -> None:
        """Renew our leases; each account of ours gets its adapter, those no longer ours fall silent."""
        await self.database.call(self.leases.renew)
        await self.adapters.keep_only(self.leases.accounts)
        for account in await self.database.read(partial(list_accounts_of, ids=self.leases.accounts)):
            try:
                await self.adapters.refresh(account)
            except SignedOut:
                # Its check says so where people see it.
                continue

    async def check_accounts(self) -> None:
        """Try every account's credentials, and every channel that is not in order."""
        await self.caretaker.look_after(self.leases.accounts, all_accounts=True)
        self.dispatcher.wake()

    async def count(self, taken_at: datetime) -> tuple[int, int]:
        """Count every channel's subscribers; (counted, failed)."""
        zone = self.settings.office.zone
        return await count_audience(self.database, self.leases.accounts, self._our_adapters(), zone, taken_at)

    async def reconcile(self) -> None:
        """Read back the posts whose time has come, and end what no open lane brings to its end."""
        async with self._reading:
            await reconcile(self.database, self.adapters, self.leases.accounts, utc_now, note_readings)
        await self.database.write(partial(settle_closed_lanes, now=utc_now()))

    async def measure(self) -> None:
        """Read what posts have earned whose age has come."""
        async with self._reading:
            await measure_posts(self.database, self._our_adapters(), utc_now)

    async def sum_up_week(self) -> None:
        """Make the past week's digest when its time has come, and send the letters that wait."""
        try:
            await make_digest(self.post_office)
        finally:
            # A digest that cannot be made keeps no letter of an older one.
            await send_letters(self.post_office)

    async def send_copies(self) -> None:
        """Send the digest to everybody who asked for it; of several workers one answers a request."""
        while (
            request := await self.database.write(partial(claim_copy, office=self.post_office))
        ) is not None:
            result = await self._answer(request)
            answer = partial(answer_request, request_id=request.id, result=result, now=utc_now())
            await self.database.write(answer)

    async def answer_requests(self) -> None:
        """Do what screens and commands asked for, and write the answers."""
        requests = await self._open_requests()
        if not requests:
            return
        # What was asked may be about an account that was added just now.
        await self.take_accounts()
        for request in await self._open_requests():
            result = await self._answer(request)
            answer = partial(answer_request, request_id=request.id, result=result, now=utc_now())
            await self.database.write(answer)
        self.dispatcher.wake()

    def _our_adapters(self) -> Mapping[int, Channel]:
        """The adapters of the accounts that we lease."""
        found = {account_id: self.adapters.find(account_id) for account_id in self.leases.accounts}
        return {account_id: adapter for account_id, adapter in found.items() if adapter is not None}

    async def _open_requests(self) -> Sequence[Request]:
        find = partial(list_requests, realm=self.realm, account_ids=self.leases.accounts)
        requests = await self.database.read(find)
        for request in requests:
            if request.kind in JOBS_OF_REQUESTS:
                self._run_soon(JOBS_OF_REQUESTS[request.kind], request.id)
        return [request for request in requests if request.kind not in JOBS_OF_REQUESTS]

    def _run_soon(self, job: str, request_id: int) -> None:
        """Let the job that answers this request tick now, once; later ticks come by themselves."""
        if request_id not in self._hurried and self.scheduler.get_job(job) is not None:
            self._hurried.add(request_id)
            self.scheduler.modify_job(job, next_run_time=utc_now())

    async def _answer(self, request: Request) -> dict[str, object]:
        try:
            return await self._do(request)
        except PASSING:
            raise
        except Exception as error:
            # The rim: whoever asked is told, and the next request has its turn.
            log.exception("request %s failed", request.id)
            return {"ok": False, **describe(Unconfirmed("INTERNAL", type(error).__name__))}

    async def _do(self, request: Request) -> dict[str, object]:
        if request.kind == "count_audience":
            counted, failed = await self.count(utc_now())
            return {"ok": failed == 0, "counted": counted, "failed": failed}
        assert request.subject_id is not None  # noqa: S101 - every other kind is about a row
        if request.kind == SEND_COPY:
            return await send_copy(self.post_office, request.subject_id, request.id)
        if request.kind == "check_account":
            return await self.caretaker.check_account(request.subject_id)
        return await self.caretaker.resolve_channel(request.subject_id)

    async def _keep_leases(self) -> None:
        await self.take_accounts()
        self.dispatcher.wake()
        await self.caretaker.look_after(self.leases.accounts, all_accounts=False)
        self.dispatcher.wake()

    async def _repeat(self, work: Callable[[], Awaitable[None]], when: asyncio.Event) -> None:
        """Do the work when the event is set, and in any case four times in the life of a lease."""
        pause = self.settings.delivery.lease_seconds / 4
        while True:
            when.clear()
            try:
                await work()
            except PASSING as error:
                log.warning("the database cannot be used, trying again: %s", reason_of(error))
            await _wait(when, pause)

    async def _follow_changes(self) -> None:
        async with aclosing(watch_changes(self.database.store.engine)) as changes:
            async for subject in changes:
                self.dispatcher.wake()
                self._asked.set()
                if subject == LEASES:
                    self._look_around()

    def _look_around(self) -> None:
        """Look at our leases, and at the accounts and channels that are not in order."""
        self._look.set()

    async def _say_goodbye(self) -> None:
        try:
            await self.database.write(partial(stop_worker, uid=self.uid, now=utc_now()))
        except PASSING as error:
            log.warning("the leases are not given back and have to run out: %s", reason_of(error))

    def _plan(self, jobs: Sequence[Job]) -> None:
        for job in jobs:
            if isinstance(job.when, AtNextDue):
                self._on_due.append(job)
            else:
                self.scheduler.add_job(
                    self._run_job, trigger_of(job.when), args=[job], id=job.name, **self.HOW_JOBS_RUN
                )

    def _plan_next_due(self, due: datetime | None) -> None:
        if due is None or due == self._next_due:
            return
        self._next_due = due
        for job in self._on_due:
            self.scheduler.add_job(
                self._run_at_due, DateTrigger(due), args=[job], id=job.name,
                replace_existing=True, misfire_grace_time=None,
            )  # fmt: skip

    async def _run_at_due(self, job: Job) -> None:
        # Where the clock was put back meanwhile, the same moment comes once more.
        self._next_due = None
        await self._run_job(job)

    async def _run_job(self, job: Job) -> None:
        try:
            await job.run(self)
        except PASSING as error:
            log.warning("job %s: the database cannot be used: %s", job.name, reason_of(error))
        except Exception:
            # The rim: a job that failed is logged and runs again at its next tick.
            log.exception("job %s failed", job.name)


def run_worker(settings: Settings, realm: Realm, jobs: Sequence[Job]) -> None:
    """Run one worker of the realm until SIGINT or SIGTERM.

    Raises StoreError when the database cannot be used or, on SQLite, when the realm already has a worker.
    """
    store = open_store(settings.database_url, utc_now())
    lock = _only_worker(settings, realm) if store.is_sqlite else None
    try:
        worker = Worker(settings, realm, store)
        asyncio.run(_until_signalled(worker, jobs))
    finally:
        store.close()
        if lock is not None:
            lock.close()


async def _until_signalled(worker: Worker, jobs: Sequence[Job]) -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        try:
            loop.add_signal_handler(number, stop.set)
        except NotImplementedError:
            # Windows: the loop has no signals of its own.
            signal.signal(number, lambda *_: loop.call_soon_threadsafe(stop.set))
    await worker.run(jobs, stop)


async def _wait(event: asyncio.Event, seconds: float) -> None:
    """Until the event is set, at most so long."""
    try:
        async with asyncio.timeout(seconds):
            await event.wait()
    except TimeoutError:
        return


async def _first_to_fail(tasks: Sequence["asyncio.Task[None]"], stop: asyncio.Event) -> None:
    """Wait for the stop; a part that ends by itself takes the worker down with its error."""
    stopping = asyncio.create_task(stop.wait())
    done, _ = await asyncio.wait([stopping, *tasks], return_when=asyncio.FIRST_COMPLETED)
    stopping.cancel()
    for task in done:
        task.result()


def _only_worker(settings: Settings, realm: Realm) -> BinaryIO:
    return hold_lock(settings.data / f"worker-{realm}.lock", f"publisher worker --realm {realm}")


def trigger_of(when: Every) -> CronTrigger | IntervalTrigger:
    """The scheduler's word for a period."""
    if when.aligned:
        return CronTrigger(minute=f"*/{int(when.period.total_seconds() // 60)}", timezone=UTC)
    return IntervalTrigger(seconds=int(when.period.total_seconds()), timezone=UTC)


def _connects(settings: Settings, realm: Realm, timeout: timedelta) -> Mapping[Network, Connect]:
    server, key = _telegram_server(settings, realm)
    return {
        Network.TELEGRAM: partial(connect_telegram, server=server, server_key=key, timeout=timeout),
    }


def _telegram_server(settings: Settings, realm: Realm) -> tuple[tuple[str, int] | None, Path | None]:
    """Where the realm's Telegram is: the sandbox says it in a file, the real one in the settings."""
    if realm is Realm.SANDBOX:
        file = settings.data / "sandbox" / "sandbox.json"
        try:
            sandbox = loads(file.read_text("utf-8"))
        except OSError as error:
            raise StoreError(N_("no sandbox has run here: {file} is missing"), file=file) from error
        return (sandbox["host"], sandbox["telegram_port"]), Path(sandbox["telegram_key"])
    if not settings.telegram.server:
        return None, None
    host, _, port = settings.telegram.server.rpartition(":")
    key = Path(settings.telegram.server_key)
    if not key.is_file():
        raise ConfigError("telegram.server_key", str(key), "a PEM file")
    return (host, int(port)), key
