"""A worker process: the one event loop, what jobs need, and the scheduler that ticks."""

import asyncio
import logging
import os
import signal
import socket
import uuid
from collections.abc import Awaitable, Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import aclosing
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from json import loads
from pathlib import Path
from typing import BinaryIO

from apscheduler.schedulers.asyncio import AsyncIOScheduler
from apscheduler.triggers.cron import CronTrigger
from apscheduler.triggers.date import DateTrigger
from apscheduler.triggers.interval import IntervalTrigger

from publisher.channels.base import Connect
from publisher.channels.telegram.adapter import connect_telegram
from publisher.config import Settings
from publisher.core.platforms import Network, Realm
from publisher.core.states import AccountState
from publisher.delivery.accounts import Caretaker
from publisher.delivery.adapters import Adapters
from publisher.delivery.dispatcher import Dispatcher
from publisher.delivery.leases import Leases
from publisher.delivery.reconcile import reconcile
from publisher.errors import ConfigError, StoreError
from publisher.limits import Limits
from publisher.secrets import Vault, key_file
from publisher.store.changes import watch_changes
from publisher.store.channels import answer_request, list_requests, list_unsettled_channels
from publisher.store.leases import start_worker, stop_worker
from publisher.store.locks import hold_lock
from publisher.store.media import MediaStore
from publisher.store.models import Account, Request
from publisher.store.session import Store, open_store
from publisher.tracking.collect import count_audience

