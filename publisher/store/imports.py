"""Imports: a table's entries staged beside the database, compared with it, and written."""

import sqlite3
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date
from enum import Enum, auto
from itertools import groupby, islice
from zoneinfo import ZoneInfo

from sqlalchemy import func, literal, select
from sqlalchemy.orm import Session

from publisher.core.entries import Entry, EntryReader, Fault, Mending, Setting, Skipped, When, Who
from publisher.core.guessing import Kind, Layout, NamedChannel, Names
from publisher.core.messages import N_
from publisher.core.states import CountSource
from publisher.core.tables import Misread
from publisher.store.appeals import add_appeals, find_totals
from publisher.store.audience import Count, add_counts
from publisher.store.audit import find_newest_id
from publisher.store.channels import list_channels
from publisher.store.models import AudienceCount
from publisher.store.sheets import Table

ROWS_AT_ONCE = 20_000
# PostgreSQL and SQLite both take more places in one query, but nobody is faster then.
KEYS_AT_ONCE = 900
# What a list of faults holds; beyond, they are only counted.
MOST_FAULTS = 10_000
MOST_EXAMPLES = 20


class Verdict(Enum):
    """What an entry would do to the database."""

    NEW = auto()
    CHANGED = auto()
    SAME = auto()
    # The network's own count stands at this moment, and stays.
    KEPT = auto()


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """An entry beside what the database has."""

    entry: Entry
    old: int | None
    verdict: Verdict


@dataclass(slots=True, kw_only=True)
class Summary:
    """What an import does, or did. `examples` are the first entries that would replace a value or give way
    to the network's; `touched` counts new and changed entries by channel or topic."""

    new: int = 0
    changed: int = 0
    same: int = 0
    kept: int = 0
    repeated: int = 0
    first: When | None = None
    last: When | None = None
    touched: Counter[Who] = field(default_factory=Counter)
    named: set[Who] = field(default_factory=set)
    examples: list[Difference] = field(default_factory=list)

    @property
    def changes(self) -> int:
        """How many values are written."""
        return self.new + self.changed

    def add(self, difference: Difference) -> None:
        """Count it in."""
        entry = difference.entry
        self.named.add(entry.who)
        self.first = entry.when if self.first is None else min(self.first, entry.when)
        self.last = entry.when if self.last is None else max(self.last, entry.when)
        match difference.verdict:
            case Verdict.NEW:
                self.new += 1
            case Verdict.CHANGED:
                self.changed += 1
            case Verdict.SAME:
                self.same += 1
            case Verdict.KEPT:
                self.kept += 1
        if difference.verdict in {Verdict.NEW, Verdict.CHANGED}:
            self.touched[entry.who] += 1
        shown = difference.verdict in {Verdict.CHANGED, Verdict.KEPT}
        if shown and len(self.examples) < MOST_EXAMPLES:
            self.examples.append(difference)


@dataclass(slots=True, kw_only=True)
class Changes:
    """What an import writes, prepared before its transaction: a million rows are compared in ten seconds, for
    which nobody else could write, and written in two. `base` is the newest import known then."""

    base: int | None
    summary: Summary = field(default_factory=Summary)
    counts: list[Sequence[Count]] = field(default_factory=list)
    totals: list[Sequence[tuple[date, str, str, int]]] = field(default_factory=list)

    def add(self, kind: Kind, entries: Sequence[Entry]) -> None:
        """Take in a batch of entries that are all new, or all different."""
        if kind is Kind.COUNTS:
            self.counts.append([_count(entry) for entry in entries])
        else:
            self.totals.append([_total(entry) for entry in entries])


