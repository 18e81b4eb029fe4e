"""A table turned into entries, cell by cell: what is counted, when, by which source, and how much."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import NamedTuple, Protocol
from zoneinfo import ZoneInfo

from publisher.core.guessing import (
    TOTALS,
    Column,
    Kind,
    Layout,
    Line,
    Names,
    Role,
    check_cells_impersonal,
    fold,
)
from publisher.core.messages import N_
from publisher.core.spreadsheets import FORMULA_STARTS
from publisher.core.states import CountSource
from publisher.core.tables import (
    EXCEL_1900,
    Cell,
    Misread,
    is_empty,
    read_count,
    read_day,
    read_moment,
    text_of,
)

SOURCE_LENGTH, TOPIC_LENGTH = 120, 200
# A heading is where a channel's name or a day stands for a whole column.
Who = int | str
When = int | str


class Entry(NamedTuple):
    """One value of the table. Of counts: a channel's id, epoch seconds, a CountSource; of appeals: a topic,
    an ISO day, a source."""

    line: int
    column: int
    who: Who
    when: When
    source: Who
    value: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """A cell that cannot be imported as it is. `column` counts from 0; `found` is what stands there."""

    line: int
    column: int
    found: str
    error: Misread


@dataclass(frozen=True, slots=True, kw_only=True)
class Mending:
    """What a person decided about single cells, lines and names.

    `cells` are texts that stand in place of what the file has, by line and column; `names` leads what a
    column calls channels to a channel, or to None for what is left out.
    """

    cells: Mapping[tuple[int, int], str] = field(default_factory=dict)
    left_out: frozenset[int] = frozenset()
    names: Mapping[str, int | None] = field(default_factory=dict)


NOTHING_MENDED = Mending()


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """Where and when a table is read: the city's zone, this instant, and the day its workbook counts from."""

    zone: ZoneInfo
    now: datetime
    epoch: date = EXCEL_1900


@dataclass(slots=True)
class Skipped:
    """How many values and lines were passed over on purpose."""

    empty: int = 0
    totals: int = 0
    left_out: int = 0


# In place of a channel whose values are not wanted.
LEFT_OUT = -1


class Subject(Protocol):
    """How the cells of one kind of table are understood."""

    def when(self, cell: Cell, clock: Cell) -> When:
        """The moment or day. Raises Misread."""
        ...

    def who(self, cell: Cell) -> Who:
        """The channel or topic, or LEFT_OUT. Raises Misread."""
        ...

    def who_heads(self, column: Column, title: str) -> Who:
        """The channel or topic that a heading names, or LEFT_OUT. Raises Misread."""
        ...

    def source(self, cell: Cell) -> Who:
        """Where the value comes from. Raises Misread."""
        ...


class CountSubject:
    """Subscribers of channels at moments."""

    def __init__(self, layout: Layout, names: Names, mending: Mending, setting: Setting) -> None:
        self._layout, self._names, self._mending, self._setting = layout, names, mending, setting
        self._now = int(setting.now.timestamp())
        self._found: dict[str, int] = {}

    def when(self, cell: Cell, clock: Cell) -> int:
        """Epoch seconds."""
        moment = read_moment(cell, self._setting.zone, self._layout.order, self._setting.epoch, clock)
        if moment > self._now and not self._is_today(moment):
            raise Misread(N_("This moment is still to come."))
        return moment

    def _is_today(self, moment: int) -> bool:
        """A day without a time stands for its noon, which may be ahead in the morning."""
        days = [datetime.fromtimestamp(second, self._setting.zone).date() for second in (moment, self._now)]
        return days[0] == days[1]

    def who(self, cell: Cell) -> int:
        """The channel's id, or LEFT_OUT."""
        text = cell if isinstance(cell, str) else text_of(cell)
        if (found := self._found.get(text)) is None:
            self._found[text] = found = self._find(text)
        return found

    def _find(self, text: str) -> int:
        name = fold(text)
        if name in self._mending.names:
            chosen = self._mending.names[name]
            return LEFT_OUT if chosen is None else chosen
        if not name:
            raise Misread(N_("The channel is missing."))
        found = self._names.find(text)
        if found is None:
            raise self._names.complain(text)
        return found

    def who_heads(self, column: Column, title: str) -> int:
        """The channel that was chosen for the column."""
        return self.who(title) if column.channel_id is None else column.channel_id

    def source(self, cell: Cell) -> CountSource:
        """As our own export names it; everything else is an import."""
        if is_empty(cell):
            return CountSource.IMPORT
        return CountSource.__members__.get(text_of(cell).upper(), CountSource.IMPORT)


