"""The preview of an import: how the file is understood, what is wrong with it, what it would change."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta

from babel.dates import format_date
from flask import request
from flask_babel import gettext

from publisher.core.entries import Fault, Setting, Skipped, When, Who, letter
from publisher.core.guessing import (
    Kind,
    Layout,
    Line,
    NamedChannel,
    Names,
    Role,
    fold,
    guess_layout,
    read_column,
)
from publisher.core.tables import Cell, DateOrder, Fraction, Misread, UnknownName, text_of
from publisher.store.imports import Stage, Summary, compare, list_named_channels, stage_table
from publisher.store.sheets import Choice, Table, open_table
from publisher.store.waiting import MOST_MENDED, Choices, WaitingFile
from publisher.web.context import language, now, reading, zone
from publisher.web.formats import clock, date_

FAULTS_SHOWN = 100
FIRST_LINES = 8
SAMPLES = 3
# A cell of the preview: more of it tells nobody more.
LONGEST = 60
# What the page of a channel's counts shows at once.
LONGEST_PERIOD = timedelta(days=3 * 365)


@dataclass(frozen=True, slots=True, kw_only=True)
class ColumnView:
    """A column of the file: what it is called, what it holds, what it is taken for."""

    place: int
    letter: str
    title: str
    samples: Sequence[str]
    code: str


@dataclass(frozen=True, slots=True, kw_only=True)
class FaultView:
    """A cell to be mended on the page."""

    line: int
    column: str
    found: str
    error: Misread
    key: str


@dataclass(frozen=True, slots=True, kw_only=True)
class MendedView:
    """A cell that was mended on the page and is right now."""

    line: int
    column: str
    text: str
    key: str


@dataclass(frozen=True, slots=True, kw_only=True)
class NameView:
    """A name that leads to no channel: how many values bear it, which channels are written much like it."""

    name: str
    key: str
    count: int
    nearest: Sequence[NamedChannel]
    chosen: str


@dataclass(frozen=True, slots=True, kw_only=True)
class LineView:
    """A line of the file; `faulty` are the places of its cells that are in the way."""

    number: int
    cells: Sequence[str]
    faulty: frozenset[int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Preview:
    """All that the page shows."""

    file: WaitingFile
    table: Table
    layout: Layout
    columns: Sequence[ColumnView]
    lines: Sequence[LineView]
    faults: Sequence[FaultView]
    names: Sequence[NameView]
    mended: Sequence[MendedView]
    fault_count: int
    skipped: Skipped
    summary: Summary
    channels: Mapping[int, NamedChannel]

    @property
    def is_ready(self) -> bool:
        """Whether it can be imported as it is, and would change anything."""
        return not self.fault_count and self.summary.changes > 0

    def whose(self, who: Who) -> str:
        """The title of a channel, or the topic."""
        if isinstance(who, int):
            return self.channels[who].title if who in self.channels else ""
        return who or "—"

    def known(self) -> list[Who]:
        """Whose values are in the file, by title."""
        return sorted(self.summary.named, key=self.whose)

    def untitled(self) -> list[str]:
        """The letters of columns that hold something, bear no heading and are left out."""
        filled = (column for column in self.columns if column.samples and not column.title)
        return [column.letter for column in filled if column.code == Role.SKIP.value]

    def touched(self) -> list[tuple[Who, str, int]]:
        """What new and changed values belong to, with how many, the most first."""
        return [(who, self.whose(who), count) for who, count in self.summary.touched.most_common()]


def stage_file(file: WaitingFile) -> tuple[Table, Layout, Names, Stage]:
    """The file as its person wants it understood. Close the stage. Raises RuleError for a damaged one."""
    chosen = file.choices
    table = open_table(
        file.path, Choice(encoding=chosen.encoding, delimiter=chosen.delimiter, sheet=chosen.sheet)
    )
    with reading() as session:
        names = Names(list_named_channels(session))
    layout = _chosen_layout(guess_layout(file.kind, table.sample(), names), chosen)
    setting = Setting(zone=zone(), now=now(), epoch=table.epoch)
    return table, layout, names, stage_table(file.kind, table, layout, names, chosen.mending(), setting)


def make_preview(file: WaitingFile) -> Preview:
    """The preview. Raises RuleError for a damaged file."""
    table, layout, names, stage = stage_file(file)
    try:
        with reading() as session:
            summary = compare(session, stage)
    finally:
        stage.close()
    unknown = [fault for fault in stage.faults if isinstance(fault.error, UnknownName)]
    plain = [fault for fault in stage.faults if not isinstance(fault.error, UnknownName)][:FAULTS_SHOWN]
    sample = table.sample()
    return Preview(
        file=file, table=table, layout=layout, summary=summary, skipped=stage.skipped,
        columns=list(_columns(layout, sample)),
        lines=list(_lines(table, layout, [*plain, *unknown[:FAULTS_SHOWN]])),
        faults=[_fault_view(fault, layout) for fault in plain],
        names=_names(unknown, names, file.choices),
        mended=list(_mended(layout, file.choices, plain)),
        fault_count=stage.fault_count,
        channels={channel.id: channel for channel in names.channels},
    )  # fmt: skip


def read_choices(file: WaitingFile) -> Choices:
    """What the page's form says; what it does not ask about stays as it was."""
    form, before = request.form, file.choices
    places = sorted(int(key[7:]) for key in form if key.startswith("column-") and key[7:].isdecimal())
    cells = {
        key.removeprefix("cell-"): form[key][:500]
        for key in form
        if key.startswith("cell-") and _is_key(key.removeprefix("cell-"))
    }
    # Lines whose box is on the page; the others stay as they were.
    shown = set(form.getlist("shown"))
    out = {int(text) for text in form.getlist("out") if text.isdecimal() and len(text) < 10}
    kept = {key: text for key, text in before.cells.items() if key not in cells}
    return replace(
        before,
        encoding=form.get("encoding", before.encoding),
        delimiter=form.get("delimiter", before.delimiter),
        sheet=form.get("sheet", before.sheet),
        order=form.get("order", before.order),
        fraction=form.get("fraction", before.fraction),
        titles=tuple(form.getlist("title")),
        columns=tuple(form[f"column-{place}"] for place in places),
        names={**before.names, **_chosen_names()},
        cells=dict(list({**kept, **cells}.items())[:MOST_MENDED]),
        left_out=tuple(sorted(out | {line for line in before.left_out if str(line) not in shown})),
    )


