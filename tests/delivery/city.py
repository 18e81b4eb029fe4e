"""A city in a folder: its sandbox, its store, one bot, its channels, and workers that can be killed."""

import multiprocessing
import os
import signal
import time
import uuid
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import func, insert, select
from sqlalchemy.orm import Session

from publisher.actions.accounts import add_account, add_channel
from publisher.actions.publish import publish_item
from publisher.actions.save import ItemForm, create_item
from publisher.config import Database, Delivery, Settings, Telegram
from publisher.core.editions import Edition, edition_to_json
from publisher.core.permissions import COMMAND_LINE
from publisher.core.platforms import Network, Realm
from publisher.core.states import (
    OPEN_STATES,
    UNSETTLED_STATES,
    OperationKind,
    OperationState,
    Priority,
)
from publisher.secrets import Vault, key_file
from publisher.store.models import Desk, Operation, Version
from publisher.store.outbox import list_operations
from publisher.store.session import Store, open_store
from tests.builders import add_desk, add_item
from tests.sandbox_process import Bot, SandboxProcess, start_sandbox

FAST = Telegram(channel_per_second=0, account_per_second=0)
PATIENCE = 60.0


class City:
    """What a test of delivery needs; `settings` are those of its workers.

    Its channels are served by `bots` accounts in turn.
    """

    def __init__(
        self, sandbox: SandboxProcess, settings: Settings, store: Store, channels: int, bots: int
    ) -> None:
        self.sandbox = sandbox
        self.settings = settings
        self.store = store
        self.log = settings.data / "worker.log"
        self.handles = [f"city_{number:02}" for number in range(channels)]
        self.bots = [sandbox.add_bot() for _ in range(bots)]
        self.bot = self.bots[0]
        self.account_ids: list[int] = []
        self.channel_ids: list[int] = []
        self._processes: list[Any] = []
        with store.begin() as session:
            self.desk_id = add_desk(session).id
            for place, bot in enumerate(self.bots):
                self._add_account(session, bot, self.handles[place::bots])

    def _add_account(self, session: Session, bot: Bot, handles: Sequence[str]) -> None:
        now = datetime.now(UTC)
        self.sandbox.add_channels(handles, bot)
        vault = Vault(key_file(self.settings.data))
        account = add_account(
            session, COMMAND_LINE, vault, Network.TELEGRAM, f"bot {bot.id}", bot.credentials, now,
            realm=Realm.SANDBOX, session_text=bot.session,
        )  # fmt: skip
        self.account_ids.append(account.id)
        channels = [add_channel(session, COMMAND_LINE, account, handle, now) for handle in handles]
        self.channel_ids += [channel.id for channel in channels]

    def plan(
        self,
        title: str,
        channel_ids: Sequence[int] | None = None,
        *,
        due: datetime | None = None,
        **values: Any,
    ) -> int:
        """Write an item and publish it to these channels (all); its id."""
        now = datetime.now(UTC)
        with self.store.begin() as session:
            form = ItemForm(
                title=title, body="<p>Текст <b>новости</b> города.</p>", desk_id=self.desk_id,
                channel_ids=tuple(channel_ids if channel_ids is not None else self.channel_ids), **values,
            )  # fmt: skip
            item = create_item(session, COMMAND_LINE, form, now)
            publish_item(session, COMMAND_LINE, item.id, self.settings.delivery, now, due=due)
            return item.id

    def start_worker(self) -> Any:
        """A worker process of its own; `kill_worker` ends it without warning."""
        context = multiprocessing.get_context("forkserver")
        context.set_forkserver_preload(["tests.delivery.worker_process"])
        from tests.delivery.worker_process import work

        process = context.Process(target=work, args=(self.settings, self.log))
        process.start()
        self._processes.append(process)
        return process

    def plan_many(
        self,
        operations: int,
        due: datetime,
        edition: Edition,
        state: OperationState = OperationState.PLANNED,
    ) -> None:
        """Write so many publishes, spread evenly over the channels, one item for each row of channels."""
        rows: list[dict[str, Any]] = []
        with self.store.begin() as session:
            desk = session.get_one(Desk, self.desk_id)
            for _ in range(operations // len(self.channel_ids)):
                _, version = add_item(session, desk)
                rows += [
                    self._operation(version, channel_id, due, edition, state)
                    for channel_id in self.channel_ids
                ]
            session.execute(insert(Operation), rows)

    def _operation(
        self, version: Version, channel_id: int, due: datetime, edition: Edition, state: OperationState
    ) -> dict[str, Any]:
        return {
            "item_id": version.item_id, "version_id": version.id, "channel_id": channel_id,
            "kind": OperationKind.PUBLISH, "state": state, "priority": Priority.NORMAL,
            "key": uuid.uuid4().hex, "edition": edition_to_json(edition), "due": due, "wake_at": due,
            "latest": due + timedelta(hours=2), "created_at": due,
        }  # fmt: skip

    def kill_worker(self, process: Any) -> None:
        """SIGKILL."""
        os.kill(process.pid, signal.SIGKILL)
        process.join(10)

    def stop_worker(self, process: Any) -> None:
        """SIGTERM, and wait."""
        process.terminate()
        process.join(20)

    def states(self) -> Counter[OperationState]:
        """How many operations are in each state."""
        with self.store.reading() as session:
            rows = session.execute(select(Operation.state, func.count()).group_by(Operation.state))
            return Counter(dict(rows.all()))

    def operations(self, item_id: int) -> list[Operation]:
        """The item's operations as they are now, with their channels."""
        with self.store.reading() as session:
            return [operation for operation, _ in list_operations(session, item_id)]

    def wait_for(self, has_come: Callable[[], bool], what: str, patience: float = PATIENCE) -> None:
        """Until it is so. Raises AssertionError after `patience`."""
        deadline = time.monotonic() + patience
        while not has_come():
            assert time.monotonic() < deadline, f"{what}: not within {patience} s"
            time.sleep(0.03)

    def restart_sandbox(self) -> None:
        """The networks come back at the same place; what stood there stands."""
        ports = {"port": self.sandbox.http_port, "telegram_port": self.sandbox.telegram_port}
        self.sandbox = start_sandbox(self.sandbox.data, **ports)

    def wait_until_settled(self, patience: float = PATIENCE) -> Counter[OperationState]:
        """Until nothing is open, under way or unknown any more. Raises AssertionError after `patience`."""
        deadline = time.monotonic() + patience
        waiting = (OPEN_STATES | UNSETTLED_STATES) - {OperationState.HELD}
        while time.monotonic() < deadline:
            states = self.states()
            if not any(states[state] for state in waiting):
                return states
            time.sleep(0.03)
        raise AssertionError(f"not settled after {patience} s: {self.states()}")

    def titles(self, handle: str) -> list[str]:
        """The first line of each post that stands in a channel, in order."""
        return [post["text"].split("\n")[0] for post in self.sandbox.posts(handle)]

    def close(self) -> None:
        """End what still runs."""
        for process in self._processes:
            if process.is_alive():
                self.kill_worker(process)
            process.close()
        if self.sandbox.process.poll() is None:
            self.sandbox.stop()


@contextmanager
def running_city(
    folder: Path,
    *,
    channels: int = 3,
    bots: int = 1,
    url: str = "",
    telegram: Telegram = FAST,
    **delivery: int,
) -> Iterator[City]:
    """A city on SQLite in the folder, or on another database."""
    data = folder / "data"
    settings = Settings(
        data=data,
        database=Database(url=url),
        telegram=telegram,
        delivery=Delivery(**{"send_timeout_seconds": 3, "lease_seconds": 12, **delivery}),
    )
    sandbox = start_sandbox(data / "sandbox")
    store = open_store(settings.database_url, datetime.now(UTC))
    city = City(sandbox, settings, store, channels, bots)
    try:
        yield city
    finally:
        city.close()
        store.close()
