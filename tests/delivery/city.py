"""A city in a folder: its sandbox, its store, one bot, its channels, and workers that can be killed."""

import multiprocessing
import os
import signal
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from sqlalchemy import func, select

from publisher.actions.accounts import add_account, add_channel
from publisher.actions.publish import publish_item
from publisher.actions.save import ItemForm, create_item
from publisher.config import Database, Delivery, Settings, Telegram
from publisher.core.permissions import COMMAND_LINE
from publisher.core.platforms import Network, Realm
from publisher.core.states import OPEN_STATES, UNSETTLED_STATES, OperationState
from publisher.secrets import Vault, key_file
from publisher.store.models import Operation
from publisher.store.session import Store, open_store
from tests.builders import add_desk
from tests.sandbox_process import Bot, SandboxProcess, running_sandbox

FAST = Telegram(channel_per_second=0, account_per_second=0)
PATIENCE = 60.0


class City:
    """What a test of delivery needs; `settings` are those of its workers."""

    def __init__(self, sandbox: SandboxProcess, settings: Settings, store: Store, channels: int) -> None:
        self.sandbox = sandbox
        self.settings = settings
        self.store = store
        self.bot: Bot = sandbox.add_bot()
        self.handles = [f"city_{number:02}" for number in range(channels)]
        sandbox.add_channels(self.handles, self.bot)
        self._processes: list[Any] = []
        now = datetime.now(UTC)
        with store.begin() as session:
            self.desk_id = add_desk(session).id
            vault = Vault(key_file(settings.data))
            account = add_account(
                session, COMMAND_LINE, vault, Network.TELEGRAM, "bot", self.bot.credentials, now,
                realm=Realm.SANDBOX, session_text=self.bot.session,
            )  # fmt: skip
            self.account_id = account.id
            self.channel_ids = [
                add_channel(session, COMMAND_LINE, account, handle, now).id for handle in self.handles
            ]

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

        process = context.Process(target=work, args=(self.settings,))
        process.start()
        self._processes.append(process)
        return process

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


@contextmanager
def running_city(
    folder: Path, *, channels: int = 3, url: str = "", telegram: Telegram = FAST, **delivery: int
) -> Iterator[City]:
    """A city on SQLite in the folder, or on another database."""
    data = folder / "data"
    settings = Settings(
        data=data,
        database=Database(url=url),
        telegram=telegram,
        delivery=Delivery(**{"send_timeout_seconds": 3, "lease_seconds": 12, **delivery}),
    )
    with running_sandbox(data / "sandbox") as sandbox:
        store = open_store(settings.database_url, datetime.now(UTC))
        city = City(sandbox, settings, store, channels)
        try:
            yield city
        finally:
            city.close()
            store.close()