def _chosen_names() -> dict[str, str]:
    pairs = zip(request.form.getlist("name"), request.form.getlist("named"), strict=False)
    return {name[:500]: code for name, code in pairs if code == "-" or (code.isdecimal() and len(code) < 10)}


def _is_key(key: str) -> bool:
    line, parted, place = key.partition(":")
    return bool(parted) and all(part.isdecimal() and len(part) < 10 for part in (line, place))


def _chosen_layout(layout: Layout, chosen: Choices) -> Layout:
    columns = layout.columns
    if chosen.titles == layout.titles and len(chosen.columns) == len(columns):
        columns = tuple(
            read_column(code) or guessed for code, guessed in zip(chosen.columns, columns, strict=True)
        )
    return replace(
        layout,
        columns=columns,
        order=DateOrder(chosen.order) if chosen.order in set(DateOrder) else layout.order,
        fraction=Fraction(chosen.fraction) if chosen.fraction in set(Fraction) else layout.fraction,
    )


def _columns(layout: Layout, sample: Sequence[Line]) -> Iterator[ColumnView]:
    below = [line for line in sample if line.number > layout.heading]
    for place, (title, column) in enumerate(zip(layout.titles, layout.columns, strict=True)):
        texts = (_short(line.cells[place]) for line in below if place < len(line.cells))
        yield ColumnView(
            place=place, letter=letter(place), title=title, code=column.code(),
            samples=[text for text in texts if text][:SAMPLES],
        )  # fmt: skip


