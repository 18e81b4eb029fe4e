"""Trying to break delivery: workers killed at random moments, links dropped before and after the server
applied a request, corrections and kills in between. Seeded, so that a failed round can be run again."""

import os
import random
import time
from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, datetime

from publisher.actions.correct import correct_item
from publisher.actions.kill import kill_item
from publisher.actions.save import ItemForm, save_item
from publisher.core.permissions import COMMAND_LINE
from publisher.core.states import OperationKind, OperationState
from publisher.store.items import get_item
from publisher.store.models import Operation
from tests.delivery.city import City

LATENCY_MS = 15
LONGEST_LIFE = 0.35
ROUNDS = int(os.environ.get("TORTURE_ROUNDS", "60"))


@dataclass(slots=True)
class Expected:
    """What readers should see of an item in the end."""

    title: str
    item_id: int
    killed: bool = False
    corrections: int = 0
    final: str = ""


@dataclass(slots=True)
class Torture:
    """One run over a city."""

    city: City
    seed: int
    rng: random.Random = field(init=False)
    items: list[Expected] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.rng = random.Random(self.seed)  # noqa: S311 - repeatable on purpose

    def run(self, rounds: int) -> None:
        """So many lives of a worker, each ended by SIGKILL."""
        self.city.sandbox.set_latency(LATENCY_MS)
        self.city.sandbox.fault_randomly(self.seed, 0.08, "drop", "error", "delay")
        for number in range(rounds):
            self.act(number)
            worker = self.city.start_worker()
            self.wait_for_life()
            time.sleep(self.rng.random() * LONGEST_LIFE)
            self.city.kill_worker(worker)

    def wait_for_life(self) -> None:
        """Until the worker has said something, or surely has nothing to say."""
        seen = len(self.city.sandbox.requests())
        deadline = time.monotonic() + 2
        while time.monotonic() < deadline and len(self.city.sandbox.requests()) == seen:
            time.sleep(0.01)

    def act(self, number: int) -> None:
        """Publish something new; sometimes correct or withdraw something old."""
        channels = self.rng.sample(self.city.channel_ids, self.rng.randint(1, len(self.city.channel_ids)))
        title = f"Новость {number}"
        self.items.append(Expected(title, self.city.plan(title, channels), final="Текст новости города."))
        if self.items and self.rng.random() < 0.4:
            self.correct(self.rng.choice(self.items))
        if self.items and self.rng.random() < 0.2:
            self.kill(self.rng.choice(self.items))

    def correct(self, item: Expected) -> None:
        """Send a new version to whoever got the item."""
        if item.killed:
            return
        item.corrections += 1
        item.final = f"Исправление {item.corrections}."
        now = datetime.now(UTC)
        with self.city.store.begin() as session:
            row = get_item(session, item.item_id)
            form = ItemForm(
                title=item.title,
                body=f"<p>{item.final}</p>",
                desk_id=self.city.desk_id,
                channel_ids=tuple(channel.id for channel in row.channels),
                base=row.head,
            )
            save_item(session, COMMAND_LINE, item.item_id, form, now)
            correct_item(session, COMMAND_LINE, item.item_id, self.city.settings.delivery, now)

    def kill(self, item: Expected) -> None:
        """Withdraw an item from everyone."""
        if item.killed:
            return
        item.killed = True
        with self.city.store.begin() as session:
            kill_item(
                session,
                COMMAND_LINE,
                item.item_id,
                "Проверка",
                self.city.settings.delivery,
                datetime.now(UTC),
            )

    def finish(self) -> None:
        """Let the network behave, and one worker bring everything to its end."""
        self.city.sandbox.clear_faults()
        self.city.sandbox.set_latency(0)
        worker = self.city.start_worker()
        self.city.wait_until_settled(120)
        self.city.stop_worker(worker)

    def judge(self) -> Counter[str]:
        """Compare the walls with what was meant: lost, double and wrong posts, stuck operations."""
        faults: Counter[str] = Counter()
        posts = self.city.sandbox.all_posts(deleted=True)
        with self.city.store.reading() as session:
            publishes = session.query(Operation).filter_by(kind=OperationKind.PUBLISH).all()
            for operation in publishes:
                item = next(item for item in self.items if item.item_id == operation.item_id)
                wall = [p for p in posts[operation.channel.handle] if p["text"].split("\n")[0] == item.title]
                standing = [p for p in wall if p["deleted_at"] is None]
                faults["double"] += len(wall) > 1
                if item.killed:
                    faults["not withdrawn"] += len(standing) > 0
                elif operation.state is OperationState.SENT:
                    faults["lost"] += not standing
                    faults["wrong text"] += any(not p["text"].endswith(item.final) for p in standing)
                else:
                    faults[f"ended as {operation.state}"] += 1
        return +faults


def survive(city: City, seed: int, rounds: int = ROUNDS) -> Counter[str]:
    """Torture a city and count what went wrong."""
    torture = Torture(city, seed)
    torture.run(rounds)
    torture.finish()
    return torture.judge()
