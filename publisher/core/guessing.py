"""What a table from elsewhere holds: where its heading stands, and what each of its columns is."""

import re
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from difflib import get_close_matches
from enum import StrEnum
from functools import lru_cache
from zoneinfo import ZoneInfo

from publisher.core.handles import LINK
from publisher.core.messages import N_
from publisher.core.tables import (
    SPACES,
    Cell,
    DateOrder,
    Fraction,
    Misread,
    UnknownName,
    guess_fraction,
    guess_order,
    is_empty,
    read_count,
    read_day,
    read_moment,
    text_of,
)
from publisher.errors import RuleError


class Kind(StrEnum):
    """What is imported."""

    COUNTS = "counts"
    APPEALS = "appeals"


class Role(StrEnum):
    """What a column is."""

    SKIP = "skip"
    WHEN = "when"
    CLOCK = "clock"
    WHO = "who"
    VALUE = "value"
    SOURCE = "source"
    # The column is headed by what all its values belong to: a channel or topic, or a day.
    VALUES_OF = "values-of"
    VALUES_ON = "values-on"
    # It looks like values of a channel, but no channel is called so.
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """A column's role; `channel_id` is whose values a column of counts holds."""

    role: Role
    channel_id: int | None = None

    def code(self) -> str:
        """The same as a form and a file of choices have it."""
        return self.role.value if self.channel_id is None else f"{self.role.value}:{self.channel_id}"


SKIP = Column(role=Role.SKIP)


