"""Pages over 200,000 items and 10,000 planned operations against the same pages of an office without news.

Both offices answer in this process, turn by turn. What counts is the processor time of a whole request, the
database's work included, so that another program's load shows in neither. Reach: p95 at most three times
that of the empty page.
"""

import argparse
import random
import statistics
import tempfile
import time
import uuid
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import insert

from publisher.core.editions import edition_to_json
from publisher.core.states import ItemStatus, OperationKind, OperationState, Priority, Role
from publisher.store.models import Item, ItemChannel, Operation, Version
from tests.builders import add_desk, add_user, text_edition
from tests.web.desk import DeskOffice, Visitor

NOW = datetime(2026, 12, 1, 6, 0, tzinfo=UTC)
WORDS = [
    "мост",
    "парк",
    "школа",
    "дорога",
    "трамвай",
    "вода",
    "тепло",
    "праздник",
    "ярмарка",
    "округ",
    "центр",
    "ремонт",
    "бюджет",
    "спорт",
]
# What two hundred thousand items have become, in rough shares.
STATES = (
    [ItemStatus.PUBLISHED] * 85 + [ItemStatus.CORRECTED] * 8 + [ItemStatus.SPIKED] * 4
    + [ItemStatus.KILLED] * 2 + [ItemStatus.DRAFT]
)  # fmt: skip
AT_ONCE = 10_000
CHANNELS = 25

PAGES = {
    "today": ("/", "/"),
    "today, one's own desk": ("/?desks=own", "/"),
    "today, live": ("/today/live", "/today/live"),
    "items": ("/items", "/items"),
    "items, published": ("/items?tab=out", "/items"),
    "items, planned by time": ("/items?tab=scheduled", "/items"),
    "items, one desk, published": ("/items?desk=2&tab=out", "/items"),
    "items, one channel": ("/items?channel=3", "/items"),
    "items, one author": ("/items?author=1", "/items"),
    "items, two words": ("/items?q=%D0%BC%D0%BE%D1%81%D1%82+%D0%BF%D0%B0%D1%80%D0%BA", "/items"),
    "items, a word nobody wrote": ("/items?q=%D0%B6%D0%B8%D1%80%D0%B0%D1%84", "/items"),
    "items, two years back": ("/items?until=2024-12-01", "/items"),
    "queue": ("/queue", "/queue"),
}


def fill(office: DeskOffice, items: int, planned: int) -> None:
    """Items over five years on twelve desks; the last ones are planned, 25 channels each."""
    dice = random.Random(2024)  # noqa: S311 - a model of an office, not a secret
    with office.store.begin() as session:
        desks = [office.desk.id, *(add_desk(session, f"desk-{number}").id for number in range(11))]
        people = [add_user(session, Role.EDITOR).id for _ in range(30)]
    channels = [office.add_channel(f"channel{number}").id for number in range(CHANNELS)]
    first_planned = items - planned // CHANNELS
    for start in range(0, items, AT_ONCE):
        rows = [
            _item(number, items, first_planned, dice, desks, people)
            for number in range(start, min(start + AT_ONCE, items))
        ]
        with office.store.begin() as session:
            session.execute(insert(Item), rows)
            session.execute(insert(Version), [_version(row["id"], dice) for row in rows])
            pairs = [(row["id"], channel) for row in rows for channel in dice.sample(channels, 2)]
            session.execute(
                insert(ItemChannel), [{"item_id": item, "channel_id": channel} for item, channel in pairs]
            )
            waiting = [row for row in rows if row["status"] is ItemStatus.SCHEDULED]
            if waiting:
                session.execute(insert(Operation), list(_operations(waiting, channels)))


def _item(
    number: int, items: int, first_planned: int, dice: random.Random, desks: list[int], people: list[int]
) -> dict[str, Any]:
    changed = NOW - timedelta(minutes=(items - number) * 13)
    is_planned = number >= first_planned
    return {
        "id": number + 1, "slug": f"item-{number}", "desk_id": dice.choice(desks), "head": 1,
        "status": ItemStatus.SCHEDULED if is_planned else dice.choice(STATES), "priority": Priority.NORMAL,
        "due": NOW + timedelta(minutes=(number - first_planned) * 7 + 3) if is_planned else changed,
        "created_at": changed, "created_by_id": dice.choice(people), "updated_at": changed, "demo": False,
    }  # fmt: skip


def _version(item_id: int, dice: random.Random) -> dict[str, Any]:
    return {
        "id": item_id, "item_id": item_id, "number": 1, "title": " ".join(dice.choices(WORDS, k=5)),
        "body": "<p>Текст новости.</p>" * 20, "tags": [], "source": "", "layout": "caption",
        "link_preview": True, "silent": False, "hash": uuid.uuid4().hex, "created_at": NOW,
    }  # fmt: skip


def _operations(rows: Sequence[dict[str, Any]], channels: Sequence[int]) -> Iterator[dict[str, Any]]:
    edition = edition_to_json(text_edition("Текст новости. " * 60))
    for row in rows:
        for channel in channels:
            yield {
                "item_id": row["id"], "version_id": row["id"], "channel_id": channel, "cost": 1,
                "kind": OperationKind.PUBLISH, "state": OperationState.PLANNED, "attempts": 0,
                "priority": Priority.NORMAL, "key": uuid.uuid4().hex, "edition": edition, "due": row["due"],
                "latest": row["due"] + timedelta(hours=2), "wake_at": row["due"], "created_at": NOW,
            }  # fmt: skip


def processor_time(visitor: Visitor, path: str) -> float:
    """Milliseconds of one request."""
    start = time.process_time()
    visitor.get(path)
    return (time.process_time() - start) * 1000


def compare(full: Visitor, empty: Visitor, rounds: int, pages: Mapping[str, tuple[str, str]] = PAGES) -> None:
    """The table: each page over the full office against the empty one, asked in turns."""
    for name, (path, baseline) in pages.items():
        full.get(path)
        empty.get(baseline)
        pairs = [(processor_time(full, path), processor_time(empty, baseline)) for _ in range(rounds)]
        ours, bare = (sorted(times) for times in zip(*pairs, strict=True))
        place = max(0, int(rounds * 0.95) - 1)
        ratios = [a / b for a, b in pairs]
        low, _, high = statistics.quantiles(ratios, n=4)
        print_line(
            name,
            f"p95 {ours[place]:.1f} ms",
            f"empty {bare[place]:.1f} ms",
            f"ratio {ours[place] / bare[place]:.2f}",
            f"quartiles {low:.2f} to {high:.2f}",
        )


def print_line(*cells: str) -> None:
    """One row of the table."""
    print(" | ".join(f"{cell:<26}" for cell in cells), flush=True)  # noqa: T201 - a benchmark prints


def main() -> None:
    """Run it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--items", type=int, default=200_000)
    parser.add_argument("--planned", type=int, default=10_000)
    parser.add_argument("--rounds", type=int, default=60)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        offices = [DeskOffice(Path(folder) / name) for name in ("full", "empty")]
        fill(offices[0], options.items, options.planned)
        full, empty = (office.visitor(Role.CHIEF) for office in offices)
        compare(full, empty, options.rounds)
        for office in offices:
            office.store.close()


if __name__ == "__main__":
    main()
