"""An archive of 20,000 items with their posts, figures and ten years of counts, made and brought up to date.

The baseline is the least that a program could do, in the same run: read the same tables row by row through
Python's own sqlite3 and write them into a bare file, without looking at what may go out, without comparing,
cleaning, indexing or checking anything. Reach: making the archive takes at most 8 times that, and a night's
run, which reads everything and writes what is new, at most 4 times. What counts is the processor's time.
"""

import argparse
import random
import sqlite3
import statistics
import tempfile
import time
import uuid
from collections.abc import Callable, Sequence
from contextlib import closing
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import insert

from bench.figures import Figure, print_figure, print_line
from bench.pages import WORDS
from publisher.core.platforms import Realm
from publisher.core.states import ItemStatus, OperationKind, OperationState, PostState, Priority
from publisher.store.archive.write import Labels, Made, write_archive
from publisher.store.models import AudienceDay, Item, Operation, Post, PostMetric, Version
from publisher.store.session import Store, open_store
from tests.builders import add_account, add_channel, add_desk

NOW = datetime(2026, 12, 1, 6, 0, tzinfo=UTC)
LABELS = Labels(office="Администрация города", zone=ZoneInfo("Europe/Moscow"))
CHANNELS, POSTS_PER_ITEM, AGES = 27, 8, (600, 3600, 21_600, 86_400, 604_800)
TEN_YEARS = 3652
A_DAY = 6
AT_ONCE = 2_000
TABLES = ("item", "version", "post", "post_metric", "audience_day")


class Office:
    """A newsroom that has published for ten years."""

    def __init__(self, folder: Path) -> None:
        self.store: Store = open_store(f"sqlite:///{folder / 'newsroom.sqlite'}", NOW)
        self.dice = random.Random(2024)  # noqa: S311 - a model of an office, not a secret
        self.published = 0
        with self.store.begin() as session:
            self.desk_id = add_desk(session).id
            account = add_account(session, realm=Realm.REAL)
            self.channel_ids = [add_channel(session, account).id for _ in range(CHANNELS)]

    def publish(self, items: int) -> None:
        """So many more items, each in some channels, measured at every age."""
        for start in range(0, items, AT_ONCE):
            self._publish(range(self.published + 1, self.published + 1 + min(AT_ONCE, items - start)))

    def _publish(self, numbers: Sequence[int]) -> None:
        self.published = numbers[-1]
        posts = [
            (number * POSTS_PER_ITEM + place, number, channel)
            for number in numbers
            for place, channel in enumerate(self.dice.sample(self.channel_ids, POSTS_PER_ITEM))
        ]
        with self.store.begin() as session:
            session.execute(insert(Item), [self._item(number) for number in numbers])
            session.execute(insert(Version), [self._version(number) for number in numbers])
            session.execute(insert(Operation), [_operation(*post) for post in posts])
            session.execute(insert(Post), [_post(*post) for post in posts])
            session.execute(insert(PostMetric), [_metric(post[0], age) for post in posts for age in AGES])

    def count(self, first: int, last: int) -> None:
        """Every channel's subscribers on these days."""
        rows = [
            {
                "channel_id": channel, "day": date(2016, 12, 1) + timedelta(days=day), "first_at": 0,
                "opening": day, "last_at": 1, "closing": day, "low": day, "high": day, "samples": 96,
            }
            for channel in self.channel_ids
            for day in range(first, last)
        ]  # fmt: skip
        with self.store.begin() as session:
            session.execute(insert(AudienceDay), rows)

    def _item(self, number: int) -> dict[str, Any]:
        return {
            "id": number, "slug": f"item-{number}", "desk_id": self.desk_id, "head": 1,
            "status": ItemStatus.PUBLISHED, "priority": Priority.NORMAL, "created_at": NOW, "updated_at": NOW,
            "demo": False,
        }  # fmt: skip

    def _version(self, number: int) -> dict[str, Any]:
        sentences = (" ".join(self.dice.choices(WORDS, k=9)) for _ in range(12))
        return {
            "id": number, "item_id": number, "number": 1, "title": " ".join(self.dice.choices(WORDS, k=5)),
            "body": "".join(f"<p>{sentence}.</p>" for sentence in sentences), "tags": ["город"], "source": "",
            "layout": "caption", "link_preview": True, "silent": False, "hash": uuid.uuid4().hex,
            "created_at": NOW,
        }  # fmt: skip