log = logging.getLogger(__name__)


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

    def __init__(self, settings: Settings, realm: Realm, store: Store) -> None:
        self.settings = settings
        self.realm = realm
        self.store = store
        self.uid = uuid.uuid4().hex
        self.database = ThreadPoolExecutor(max_workers=1, thread_name_prefix="database")
        delivery, telegram = settings.delivery, settings.telegram
        send_timeout = timedelta(seconds=delivery.send_timeout_seconds)
        lease = timedelta(seconds=delivery.lease_seconds)
        vault = Vault(key_file(settings.data))
        media = MediaStore(settings.data / "media")
        self.adapters = Adapters(_connects(settings, realm, send_timeout), vault, media.path)
        self.leases = Leases(store, self.uid, realm, lease, send_timeout, utc_now)
        self.caretaker = Caretaker(store, self.adapters, vault, utc_now)
        self.scheduler = AsyncIOScheduler(timezone=UTC)
        self.dispatcher = Dispatcher(
            store=store,
            adapters=self.adapters,
            limits=Limits(telegram.account_per_second, telegram.channel_per_second),
            leases=self.leases,
            worker=self.uid,
            in_flight=delivery.in_flight,
            clock=utc_now,
            database=self.database,
            on_next_due=self._plan_next_due,
        )
        self._on_due: list[Job] = []
        self._next_due: datetime | None = None

    async def run(self, jobs: Sequence[Job], stop: asyncio.Event) -> None:
        """Work until `stop` is set; then let what is under way end."""
        with self.store.begin() as session:
            start_worker(session, self.uid, self.realm, socket.gethostname(), os.getpid(), utc_now())
        self._plan(jobs)
        await self._in_database(self.leases.renew)
        await self._open_adapters()
        self.scheduler.start()
        tasks = [
            asyncio.create_task(work)
            for work in (self.dispatcher.run(), self._keep_leases(), self._follow_changes(), self.settle_in())
        ]
        log.info("worker ready", extra={"realm": self.realm.value})
        try:
            await _first_to_fail(tasks[:3], stop)
        finally:
            self.scheduler.shutdown(wait=False)
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            await self.adapters.close()
            with self.store.begin() as session:
                stop_worker(session, self.uid, utc_now())
            self.database.shutdown()

    async def settle_in(self) -> None:
        """Look at what is new or was not in order: accounts first, then channels."""
        with self.store.reading() as session:
            accounts = [session.get_one(Account, account_id) for account_id in sorted(self.leases.accounts)]
        for account in accounts:
            if account.state is AccountState.NEW:
                await self.caretaker.check_account(account.id)
        with self.store.reading() as session:
            channels = [channel.id for channel in list_unsettled_channels(session, self.leases.accounts)]
        for channel_id in channels:
            await self.caretaker.resolve_channel(channel_id)
        self.dispatcher.wake()

    async def check_accounts(self) -> None:
        """Try every account's credentials, and every channel that is not in order."""
        for account_id in sorted(self.leases.accounts):
            await self.caretaker.check_account(account_id)
        await self.settle_in()

    async def count(self, taken_at: datetime) -> tuple[int, int]:
        """Count every channel's subscribers; (counted, failed)."""
        adapters = {
            account_id: self.adapters.get(account_id)
            for account_id in self.leases.accounts & self.adapters.accounts
        }
        return await count_audience(self.store, adapters, self.settings.office.zone, taken_at)

    async def reconcile(self) -> None:
        """Read back the posts whose time has come."""
        await reconcile(self.store, self.adapters, self.leases.accounts, utc_now)

    async def answer_requests(self) -> None:
        """Do what screens and commands asked for, and write the answers."""
        with self.store.reading() as session:
            requests = list_requests(session, self.realm)
        for request in requests:
            result = await self._answer(request)
            with self.store.begin() as session:
                answer_request(session, request.id, result, utc_now())
        if requests:
            self.dispatcher.wake()

    async def _answer(self, request: Request) -> dict[str, object]:
        if request.kind == "count_audience":
            counted, failed = await self.count(utc_now())
            return {"ok": failed == 0, "counted": counted, "failed": failed}
        assert request.subject_id is not None  # noqa: S101 - every other kind is about a row
        await self._in_database(self.leases.renew)
        await self._open_adapters()
        if request.kind == "check_account":
            return await self.caretaker.check_account(request.subject_id)
        return await self.caretaker.resolve_channel(request.subject_id)

    async def _open_adapters(self) -> None:
        with self.store.reading() as session:
            accounts = [session.get_one(Account, account_id) for account_id in sorted(self.leases.accounts)]
        for account in accounts:
            await self.adapters.refresh(account)

    async def _keep_leases(self) -> None:
        pause = self.settings.delivery.lease_seconds / 4
        while True:
            await asyncio.sleep(pause)
            await self._in_database(self.leases.renew)
            await self._open_adapters()
            self.dispatcher.wake()

    async def _follow_changes(self) -> None:
        async with aclosing(watch_changes(self.store.engine)) as changes:
            async for _ in changes:
                self.dispatcher.wake()
                await self.answer_requests()

    async def _in_database(self, work: Callable[[], None]) -> None:
        await asyncio.get_running_loop().run_in_executor(self.database, work)

    def _plan(self, jobs: Sequence[Job]) -> None:
        for job in jobs:
            if isinstance(job.when, AtNextDue):
                self._on_due.append(job)
            else:
                self.scheduler.add_job(
                    self._run_job, _trigger(job.when), args=[job], id=job.name,
                    coalesce=True, max_instances=1, misfire_grace_time=None,
                )  # fmt: skip

    def _plan_next_due(self, due: datetime | None) -> None:
        if due is None or due == self._next_due:
            return
        self._next_due = due
        for job in self._on_due:
            self.scheduler.add_job(
                self._run_job, DateTrigger(due), args=[job], id=job.name,
                replace_existing=True, misfire_grace_time=None,
            )  # fmt: skip

    async def _run_job(self, job: Job) -> None:
        try:
            await job.run(self)
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
        loop.add_signal_handler(number, stop.set)
    await worker.run(jobs, stop)


async def _first_to_fail(tasks: Sequence["asyncio.Task[None]"], stop: asyncio.Event) -> None:
    """Wait for the stop; a part that ends by itself takes the worker down with its error."""
    stopping = asyncio.create_task(stop.wait())
    done, _ = await asyncio.wait([stopping, *tasks], return_when=asyncio.FIRST_COMPLETED)
    stopping.cancel()
    for task in done:
        task.result()


def _only_worker(settings: Settings, realm: Realm) -> BinaryIO:
    return hold_lock(settings.data / f"worker-{realm}.lock", f"a worker of the {realm} realm")


def _trigger(when: Every) -> CronTrigger | IntervalTrigger:
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
            raise StoreError(f"no sandbox has run here: {file} is missing") from error
        return (sandbox["host"], sandbox["telegram_port"]), Path(sandbox["telegram_key"])
    if not settings.telegram.server:
        return None, None
    host, _, port = settings.telegram.server.rpartition(":")
    key = Path(settings.telegram.server_key)
    if not key.is_file():
        raise ConfigError("telegram.server_key", str(key), "a PEM file")
    return (host, int(port)), key
