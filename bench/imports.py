"""Importing a million counts against sqlite-utils' bare insert of the same rows, in the same run.

The import reads the file, understands every cell, compares it with the database and writes counts and days in
one transaction, durably; the baseline puts ready numbers into a table and checks nothing. What counts is the
processor time of the whole, the database's work included.
"""

import argparse
import random
import resource
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from itertools import chain
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from sqlite_utils import Database

from bench.figures import Figure, print_figure, print_line
from publisher.core.entries import NOTHING_MENDED, Setting
from publisher.core.guessing import Kind, Names, guess_layout
from publisher.store.imports import list_named_channels, prepare, stage_table, write
from publisher.store.session import Store, open_store
from publisher.store.sheets import open_table
from tests.builders import add_account, add_channel

NOW = datetime(2026, 12, 1, 6, 0, tzinfo=UTC)
CITY = ZoneInfo("Europe/Moscow")
CHANNELS = 27
FIRST = datetime(2018, 1, 1)  # noqa: DTZ001 - the city's clock, as spreadsheets have it
QUARTER = timedelta(minutes=15)

Row = tuple[datetime, int, int]


def rows(count: int) -> Iterator[Row]:
    """Moment, channel and value, as an office counted them."""
    dice = random.Random(2024)  # noqa: S311 - a model of growth, not a secret
    for number in range(count):
        yield FIRST + number // CHANNELS * QUARTER, number % CHANNELS, 10_000 + dice.randrange(90_000)


def write_long(file: Path, count: int) -> None:
    """A line for each count, with spaces in its number."""
    with file.open("w", encoding="utf-8") as target:
        target.write("Дата;Канал;Подписчики\n")
        target.writelines(
            f"{moment:%d.%m.%Y %H:%M};@channel{channel};{value:,}\n".replace(",", " ")
            for moment, channel, value in rows(count)
        )


def write_wide(file: Path, count: int) -> None:
    """A line for each moment, a column for each channel."""
    with file.open("w", encoding="cp1251") as target:
        target.write("Дата," + ",".join(f"@channel{number}" for number in range(CHANNELS)) + "\n")
        cells: list[str] = []
        for moment, channel, value in rows(count // CHANNELS * CHANNELS):
            cells.append(str(value))
            if channel == CHANNELS - 1:
                target.write(f"{moment:%Y-%m-%d %H:%M}," + ",".join(cells) + "\n")
                cells.clear()


def import_file(store: Store, file: Path) -> int:
    """How many counts were written."""
    table = open_table(file)
    with store.reading() as session:
        names = Names(list_named_channels(session))
    layout = guess_layout(Kind.COUNTS, table.sample(), names)
    setting = Setting(zone=CITY, now=NOW)
    stage = stage_table(Kind.COUNTS, table, layout, names, NOTHING_MENDED, setting)
    with store.reading() as session:
        changes = prepare(session, stage)
    with store.begin() as session:
        write(session, changes, CITY)
    stage.close()
    return changes.summary.new


def insert_bare(folder: Path, count: int) -> int:
    """The same rows as ready numbers through sqlite-utils into a table with the same key."""
    database = Database(folder / "bare.sqlite")
    first = int(FIRST.replace(tzinfo=CITY).timestamp())
    ready: Iterator[list[Any]] = (
        [channel, first + number // CHANNELS * 900, value, 1]
        for number, (_, channel, value) in enumerate(rows(count))
    )
    head: list[Any] = ["channel_id", "taken_at", "value", "source"]
    database.table("count").insert_all(chain([head], ready), pk=("channel_id", "taken_at"), batch_size=20_000)
    written = database.table("count").count
    database.close()
    return int(written)


def processor_time(act: Callable[[], int]) -> tuple[float, int]:
    """Seconds, and what the act gave."""
    start = time.process_time()
    done = act()
    return time.process_time() - start, done


def measure(form: str, write_file: Callable[[Path, int], None], count: int, rounds: int) -> None:
    """A row of the table: the import against the baseline, in turns."""
    ratios: list[float] = []
    seconds: list[float] = []
    for _ in range(rounds):
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            write_file(folder / "table.csv", count)
            store = open_store(f"sqlite:///{folder / 'newsroom.sqlite'}", NOW)
            with store.begin() as session:
                account = add_account(session)
                for number in range(CHANNELS):
                    add_channel(session, account, handle=f"channel{number}")
            ours, written = processor_time(lambda: import_file(store, folder / "table.csv"))  # noqa: B023 - called at once
            bare, inserted = processor_time(lambda: insert_bare(folder, written))  # noqa: B023 - called at once
            store.close()
        if written != inserted:
            raise SystemExit(f"{form}: {written} imported, {inserted} inserted")
        ratios.append(ours / bare)
        seconds.append(ours)
    noise = f"{min(ratios):.2f} to {max(ratios):.2f}, {statistics.median(seconds):.1f} s each"
    ratio = statistics.median(ratios)
    name = f"import of {count:,} counts, {form}"
    print_figure(Figure(name=name, value=ratio, unit="× bare insert", noise=noise, reach=5, at_most=True))


def main() -> None:
    """Run it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--counts", type=int, default=1_000_000)
    parser.add_argument("--rounds", type=int, default=3)
    options, _ = parser.parse_known_args()
    measure("long CSV", write_long, options.counts, options.rounds)
    measure("wide CSV", write_wide, options.counts, options.rounds)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print_line("memory at its highest", f"{peak:.0f} MB", "this process, baseline included")


if __name__ == "__main__":
    main()