class AppealSubject:
    """Totals of appeals by day, source and topic."""

    def __init__(self, layout: Layout, setting: Setting) -> None:
        self._layout, self._setting = layout, setting
        self._today = setting.now.astimezone(setting.zone).date()

    def when(self, cell: Cell, _clock: Cell) -> str:
        """The ISO day; a month stands as its first day."""
        day = read_day(cell, self._layout.order, self._setting.epoch, months=True)
        if day > self._today:
            raise Misread(N_("This day is still to come."))
        return day.isoformat()

    def who(self, cell: Cell) -> str:
        """The topic."""
        return _short(cell, TOPIC_LENGTH)

    def who_heads(self, _column: Column, title: str) -> str:
        """The heading is the topic."""
        return self.who(title)

    def source(self, cell: Cell) -> str:
        """As it is written."""
        return _short(cell, SOURCE_LENGTH)


def _short(cell: Cell, length: int) -> str:
    text = "" if is_empty(cell) else text_of(cell)
    if text.startswith("'") and text[1:].startswith(FORMULA_STARTS):
        # Our own exports put the apostrophe there, so that no office program runs the text.
        text = text[1:]
    if len(text) > length:
        raise Misread(N_("At most {length} signs."), length=length)
    return text


def subject_of(kind: Kind, layout: Layout, names: Names, mending: Mending, setting: Setting) -> Subject:
    """How the tables of a kind are understood."""
    if kind is Kind.COUNTS:
        return CountSubject(layout, names, mending, setting)
    return AppealSubject(layout, setting)