def _operation(post: int, item: int, channel: int) -> dict[str, Any]:
    return {
        "id": post, "item_id": item, "version_id": item, "channel_id": channel, "cost": 1, "attempts": 1,
        "kind": OperationKind.PUBLISH, "state": OperationState.SENT, "priority": Priority.NORMAL,
        "key": uuid.uuid4().hex, "due": NOW, "sent_at": NOW, "created_at": NOW,
    }  # fmt: skip


def _post(post: int, item: int, channel: int) -> dict[str, Any]:
    return {
        "id": post, "operation_id": post, "standing_id": post, "item_id": item, "channel_id": channel,
        "external_ids": [post], "permalink": f"https://t.me/channel/{post}", "state": PostState.LIVE,
        "published_at": NOW - timedelta(minutes=post), "checks": 3,
    }  # fmt: skip


def _metric(post: int, age: int) -> dict[str, Any]:
    return {"post_id": post, "age": age, "taken_at": NOW, "views": age, "forwards": 3, "reactions": 9}


def seconds(work: Callable[[], object]) -> float:
    """How long the processor is at it: another program's load does not show."""
    start = time.process_time()
    work()
    return time.process_time() - start


def copy_plainly(office: Office, target: Path) -> float:
    """Seconds for the same rows into a bare file."""
    target.unlink(missing_ok=True)
    database = office.store.engine.url.database
    assert database  # noqa: S101 - it lies in a file
    with closing(sqlite3.connect(database)) as source, closing(sqlite3.connect(target)) as bare:

        def copy() -> None:
            for table in TABLES:
                rows = source.execute(f"SELECT * FROM {table}")  # noqa: S608 - names from above
                names = [column[0] for column in rows.description]
                bare.execute(f"CREATE TABLE {table} ({', '.join(names)})")
                bare.executemany(f"INSERT INTO {table} VALUES ({', '.join('?' * len(names))})", rows)  # noqa: S608
            bare.commit()

        return seconds(copy)


def measure(folder: Path, items: int, rounds: int) -> None:
    """The table."""
    office = Office(folder)
    office.publish(items)
    office.count(0, TEN_YEARS)
    archive = folder / "newsroom.db"
    plain = folder / "plain.db"
    made: list[Made] = []

    def run(*, anew: bool = False) -> None:
        made.append(write_archive(office.store, archive, Realm.REAL, LABELS, NOW, anew=anew))

    run()
    first, again = [], []
    for number in range(rounds):
        first.append(seconds(lambda: run(anew=True)) / copy_plainly(office, plain))
        office.publish(A_DAY)
        office.count(TEN_YEARS + number, TEN_YEARS + number + 1)
        again.append(seconds(run) / copy_plainly(office, plain))
    bare, whole, night = copy_plainly(office, plain), seconds(lambda: run(anew=True)), seconds(run)
    print_line("archive", f"{made[-1].items} items", f"{made[-1].posts} posts", f"{made[-1].days} days")
    print_line("archive, the file", f"{archive.stat().st_size / 1e6:.0f} MB", f"copied plainly {bare:.2f} s")
    print_line("archive, seconds", f"made {whole:.2f} s", f"nothing new {night:.2f} s")
    for name, ratios, reach in (("archive made", first, 8), ("archive brought up to date", again, 4)):
        noise = f"{min(ratios):.2f} to {max(ratios):.2f}"
        print_figure(
            Figure(
                name=name, value=statistics.median(ratios), unit="× a plain copy", noise=noise, reach=reach,
                at_most=True,
            )
        )  # fmt: skip
    office.store.close()


def main() -> None:
    """Run it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--items", type=int, default=20_000)
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        measure(Path(folder), options.items, options.rounds)


if __name__ == "__main__":
    main()