def _lines(table: Table, layout: Layout, faults: Sequence[Fault]) -> Iterator[LineView]:
    """The heading, the first lines, and every line in which something is to be mended."""
    faulty: dict[int, set[int]] = {}
    for fault in faults:
        faulty.setdefault(fault.line, set()).add(fault.column)
    last_shown = layout.heading + FIRST_LINES
    last = max([last_shown, *faulty])
    for line in table.lines():
        if line.number > last:
            return
        if layout.heading <= line.number <= last_shown or line.number in faulty:
            yield LineView(
                number=line.number,
                cells=[_short(cell) for cell in line.cells],
                faulty=frozenset(faulty.get(line.number, ())),
            )


def _short(cell: Cell) -> str:
    text = text_of(cell)
    return text if len(text) <= LONGEST else f"{text[:LONGEST]}…"


def _fault_view(fault: Fault, layout: Layout) -> FaultView:
    return FaultView(
        line=fault.line, column=_heading(layout, fault.column), found=fault.found, error=fault.error,
        key=f"{fault.line}:{fault.column}",
    )  # fmt: skip


def _mended(layout: Layout, choices: Choices, faults: Sequence[Fault]) -> Iterator[MendedView]:
    wrong = {(fault.line, fault.column) for fault in faults}
    for (line, place), text in sorted(choices.mending().cells.items()):
        if (line, place) not in wrong and line not in choices.left_out:
            yield MendedView(line=line, column=_heading(layout, place), text=text, key=f"{line}:{place}")


def _heading(layout: Layout, place: int) -> str:
    title = layout.titles[place] if place < len(layout.titles) else ""
    return f"{letter(place)} · {title}" if title else letter(place)


def _names(faults: Sequence[Fault], names: Names, choices: Choices) -> list[NameView]:
    """The unknown names of the file, and those that were led to a channel already."""
    spelt = {fold(fault.found): fault.found for fault in faults}
    counts = Counter(fold(fault.found) for fault in faults)
    unknown = [
        NameView(name=spelt[key], key=key, count=count, nearest=names.nearest(key), chosen="")
        for key, count in counts.most_common(FAULTS_SHOWN)
    ]
    known = [
        NameView(name=name, key=fold(name), count=0, nearest=(), chosen=code)
        for name, code in choices.names.items()
        if fold(name) not in counts
    ]
    return unknown + known


def when_text(when: When) -> str:
    """The moment of a count, or the day of a total."""
    if isinstance(when, str):
        return date_(date.fromisoformat(when))
    moment = datetime.fromtimestamp(when, zone())
    return f"{date_(moment.date())}, {clock(moment)}"


def day_text(when: When) -> str:
    """The day of either."""
    if isinstance(when, str):
        return date_(date.fromisoformat(when))
    return date_(datetime.fromtimestamp(when, zone()).date())


def period_of(summary: Summary) -> dict[str, str]:
    """The file's days as the address of a channel's counts has them; the last ones of a very long time."""
    first, last = (
        datetime.fromtimestamp(int(when or 0), zone()).date() for when in (summary.first, summary.last)
    )
    return {"from": max(first, last - LONGEST_PERIOD).isoformat(), "to": last.isoformat()}


def month_text(month: date) -> str:
    """«декабрь 2024»."""
    return format_date(month, "LLLL y", locale=language())


def role_options(kind: Kind) -> list[tuple[str, str]]:
    """What a column may be, besides the values of one channel."""
    if kind is Kind.COUNTS:
        return [
            (Role.SKIP.value, gettext("not needed")), (Role.WHEN.value, gettext("Date or moment")),
            (Role.CLOCK.value, gettext("Time of day")), (Role.WHO.value, gettext("Channel")),
            (Role.VALUE.value, gettext("Subscribers")), (Role.SOURCE.value, gettext("Source")),
            (Role.VALUES_ON.value, gettext("Subscribers on the day in the heading")),
        ]  # fmt: skip
    return [
        (Role.SKIP.value, gettext("not needed")), (Role.WHEN.value, gettext("Day or month")),
        (Role.SOURCE.value, gettext("Source")), (Role.WHO.value, gettext("Topic")),
        (Role.VALUE.value, gettext("Number of appeals")),
        (Role.VALUES_OF.value, gettext("Appeals about the topic in the heading")),
        (Role.VALUES_ON.value, gettext("Appeals on the day in the heading")),
    ]  # fmt: skip