class EntryReader:
    """Reads the lines below the heading; `skipped` tells afterwards what was passed over."""

    def __init__(self, kind: Kind, layout: Layout, names: Names, mending: Mending, setting: Setting) -> None:
        self.skipped = Skipped()
        self._kind, self._layout, self._mending = kind, layout, mending
        self._subject = subject_of(kind, layout, names, mending, setting)
        self._mended_lines = {line for line, _ in mending.cells}
        self._when, self._clock, self._who, self._source = (
            next(iter(layout.places(role)), None) for role in (Role.WHEN, Role.CLOCK, Role.WHO, Role.SOURCE)
        )
        self._heads: list[tuple[int, Who | None, When | None]] = []

    def read(self, lines: Iterable[Line]) -> Iterator[Entry | Fault]:
        """An entry for each value, a fault for each cell in the way; those of headings come first."""
        yield from self._read_headings()
        if missing := self._missing():
            yield Fault(line=self._layout.heading, column=0, found="", error=Misread(missing))
            return
        for line in lines:
            if line.number > self._layout.heading:
                yield from self._read_line(line.number, line.cells)

    def _missing(self) -> str:
        """What no column of the table says; empty when all is there."""
        roles = {column.role for column in self._layout.columns}
        if not roles & {Role.WHEN, Role.VALUES_ON}:
            return N_("No column holds the date: choose which one it is.")
        if not roles & {Role.VALUE, Role.VALUES_OF, Role.VALUES_ON, Role.UNKNOWN}:
            return N_("No column holds the numbers: choose which one it is.")
        if self._kind is Kind.COUNTS and Role.WHO not in roles and roles & {Role.VALUE, Role.VALUES_ON}:
            return N_("No column names the channel: choose which one it is.")
        return ""

    def _read_headings(self) -> Iterator[Fault]:
        """Whose values, or of which day, the columns hold."""
        for place, column in enumerate(self._layout.columns):
            title = self._mending.cells.get((self._layout.heading, place), self._layout.titles[place])
            try:
                match column.role:
                    case Role.VALUE:
                        self._heads.append((place, None, None))
                    case Role.VALUES_OF | Role.UNKNOWN:
                        self._heads.append((place, self._subject.who_heads(column, title), None))
                    case Role.VALUES_ON:
                        self._heads.append((place, None, self._subject.when(title, None)))
            except Misread as error:
                yield Fault(line=self._layout.heading, column=place, found=title, error=error)

    def _read_line(self, number: int, cells: Sequence[Cell]) -> Iterator[Entry | Fault]:
        if number in self._mending.left_out:
            self.skipped.left_out += 1
            return
        if number in self._mended_lines:
            cells = self._mended(number, cells)
        if self._kind is Kind.APPEALS:
            check_cells_impersonal(cells, number)
        values = self._values(cells)
        if not values:
            return
        if self._is_total(cells):
            self.skipped.totals += 1
            return
        faults: list[Fault] = []
        who, when, source = self._place_of(number, cells, faults)
        if faults:
            yield from faults
        elif who == LEFT_OUT:
            self.skipped.left_out += len(values)
        else:
            yield from self._entries(number, values, who, when, source)

    def _entries(
        self,
        number: int,
        values: Sequence[tuple[int, Who | None, When | None, Cell]],
        who: Who | None,
        when: When | None,
        source: Who,
    ) -> Iterator[Entry | Fault]:
        fraction = self._layout.fraction
        for place, whose, day, cell in values:
            whose = who if whose is None else whose
            day = when if day is None else day
            if whose is None or day is None or whose == LEFT_OUT:
                continue
            try:
                value = read_count(cell, fraction)
            except Misread as error:
                yield Fault(line=number, column=place, found=text_of(cell), error=error)
                continue
            yield Entry(number, place, whose, day, source, value)

    def _values(self, cells: Sequence[Cell]) -> list[tuple[int, Who | None, When | None, Cell]]:
        """The cells with values; an empty one is a gap, not a zero."""
        found = [
            (place, who, when, cells[place])
            for place, who, when in self._heads
            if place < len(cells) and not is_empty(cells[place])
        ]
        if any(not is_empty(cell) for cell in cells):
            self.skipped.empty += len(self._heads) - len(found)
        return found

    def _place_of(
        self, number: int, cells: Sequence[Cell], faults: list[Fault]
    ) -> tuple[Who | None, When | None, Who]:
        """Whose values the line holds, of when, and from where; what cannot be read is added to `faults`."""
        who: Who | None = None
        when: When | None = None
        source: Who = self._subject.source(None)
        place = self._when
        try:
            if place is not None:
                when = self._read_when(cells, place)
        except Misread as error:
            faults.append(_fault(number, place, cells, error))
        place = self._who
        try:
            if place is not None:
                who = self._subject.who(_at(cells, place))
            elif self._kind is Kind.APPEALS:
                who = ""
        except Misread as error:
            faults.append(_fault(number, place, cells, error))
        place = self._source
        try:
            if place is not None:
                source = self._subject.source(_at(cells, place))
        except Misread as error:
            faults.append(_fault(number, place, cells, error))
        return who, when, source

    def _read_when(self, cells: Sequence[Cell], place: int) -> When:
        cell = _at(cells, place)
        if is_empty(cell):
            raise Misread(N_("The date is missing."))
        return self._subject.when(cell, None if self._clock is None else _at(cells, self._clock))

    def _is_total(self, cells: Sequence[Cell]) -> bool:
        """Whether the line only adds others up."""
        return any(place is not None and _is_total(_at(cells, place)) for place in (self._when, self._who))

    def _mended(self, number: int, cells: Sequence[Cell]) -> list[Cell]:
        mended = list(cells)
        for (line, place), text in self._mending.cells.items():
            if line == number:
                mended.extend([None] * (place + 1 - len(mended)))
                mended[place] = text
        return mended


def _is_total(cell: Cell) -> bool:
    # Dates and names with an @, which are most, need no closer look.
    return isinstance(cell, str) and cell[:1].isalpha() and fold(cell) in TOTALS


def _at(cells: Sequence[Cell], place: int) -> Cell:
    return cells[place] if place < len(cells) else None


def _fault(number: int, place: int | None, cells: Sequence[Cell], error: Misread) -> Fault:
    place = place or 0
    return Fault(line=number, column=place, found=text_of(_at(cells, place)), error=error)


def letter(column: int) -> str:
    """What office programs call a column: A, B … Z, AA."""
    text = ""
    column += 1
    while column:
        column, rest = divmod(column - 1, 26)
        text = chr(65 + rest) + text
    return text
