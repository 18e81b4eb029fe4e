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
from publisher.core.states import UNFINISHED_STATES, OperationKind, OperationState
from publisher.store.items import get_item
from publisher.store.models import Operation
from tests.delivery.city import City

LATENCY_MS = 15
LONGEST_LIFE = 0.35
PATIENCE = 180
# `make torture` asks for more; `make test` takes the share that each test names.
ROUNDS = int(os.environ.get("TORTURE_ROUNDS", "0"))


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
    """One run over a city by so many workers at once."""

    city: City
    seed: int
    workers: int
    items_a_round: int
    rng: random.Random = field(init=False)
    items: list[Expected] = field(default_factory=list)
    heard: int = 0

    def __post_init__(self) -> None:
        self.rng = random.Random(self.seed)  # noqa: S311 - repeatable on purpose

    def run(self, rounds: int) -> None:
        """So many rounds; each ends with SIGKILL for one of the workers."""
        sandbox = self.city.sandbox
        sandbox.set_latency(LATENCY_MS)
        sandbox.fault_randomly(self.seed, 0.08, "drop", "error", "delay")
        alive = [self.city.start_worker() for _ in range(self.workers)]
        for number in range(rounds):
            sandbox.set_duplicates(self.rng.choice(("original", "error")))
            self.act(number)
            self.wait_for_life()
            time.sleep(self.rng.random() * LONGEST_LIFE)
            place = self.rng.randrange(self.workers)
            self.city.kill_worker(alive[place])
            alive[place] = self.city.start_worker()
        for worker in alive:
            self.city.kill_worker(worker)

    def wait_for_life(self) -> None:
        """Until a worker has said something new, or has nothing to say: a dead one's lease has to end."""
        deadline = time.monotonic() + self.city.settings.delivery.lease_seconds + 1
        while time.monotonic() < deadline and not self.has_spoken():
            time.sleep(0.01)

    def has_spoken(self) -> bool:
        """Whether the network was asked for anything since the last look."""
        news = self.city.sandbox.requests(self.heard)
        self.heard = int(news[-1]["n"]) if news else self.heard
        return bool(news)

    def act(self, number: int) -> None:
        """Publish something new; sometimes correct or withdraw something old."""
        for place in range(self.items_a_round):
            channels = self.rng.sample(self.city.channel_ids, self.rng.randint(1, len(self.city.channel_ids)))
            title = f"Новость {number}.{place}"
            item_id = self.city.plan(title, channels)
            self.items.append(Expected(title, item_id, final="Текст новости города."))
        if self.rng.random() < 0.4:
            self.correct(self.rng.choice(self.items))
        if self.rng.random() < 0.2:
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
        """Let the network behave, and the workers bring everything to its end."""
        self.city.sandbox.clear_faults()
        self.city.sandbox.set_latency(0)
        workers = [self.city.start_worker() for _ in range(self.workers)]
        self.city.wait_until_settled(PATIENCE)
        for worker in workers:
            self.city.stop_worker(worker)

    def judge(self) -> Counter[str]:
        """Compare the walls with what was meant: lost, double and wrong posts, stuck operations."""
        faults: Counter[str] = Counter()
        posts = self.city.sandbox.all_posts(deleted=True)
        items = {item.item_id: item for item in self.items}
        with self.city.store.reading() as session:
            publishes = session.query(Operation).filter_by(kind=OperationKind.PUBLISH).all()
            for operation in publishes:
                item = items[operation.item_id]
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


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What a run came to: its size, and what went wrong by name."""

    operations: int
    kills: int
    seconds: float
    faults: Counter[str]

    def __str__(self) -> str:
        wrong = ", ".join(f"{count} {name}" for name, count in self.faults.items())
        return (
            f"{self.operations} operations, {self.kills} kills in {self.seconds:.0f} s: "
            f"{wrong or '0 lost, 0 double, 0 stuck'}"
        )


def survive(city: City, seed: int, rounds: int, *, workers: int, items_a_round: int = 1) -> Outcome:
    """Torture a city and count what went wrong."""
    torture = Torture(city, seed, workers, items_a_round)
    started = time.monotonic()
    torture.run(rounds)
    try:
        torture.finish()
        faults = torture.judge()
    except AssertionError:
        faults = Counter(stuck=sum(city.states()[state] for state in UNFINISHED_STATES))
    return Outcome(
        operations=sum(city.states().values()),
        kills=rounds,
        seconds=time.monotonic() - started,
        faults=faults,
    )
