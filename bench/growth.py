"""Growth over 27 channels and ten years of counts, a quarter of an hour apart: pages, a rebuild, a tick.

A page is compared with the same page of an office without channels, the rebuild of all days with one plain
scan that groups the same counts by day, a tick with the bare insert of its rows. Every pair is measured in
turns in this process. Reach: pages at p95 and a rebuild at most three times their baseline.
"""

import argparse
import sqlite3
import statistics
import tempfile
import time
from collections.abc import Callable, Sequence
from contextlib import closing
from functools import partial
from pathlib import Path
from typing import Any

from sqlalchemy import make_url, text

from bench.figures import Figure, print_figure, print_line
from bench.pages import processor_time
from publisher.core.states import CountSource, Role
from publisher.store.audience import Count, add_counts, list_stretches, list_wrong_days, rebuild_days
from tests.builders import NOW
from tests.web.desk import DeskOffice, Visitor

CHANNELS = 27
QUARTER = 900
YEAR = 365 * 96
END = int(NOW.timestamp()) // QUARTER * QUARTER

# Path, and the path of the office without channels to compare it with.
PAGES = {
    "growth, 30 days": ("/growth", "/growth"),
    "growth, a year": ("/growth?days=365", "/growth"),
    "growth, ten years": ("/growth?from=2016-12-02&to=2026-12-01", "/growth"),
    "all channels, 30 days": ("/growth/channels", "/growth/channels"),
    "all channels, a year": ("/growth/channels?days=365", "/growth/channels"),
    "subscribers": ("/audience", "/audience"),
    "one channel": ("/audience/1", "/audience"),
}


def fill(office: DeskOffice, years: int) -> None:
    """Every channel counted all the time until now, the raw counts alone."""
    channels = [office.add_channel(f"channel{number:02}").id for number in range(CHANNELS)]
    fill_channel = text(
        "WITH RECURSIVE tick(n) AS (SELECT 0 UNION ALL SELECT n + 1 FROM tick WHERE n + 1 < :count)"
        " INSERT INTO audience_count (channel_id, taken_at, value, source)"
        " SELECT :channel, :end - 900 * (:count - 1 - n), 1000 * :channel + n / 96 + n % 7, 0 FROM tick"
    )
    for channel in channels:
        with office.store.begin() as session:
            session.execute(fill_channel, {"channel": channel, "count": years * YEAR, "end": END})


def seconds(work: Callable[[], Any]) -> float:
    """How long it takes."""
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def rebuild(office: DeskOffice) -> None:
    """All days anew, as `publisher counts rebuild` makes them."""
    zone = office.settings.office.zone
    with office.store.reading() as session:
        stretches = list_stretches(session, zone)
    for stretch in stretches:
        with office.store.begin() as session:
            rebuild_days(session, stretch, zone)


def scan(office: DeskOffice) -> None:
    """The plainest roll-up that a database can make of the same counts."""
    query = (
        "SELECT channel_id, (taken_at + 10800) / 86400, min(value), max(value), count(*)"
        " FROM audience_count GROUP BY 1, 2"
    )
    with office.store.reading() as session:
        session.execute(text(query)).all()


def compare_rebuild(office: DeskOffice, rounds: int) -> None:
    """The rebuild against the scan; then whether it is right."""
    pairs = [(seconds(lambda: rebuild(office)), seconds(lambda: scan(office))) for _ in range(rounds)]
    ratios = [ours / bare for ours, bare in pairs]
    print_figure(
        Figure(
            name="rebuild of all days", value=statistics.median(ratios), unit="x a scan",
            noise=f"{min(ratios):.2f} to {max(ratios):.2f}; {pairs[0][0]:.1f} s", reach=3, at_most=True,
        )
    )  # fmt: skip
    zone = office.settings.office.zone
    with office.store.reading() as session:
        stretches = list_stretches(session, zone)
        wrong = sum(len(list_wrong_days(session, stretch, zone)) for stretch in stretches)
    print_line("days that are wrong", str(wrong))


def compare_ticks(office: DeskOffice, folder: Path, rounds: int) -> None:
    """A tick of all channels with its days against the bare insert of as many rows, both committed."""
    with closing(sqlite3.connect(folder / "bare.sqlite", isolation_level=None)) as bare:
        bare.execute("PRAGMA journal_mode = WAL")
        bare.execute("PRAGMA synchronous = FULL")
        bare.execute("CREATE TABLE c (a INT, b INT, v INT, s INT, PRIMARY KEY (a, b)) WITHOUT ROWID")
        times = [
            (seconds(partial(_tick, office, at)), seconds(partial(_bare_tick, bare, at)))
            for at in range(END + QUARTER, END + QUARTER * (rounds + 1), QUARTER)
        ]
    ours, plain = (sorted(one) for one in zip(*times, strict=True))
    middle = rounds // 2
    print_figure(
        Figure(
            name="a tick of 27 with its days", value=ours[middle] / plain[middle], unit="x bare insert",
            noise=f"{ours[middle] * 1000:.2f} ms against {plain[middle] * 1000:.2f} ms",
            reach=3, at_most=True,
        )
    )  # fmt: skip


def _tick(office: DeskOffice, taken_at: int) -> None:
    counts = [
        Count(channel_id=n + 1, taken_at=taken_at, value=5, source=CountSource.NETWORK) for n in range(27)
    ]
    with office.store.begin() as session:
        add_counts(session, counts, office.settings.office.zone)


def _bare_tick(bare: sqlite3.Connection, taken_at: int) -> None:
    bare.execute("BEGIN IMMEDIATE")
    bare.executemany("INSERT INTO c VALUES (?, ?, 5, 0)", [(n, taken_at) for n in range(CHANNELS)])
    bare.execute("COMMIT")


def compare_pages(full: Visitor, empty: Visitor, rounds: int) -> None:
    """Each page over the full office against the one without channels, asked in turns."""
    for name, (path, baseline) in PAGES.items():
        full.get(path)
        empty.get(baseline)
        pairs = [(processor_time(full, path), processor_time(empty, baseline)) for _ in range(rounds)]
        ours, bare = (_p95(times) for times in zip(*pairs, strict=True))
        ratios = [a / b for a, b in pairs]
        low, _, high = statistics.quantiles(ratios, n=4)
        print_figure(
            Figure(
                name=name, value=ours / bare, unit="x empty, p95", reach=3, at_most=True,
                noise=f"quartiles {low:.2f} to {high:.2f}; {ours:.1f} ms against {bare:.1f} ms",
            )
        )  # fmt: skip


def _p95(times: Sequence[float]) -> float:
    return sorted(times)[max(0, int(len(times) * 0.95) - 1)]


def main() -> None:
    """Run it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--years", type=int, default=10)
    parser.add_argument("--rounds", type=int, default=40)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        offices = [DeskOffice(Path(folder) / name) for name in ("full", "empty")]
        fill(offices[0], options.years)
        compare_rebuild(offices[0], 3)
        size = Path(make_url(offices[0].settings.database_url).database or "").stat().st_size
        print_line("counts", f"{CHANNELS * options.years * YEAR:,}", f"{size / 1e6:.0f} MB")
        compare_ticks(offices[0], Path(folder), 200)
        full, empty = (office.visitor(Role.CHIEF) for office in offices)
        compare_pages(full, empty, options.rounds)
        for office in offices:
            office.store.close()


if __name__ == "__main__":
    main()