def read_column(code: str) -> Column | None:
    """A column's role out of its code; None for what is no code."""
    role, _, channel = code.partition(":")
    if role not in set(Role) or (channel and not (channel.isascii() and channel.isdecimal())):
        return None
    return Column(role=Role(role), channel_id=int(channel) if channel else None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """A row of the table with its number, as office programs count: the first one is 1."""

    number: int
    cells: Sequence[Cell]


@dataclass(frozen=True, slots=True, kw_only=True)
class Layout:
    """How a table is to be understood. `heading` is the number of the line with the headings."""

    heading: int
    titles: tuple[str, ...]
    columns: tuple[Column, ...]
    order: DateOrder = DateOrder.DAY_FIRST
    fraction: Fraction = Fraction.UNKNOWN

    def places(self, role: Role) -> list[int]:
        """The columns of a role, from left to right."""
        return [place for place, column in enumerate(self.columns) if column.role is role]


# Names of channels


@dataclass(frozen=True, slots=True, kw_only=True)
class NamedChannel:
    """A channel with everything that a spreadsheet may call it."""

    id: int
    network: str
    handle: str
    title: str

    @property
    def address(self) -> str:
        """As commands name it."""
        return f"{self.network}:@{self.handle}"


@dataclass(frozen=True, slots=True)
class Names:
    """The office's channels by whatever they are called."""

    channels: Sequence[NamedChannel]
    _by_name: dict[str, set[int]] = field(default_factory=dict, init=False, repr=False)

    def __post_init__(self) -> None:
        for channel in self.channels:
            handle = channel.handle.casefold()
            for name in (channel.title, handle, f"{channel.network}:{handle}"):
                self._by_name.setdefault(fold(name), set()).add(channel.id)

    def find(self, text: str) -> int | None:
        """The id of the only channel that is called so; None for nobody's name and for that of several."""
        ids = self.all_called(text)
        return next(iter(ids)) if len(ids) == 1 else None

    def all_called(self, text: str) -> Collection[int]:
        """The ids of all channels that are called so: by network:handle, @handle, link or title."""
        link = LINK.fullmatch(text.strip())
        return self._by_name.get(fold(link[1] if link else text), frozenset())

    def nearest(self, text: str) -> list[NamedChannel]:
        """The channels whose titles or handles are written much like it, the nearest first."""
        known = {fold(name): c for c in self.channels for name in (c.handle, c.title)}
        close = [known[name] for name in get_close_matches(fold(text), known, n=5, cutoff=0.6)]
        return list(dict.fromkeys(close))[:3]

    def complain(self, text: str) -> UnknownName:
        """Why this name leads to no channel."""
        if len(self.all_called(text)) > 1:
            message = N_("Several channels are called so: write the name on the network, with its @.")
            return UnknownName(text, message)
        if nearest := self.nearest(text):
            message = N_("No channel is called so. Nearest: {names}.")
            return UnknownName(text, message, names=", ".join(channel.title for channel in nearest))
        return UnknownName(text, N_("No channel is called so."))


QUOTES = re.compile(r"[«»\"“”„‘’']")


@lru_cache(maxsize=4096)
def fold(text: str) -> str:
    """The text without what people write now so, now otherwise: capitals, ё, quotes, spaces, the @."""
    plain = QUOTES.sub("", SPACES.sub(" ", text)).casefold().replace("ё", "е").strip(" .:")
    return plain.replace(":@", ":").removeprefix("@")


# Headings

WORDS: Mapping[Kind, Mapping[Role, Collection[str]]] = {
    Kind.COUNTS: {
        Role.WHEN: {
            "дата", "дата и время", "день", "момент", "когда", "число месяца", "date", "day", "datetime",
            "date and time", "timestamp", "moment", "taken_at", "taken at", "дата замера", "дата подсчета",
        },
        Role.CLOCK: {"время", "час", "time", "hour", "clock"},
        Role.WHO: {
            "канал", "каналы", "паблик", "сообщество", "группа", "страница", "ссылка", "название",
            "название канала", "наименование", "адрес канала", "channel", "page", "group", "handle", "link",
        },
        Role.VALUE: {
            "подписчики", "подписчиков", "число подписчиков", "количество подписчиков", "кол-во подписчиков",
            "кол-во", "количество", "аудитория", "участники", "читатели", "значение", "всего подписчиков",
            "subscribers", "followers", "members", "audience", "value", "count", "number",
        },
        Role.SOURCE: {"источник", "source"},
        Role.SKIP: {"сеть", "соцсеть", "площадка", "network", "platform"},
    },
    Kind.APPEALS: {
        Role.WHEN: {
            "дата", "день", "период", "месяц", "дата поступления", "date", "day", "period", "month",
        },
        Role.WHO: {
            "тема", "тематика", "категория", "вопрос", "рубрика", "предмет", "направление",
            "topic", "subject", "category",
        },
        Role.SOURCE: {
            "источник", "канал", "откуда", "канал поступления", "площадка", "способ", "source", "channel",
        },
        Role.VALUE: {
            "количество", "кол-во", "число", "обращения", "обращений", "число обращений",
            "количество обращений", "кол-во обращений", "значение", "count", "number", "appeals", "value",
        },
    },
}  # fmt: skip
# Columns and rows that only repeat others.
TOTALS = frozenset({"итого", "всего", "сумма", "итог", "total", "sum", "всего за день", "итого за день"})
NUMBERING = frozenset({"№", "n", "no", "№ п/п", "п/п", "#", "примечание", "комментарий", "note", "comment"})
# Headings of columns that name or reach a person: no appeal's total has such a column.
PERSONAL = re.compile(
    r"\b(?:ф\.?\s?и\.?\s?о|фамили[яи]|имя|имена|отчеств[оа]|заявител(?:ь|я|и|ей)|гражданин(?:а|у)?|"
    r"телефон(?:а|ы|ов)?|тел|e-?mail|почта|адрес(?:а|ов)?|паспорт(?:а|ы)?|снилс|инн|дата рождения|"
    r"текст обращения|name|surname|phone|mobile|address|passport|birth\w*)\b",
    re.IGNORECASE,
)
# Less than any telephone or document has: such a column counts appeals that came by telephone or by mail.
PLAIN_COUNT = 100_000
REACHABLE = re.compile(r"[\w.+-]+@[\w-]+\.\w{2,}|(?:\+7|\b8)[\s(-]*\d{3}[\s)-]*\d{3}[\s-]?\d{2}[\s-]?\d{2}\b")
HEADING_WITHIN = 20
UTC_ZONE = ZoneInfo("UTC")


def guess_layout(kind: Kind, lines: Sequence[Line], names: Names) -> Layout:
    """What the columns are, by their headings and first values. Raises RuleError for an empty table, and
    for one that seems to hold citizens' data."""
    if not lines:
        raise RuleError("file", N_("There is nothing in this table."))
    heading = _find_heading(kind, lines, names)
    below = [line for line in lines if line.number > heading.number]
    width = max(len(line.cells) for line in lines)
    titles = tuple(text_of(cell) for cell in _padded(heading.cells, width))
    samples = [[cell for line in below if not is_empty(cell := _cell(line, place))] for place in range(width)]
    if kind is Kind.APPEALS:
        check_impersonal(
            title for title, cells in zip(titles, samples, strict=True) if not _only_counts(cells)
        )
    columns = _columns(kind, titles, samples, names)
    numbers = [
        cell for place, column in enumerate(columns) if _holds_values(column) for cell in samples[place]
    ]
    days = [
        cell for place, column in enumerate(columns) if column.role is Role.WHEN for cell in samples[place]
    ]
    return Layout(
        heading=heading.number,
        titles=titles,
        columns=tuple(columns),
        order=guess_order([*days, *titles]),
        fraction=guess_fraction(numbers),
    )


def check_impersonal(titles: Iterable[str]) -> None:
    """Raise RuleError when a heading announces data of persons."""
    for title in titles:
        if PERSONAL.search(title.replace("ё", "е")):
            raise RuleError(
                "file",
                N_("The column “{title}” looks like data of citizens. Only totals by day, source and topic "
                   "are imported; nothing of this file was kept."),
                title=title,
            )  # fmt: skip


def _only_counts(cells: Sequence[Cell]) -> bool:
    return bool(cells) and all(map(_is_small_count, cells))


def check_cells_impersonal(cells: Iterable[Cell], line: int) -> None:
    """Raise RuleError when a cell holds a telephone number or an e-mail address."""
    for cell in cells:
        if isinstance(cell, str) and len(cell) > 5 and REACHABLE.search(cell):
            raise RuleError(
                "file",
                N_("Line {line} seems to hold a telephone number or an e-mail address. Only totals by day, "
                   "source and topic are imported; nothing of this file was kept."),
                line=line,
            )  # fmt: skip


def _holds_values(column: Column) -> bool:
    return column.role in {Role.VALUE, Role.VALUES_OF, Role.VALUES_ON, Role.UNKNOWN}


def _find_heading(kind: Kind, lines: Sequence[Line], names: Names) -> Line:
    """The line with the most headings that we know; else the first one with two cells."""
    first = lines[:HEADING_WITHIN]
    best = max(first, key=lambda line: sum(_is_heading(kind, cell, names) for cell in line.cells))
    if any(_is_heading(kind, cell, names) for cell in best.cells):
        return best
    return next((line for line in first if sum(not is_empty(cell) for cell in line.cells) > 1), first[0])


def _is_heading(kind: Kind, cell: Cell, names: Names) -> bool:
    text = text_of(cell)
    known = any(fold(text) in {fold(word) for word in words} for words in WORDS[kind].values())
    return bool(text) and (known or (kind is Kind.COUNTS and names.find(text) is not None))


def _columns(
    kind: Kind, titles: Sequence[str], samples: Sequence[Sequence[Cell]], names: Names
) -> list[Column]:
    roles = [_by_title(kind, title) for title in titles]
    _keep_first(roles, Role.WHEN, Role.CLOCK, Role.WHO, Role.VALUE, Role.SOURCE)
    if Role.WHEN not in roles:
        _take(roles, Role.WHEN, [_share(cells, _is_moment) for cells in samples])
    if Role.WHO not in roles and kind is Kind.COUNTS:
        _take(
            roles,
            Role.WHO,
            [_share(cells, lambda c: names.find(text_of(c)) is not None) for cells in samples],
        )
    has_days = any(role is None and _is_day_title(title) for role, title in zip(roles, titles, strict=True))
    if has_days and Role.WHO not in roles:
        _take(
            roles,
            Role.WHO,
            [_share(cells, lambda c: isinstance(c, str) and not _is_count(c)) for cells in samples],
        )
    if Role.WHO in roles and Role.VALUE not in roles and not has_days:
        _take(roles, Role.VALUE, [_share(cells, _is_count) for cells in samples])
    is_long = Role.WHO in roles and Role.VALUE in roles
    if has_days and Role.WHO in roles and Role.VALUE not in roles:
        roles = [None if role is Role.WHEN else role for role in roles]
    return [
        _column(kind, role, title, cells, names, is_long=is_long, has_days=has_days and Role.WHO in roles)
        for role, title, cells in zip(roles, titles, samples, strict=True)
    ]


def _by_title(kind: Kind, title: str) -> Role | None:
    """The role that a heading names; None for one that may name a channel, a topic or a day."""
    plain = fold(title)
    if plain in TOTALS or plain in NUMBERING:
        return Role.SKIP
    return next(
        (role for role, words in WORDS[kind].items() if plain in {fold(word) for word in words}), None
    )


def _keep_first(roles: list[Role | None], *single: Role) -> None:
    """There is one column of such a role; what else is headed so is looked at as any other."""
    for role in single:
        for place in [place for place, found in enumerate(roles) if found is role][1:]:
            roles[place] = None


def _take(roles: list[Role | None], role: Role, shares: Sequence[float]) -> None:
    """Give the role to the first column without one most of whose values fit."""
    for place, share in enumerate(shares):
        if roles[place] is None and share > 0.5:
            roles[place] = role
            return


def _column(
    kind: Kind,
    role: Role | None,
    title: str,
    cells: Sequence[Cell],
    names: Names,
    *,
    is_long: bool,
    has_days: bool,
) -> Column:
    if role is not None:
        return Column(role=role)
    if is_long or not title:
        return SKIP
    if has_days:
        return Column(role=Role.VALUES_ON) if _is_day_title(title) else SKIP
    if kind is Kind.APPEALS:
        return Column(role=Role.VALUES_OF) if _share(cells, _is_count) > 0.5 else SKIP
    channel_id = names.find(title)
    if channel_id is not None:
        return Column(role=Role.VALUES_OF, channel_id=channel_id)
    return Column(role=Role.UNKNOWN) if _share(cells, _is_count) > 0.5 else SKIP


def _share(cells: Sequence[Cell], fits: Callable[[Cell], bool]) -> float:
    return sum(map(fits, cells)) / len(cells) if cells else 0


def _reads(read: Callable[[], object]) -> bool:
    try:
        read()
    except Misread:
        return False
    return True


def _is_moment(cell: Cell) -> bool:
    """Whether the value is a day or moment; a bare number, which may be Excel's for a day, is none here."""
    if isinstance(cell, int | float) or (isinstance(cell, str) and cell.strip().isdecimal()):
        return False
    return _reads(lambda: read_moment(cell, UTC_ZONE)) or _reads(lambda: read_day(cell, months=True))


def _is_count(cell: Cell) -> bool:
    """Whether the value is a number, whichever sign parts its thousands."""
    return _reads(lambda: read_count(cell, Fraction.COMMA)) or _reads(lambda: read_count(cell, Fraction.DOT))


def _is_small_count(cell: Cell) -> bool:
    return _is_count(cell) and read_count(re.sub(r"\D", "", text_of(cell)) or 0) < PLAIN_COUNT


def _is_day_title(title: str) -> bool:
    return _reads(lambda: read_day(title, months=True))


def _cell(line: Line, place: int) -> Cell:
    return line.cells[place] if place < len(line.cells) else None


def _padded(cells: Sequence[Cell], width: int) -> list[Cell]:
    return [*cells, *[None] * (width - len(cells))]