class Stage:
    """The entries of one table in a database of their own, which lies in a temporary file once it is large.

    `faults` are the first ones, `fault_count` is how many there are; with one fault nothing may be written.
    """

    def __init__(self, kind: Kind) -> None:
        self.kind = kind
        self.faults: list[Fault] = []
        self.fault_count = 0
        self.skipped = Skipped()
        self._key = ("who", "moment") if kind is Kind.COUNTS else ("who", "moment", "source")
        # A process does without the library until its first import.
        from sqlite_utils import Database

        self._db = Database(sqlite3.connect(""))
        is_count = kind is Kind.COUNTS
        number_or_text = int if is_count else str
        self._db.table("entry").create(
            {
                "line": int, "place": int, "who": number_or_text, "moment": number_or_text,
                "source": number_or_text, "value": int,
            }
        )  # fmt: skip

    def close(self) -> None:
        """Let go of the entries."""
        self._db.close()

    def fill(self, found: Iterable[Entry | Fault]) -> None:
        """Take the entries in, and the faults; then look for entries that contradict one another."""
        self._insert(self._sort_out(found))
        self._db.table("entry").create_index(self._key)
        for fault in self._contradictions():
            self._add_fault(fault)
        self.faults.sort(key=lambda fault: (fault.line, fault.column))

    def _sort_out(self, found: Iterable[Entry | Fault]) -> Iterator[Entry]:
        for one in found:
            if isinstance(one, Fault):
                self._add_fault(one)
            else:
                yield one

    def _add_fault(self, fault: Fault) -> None:
        self.fault_count += 1
        if len(self.faults) < MOST_FAULTS:
            self.faults.append(fault)

    def _insert(self, entries: Iterator[Entry]) -> None:
        # Straight through the connection: sqlite-utils looks at each row by itself and takes thrice as long.
        while batch := list(islice(entries, ROWS_AT_ONCE)):
            with self._db.conn:
                self._db.conn.executemany("INSERT INTO entry VALUES (?, ?, ?, ?, ?, ?)", batch)

    def _contradictions(self) -> Iterator[Fault]:
        key = ", ".join(self._key)
        query = f"""
            SELECT line, place, value, first_line FROM (
                SELECT line, place, value,
                       first_value(value) OVER same AS first_value, first_value(line) OVER same AS first_line
                FROM entry WHERE ({key}) IN
                    (SELECT {key} FROM entry GROUP BY {key} HAVING min(value) <> max(value))
                WINDOW same AS (PARTITION BY {key} ORDER BY line, place)
            ) WHERE value <> first_value ORDER BY line, place
        """  # noqa: S608 - names of our own columns
        for line, place, value, first_line in self._db.execute(query):
            error = Misread(N_("Line {line} has another number for the same."), line=first_line)
            yield Fault(line=line, column=place, found=str(value), error=error)

    def count(self) -> int:
        """How many entries there are, repeated ones among them."""
        (number,) = self._db.execute("SELECT count(*) FROM entry").fetchone()
        return int(number)

    def entries(self) -> Iterator[Entry]:
        """Each entry once, by whom and when."""
        key = ", ".join(self._key)
        source = "source" if "source" in self._key else "max(source)"
        query = (
            f"SELECT min(line), min(place), who, moment, {source}, min(value)"  # noqa: S608 - our own columns
            f" FROM entry GROUP BY {key} ORDER BY {key}"
        )
        yield from map(Entry._make, self._db.execute(query))


def stage_table(
    kind: Kind, table: Table, layout: Layout, names: Names, mending: Mending, setting: Setting
) -> Stage:
    """The table's entries and faults. Raises RuleError for a damaged file and for citizens' data."""
    stage, reader = Stage(kind), EntryReader(kind, layout, names, mending, setting)
    try:
        stage.fill(reader.read(table.lines()))
    except BaseException:
        stage.close()
        raise
    stage.skipped = reader.skipped
    return stage


def list_named_channels(session: Session) -> list[NamedChannel]:
    """All channels by what a spreadsheet may call them, those out of use too: their history is history."""
    return [
        NamedChannel(id=channel.id, network=channel.network.value, handle=channel.handle, title=channel.title)
        for channel in list_channels(session, retired=True)
    ]


def compare(session: Session, stage: Stage) -> Summary:
    """What writing these entries would do."""
    summary = Summary()
    for difference in _differences(session, stage):
        summary.add(difference)
    summary.repeated = stage.count() - summary.new - summary.changed - summary.same - summary.kept
    return summary


def prepare(session: Session, stage: Stage) -> Changes:
    """The entries that are new or different, ready to be written."""
    changes = Changes(base=find_newest_id(session, "import."))
    differences = _differences(session, stage)
    while batch := list(islice(differences, ROWS_AT_ONCE * 5)):
        for difference in batch:
            changes.summary.add(difference)
        for verdict in (Verdict.NEW, Verdict.CHANGED):
            changes.add(stage.kind, [d.entry for d in batch if d.verdict is verdict])
    told = changes.summary
    told.repeated = stage.count() - told.new - told.changed - told.same - told.kept
    return changes


def are_current(session: Session, changes: Changes) -> bool:
    """Whether nothing was imported since they were prepared."""
    return find_newest_id(session, "import.") == changes.base


def write(session: Session, changes: Changes, zone: ZoneInfo) -> None:
    """Write them all. A count that the network gave since they were prepared stays."""
    for counts in changes.counts:
        add_counts(session, counts, zone, yielding=True)
    for totals in changes.totals:
        add_appeals(session, totals)


def _count(entry: Entry) -> Count:
    return Count(
        channel_id=int(entry.who),
        taken_at=int(entry.when),
        value=entry.value,
        source=CountSource(int(entry.source)),
    )


def _total(entry: Entry) -> tuple[date, str, str, int]:
    return date.fromisoformat(str(entry.when)), str(entry.source), str(entry.who), entry.value


def _differences(session: Session, stage: Stage) -> Iterator[Difference]:
    if stage.kind is Kind.APPEALS:
        yield from _appeal_differences(session, stage)
        return
    for channel_id, entries in groupby(stage.entries(), key=lambda entry: int(entry.who)):
        while batch := list(islice(entries, ROWS_AT_ONCE)):
            standing = _standing_counts(session, channel_id, [int(entry.when) for entry in batch])
            for entry in batch:
                old, source = standing.get(int(entry.when), (None, CountSource.IMPORT))
                yield Difference(entry=entry, old=old, verdict=_verdict(old, entry.value, source))


def _verdict(old: int | None, new: int, source: CountSource) -> Verdict:
    if old is None:
        return Verdict.NEW
    if old == new:
        return Verdict.SAME
    return Verdict.KEPT if source is CountSource.NETWORK else Verdict.CHANGED


def _appeal_differences(session: Session, stage: Stage) -> Iterator[Difference]:
    standing = find_totals(session, date.min, date.max)
    for entry in stage.entries():
        old = standing.get((date.fromisoformat(str(entry.when)), str(entry.source), str(entry.who)))
        yield Difference(entry=entry, old=old, verdict=_verdict(old, entry.value, CountSource.IMPORT))


def _standing_counts(
    session: Session, channel_id: int, moments: Sequence[int]
) -> dict[int, tuple[int, CountSource]]:
    """The channel's counts at these moments, which are in order: (value, source) by moment."""
    inside = (
        AudienceCount.channel_id == channel_id,
        AudienceCount.taken_at >= moments[0],
        AudienceCount.taken_at <= moments[-1],
    )
    some = select(literal(1)).where(*inside).limit(len(moments) * 8).subquery()
    found = session.scalar(select(func.count()).select_from(some)) or 0
    if not found:
        return {}
    query = select(AudienceCount.taken_at, AudienceCount.value, AudienceCount.source)
    if found < len(moments) * 8:
        rows = session.execute(query.where(*inside)).all()
        return {row.taken_at: (row.value, row.source) for row in rows}
    # Few days out of years of quarter hours: each by its key.
    query = query.where(AudienceCount.channel_id == channel_id)
    return {
        row.taken_at: (row.value, row.source)
        for start in range(0, len(moments), KEYS_AT_ONCE)
        for row in session.execute(
            query.where(AudienceCount.taken_at.in_(moments[start : start + KEYS_AT_ONCE]))
        )
    }
