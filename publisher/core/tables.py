"""Cells of other people's spreadsheets: whole numbers, days and moments in all the ways they are written."""

import re
from collections.abc import Iterable
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from functools import lru_cache
from zoneinfo import ZoneInfo

from publisher.core.messages import N_
from publisher.errors import RuleError

Cell = str | int | float | bool | date | time | timedelta | None

# What stands where nothing was counted; such a cell is a gap and never a zero.
DASHES = frozenset("-‐‑‒–—−")
# Spaces that office programs put into numbers, and marks that nobody sees.
SPACES = re.compile(r"[\s\u00a0\u2000-\u200d\u202f\u205f\u2060\ufeff]+")
# The most that the column of the database holds.
LARGEST = 2**31 - 1
YEARS = range(2000, 2100)
# A day without a time stands for its middle: whichever hour was meant, it is the same day.
NOON = time(12)
EXCEL_1900, EXCEL_1904 = date(1899, 12, 30), date(1904, 1, 1)
# Days since either: from 1954 to 2119. A number outside is none of our days.
SERIALS = range(20_000, 80_000)
DAY_SECONDS = 86_400

WHOLE = N_("A whole number is needed, such as 12 345.")
DAY = N_("A date is needed, such as 31.12.2024.")
CLOCK = N_("A time is needed, such as 09:30.")


class Misread(RuleError):
    """The cell holds something else than its column needs; the message says what is needed."""

    def __init__(self, message: str, **params: object) -> None:
        super().__init__("cell", message, **params)


class UnknownName(Misread):
    """The cell or heading names none of our channels, or more than one; `name` is what stands there."""

    def __init__(self, name: str, message: str, **params: object) -> None:
        super().__init__(message, **params)
        self.name = name


class DateOrder(StrEnum):
    """How 01.02.2024 is meant."""

    DAY_FIRST = "day"
    MONTH_FIRST = "month"


class Fraction(StrEnum):
    """The sign before a fraction; the other one parts thousands. Unknown: 12.345 is asked about."""

    UNKNOWN = "unknown"
    COMMA = "comma"
    DOT = "dot"


def text_of(cell: Cell) -> str:
    """The cell as a person sees it, with plain spaces."""
    match cell:
        case None:
            return ""
        case str():
            return SPACES.sub(" ", cell).strip()
        case float() if cell.is_integer():
            return str(int(cell))
        case datetime():
            return cell.isoformat(" ", "seconds")
        case _:
            return str(cell)


def is_empty(cell: Cell) -> bool:
    """Whether nothing is said: no text, or a dash."""
    if not isinstance(cell, str):
        return cell is None
    text = cell.strip()
    return not text or text in DASHES or not SPACES.sub("", text)


# Numbers

# Thousands in threes, parted by one and the same sign, or digits only; then perhaps a fraction.
NUMBER = re.compile(r"\+?(?P<whole>[1-9]\d{0,2}(?P<group>[ .,'’])\d{3}(?:(?P=group)\d{3})*|\d+)"
                    r"(?:(?P<sign>[.,])(?P<fraction>\d+))?", re.ASCII)  # fmt: skip
NEGATIVE = re.compile(r"[-−–]\s*\d")


def read_count(cell: Cell, fraction: Fraction = Fraction.UNKNOWN) -> int:
    """The whole number of a cell. Raises Misread for anything else, and for 12.345 as long as nobody knows
    whether the sign parts thousands."""
    # By far the most cells of a long table end here.
    if type(cell) is int or (type(cell) is str and cell.isascii() and cell.isdecimal()):
        return _in_range(int(cell) if len(str(cell)) <= 20 else LARGEST + 1)
    if isinstance(cell, float) and cell.is_integer():
        return _in_range(int(cell))
    if isinstance(cell, str):
        return _in_range(_read_written(text_of(cell), fraction))
    raise Misread(WHOLE)


def guess_fraction(cells: Iterable[Cell]) -> Fraction:
    """Which sign stands before fractions in a column, as far as its numbers tell."""
    found = {_tells(NUMBER.fullmatch(text_of(cell))) for cell in cells if isinstance(cell, str)}
    found.discard(Fraction.UNKNOWN)
    return found.pop() if len(found) == 1 else Fraction.UNKNOWN


def _read_written(text: str, fraction: Fraction) -> int:
    match = NUMBER.fullmatch(text)
    if match is None:
        if NEGATIVE.match(text):
            raise Misread(N_("A number of this kind is never below zero."))
        raise Misread(WHOLE)
    group, sign = match["group"], match["sign"]
    if group and group in ".," and group == sign:
        raise Misread(WHOLE)
    if _is_ambiguous(match):
        if fraction is Fraction.UNKNOWN:
            raise Misread(N_("Thousands or a fraction? Write the number without the sign."))
        if group == {Fraction.COMMA: ",", Fraction.DOT: "."}[fraction]:
            raise Misread(WHOLE)
    if (match["fraction"] or "").strip("0"):
        raise Misread(WHOLE)
    digits = re.sub(r"\D", "", match["whole"])
    return int(digits) if len(digits) <= 20 else LARGEST + 1


def _is_ambiguous(match: re.Match[str]) -> bool:
    """Whether 12.345 may be twelve thousand or twelve and a bit."""
    group = match["group"]
    return bool(group) and group in ".," and match["whole"].count(group) == 1 and not match["sign"]


def _tells(match: re.Match[str] | None) -> Fraction:
    if match is None or _is_ambiguous(match):
        return Fraction.UNKNOWN
    if match["sign"]:
        return Fraction.COMMA if match["sign"] == "," else Fraction.DOT
    return {".": Fraction.COMMA, ",": Fraction.DOT}.get(match["group"] or "", Fraction.UNKNOWN)


def _in_range(value: int) -> int:
    if value < 0:
        raise Misread(N_("A number of this kind is never below zero."))
    if value > LARGEST:
        raise Misread(N_("This number is too large to be true."))
    return value


# Days

MONTHS = {
    name: number
    for number, names in enumerate(
        (
            "янв январь января jan january", "фев февр февраль февраля feb february",
            "мар март марта mar march", "апр апрель апреля apr april", "май мая may",
            "июн июнь июня jun june", "июл июль июля jul july", "авг август августа aug august",
            "сен сент сентябрь сентября sep sept september", "окт октябрь октября oct october",
            "ноя нояб ноябрь ноября nov november", "дек декабрь декабря dec december",
        ),
        1,
    )
    for name in names.split()
}  # fmt: skip
YEAR_FIRST = re.compile(r"(\d{4})([-./])(\d{1,2})\2(\d{1,2})", re.ASCII)
YEAR_LAST = re.compile(r"(\d{1,2})([-./])(\d{1,2})\2(\d{4}|\d{2})", re.ASCII)
IN_WORDS = re.compile(r"(\d{1,2}) ([^\W\d_]{3,9})\.?,? (\d{4}|\d{2})")
IN_ENGLISH = re.compile(r"([A-Za-z]{3,9})\.? (\d{1,2}),? (\d{4})")
MONTH_ONLY = re.compile(r"(?:(\d{1,2})[./](\d{4})|(\d{4})-(\d{2})|([^\W\d_]{3,9})\.?,? (\d{4}))")
YEAR_WORD = re.compile(r"\s*(?:года|год|г\.?)\s*$", re.IGNORECASE)
TIMED = re.compile(
    r"(?P<day>.+?)(?:,? |T)(?P<clock>\d{1,2}:\d{2}(?::\d{2}(?:[.,]\d+)?)?)"
    r" ?(?P<offset>Z|[+-]\d{2}(?::?\d{2})?)?",
    re.IGNORECASE,
)
CLOCK_TEXT = re.compile(r"(\d{1,2}):(\d{2})(?::(\d{2})(?:[.,]\d+)?)?", re.ASCII)


def read_day(
    cell: Cell,
    order: DateOrder = DateOrder.DAY_FIRST,
    epoch: date = EXCEL_1900,
    *,
    months: bool = False,
) -> date:
    """The day that a cell names; with `months` also a month, which stands for its first day.

    `epoch` is the day from which the workbook counts. Raises Misread.
    """
    if isinstance(cell, datetime):
        return _known(cell.date())
    if isinstance(cell, date):
        return _known(cell)
    if isinstance(cell, int | float) and not isinstance(cell, bool):
        return _known(_from_serial(cell, epoch).date())
    if not isinstance(cell, str):
        raise Misread(DAY)
    return _read_day_text(cell, order, epoch, months)


@lru_cache(maxsize=8192)
def _read_day_text(cell: str, order: DateOrder, epoch: date, months: bool) -> date:
    text = YEAR_WORD.sub("", text_of(cell)).casefold()
    if text.isascii() and text.isdecimal() and len(text) == 5:
        return _known(_from_serial(int(text), epoch).date())
    if match := YEAR_FIRST.fullmatch(text):
        return _day(match[1], match[3], match[4])
    if match := YEAR_LAST.fullmatch(text):
        day, month = (match[1], match[3]) if order is DateOrder.DAY_FIRST else (match[3], match[1])
        return _day(match[4], month, day)
    if match := IN_WORDS.fullmatch(text):
        return _day(match[3], _month(match[2]), match[1])
    if match := IN_ENGLISH.fullmatch(text):
        return _day(match[3], _month(match[1]), match[2])
    if months and (match := MONTH_ONLY.fullmatch(text)):
        number = match[1] or match[4] or _month(match[5])
        return _day(match[2] or match[3] or match[6], number, "1")
    raise Misread(DAY)


def guess_order(cells: Iterable[Cell]) -> DateOrder:
    """Month first only where a number that is no month stands second, and none stands first."""
    pairs = [
        (int(match[1]), int(match[3]))
        for cell in cells
        if isinstance(cell, str) and (match := YEAR_LAST.match(text_of(cell)))
    ]
    is_american = any(second > 12 for _, second in pairs) and all(first <= 12 for first, _ in pairs)
    return DateOrder.MONTH_FIRST if is_american else DateOrder.DAY_FIRST


def _day(year: str, month: str | int, day: str) -> date:
    number = int(year)
    if len(year) == 2:
        number += 2000
    try:
        return _known(date(number, int(month), int(day)))
    except ValueError as error:
        raise Misread(N_("There is no such day in the calendar.")) from error


def _month(name: str) -> int:
    number = MONTHS.get(name.casefold())
    if number is None:
        raise Misread(DAY)
    return number


def _known(day: date) -> date:
    if day.year not in YEARS:
        raise Misread(N_("The year is not of our times."))
    return day


def _from_serial(number: float, epoch: date) -> datetime:
    if not SERIALS.start <= number < SERIALS.stop:
        raise Misread(DAY)
    # Excel keeps a time as a fraction of the day, exact to less than a second.
    return datetime.combine(epoch, time.min) + timedelta(seconds=round(number * DAY_SECONDS))


# Moments


def read_moment(
    cell: Cell,
    zone: ZoneInfo,
    order: DateOrder = DateOrder.DAY_FIRST,
    epoch: date = EXCEL_1900,
    clock: Cell = None,
) -> int:
    """Epoch seconds of a cell: a day with or without a time, or an instant with its own offset.

    A time without an offset is the city's, a day without a time its noon. `clock` is the cell of a column
    of its own for the time. Raises Misread.
    """
    if not is_empty(clock):
        return in_city(datetime.combine(read_day(cell, order, epoch), read_clock(clock)), zone)
    if isinstance(cell, datetime):
        # A workbook's fractions of a day are exact to some microseconds only.
        cell += timedelta(microseconds=500_000)
        _known(cell.date())
        return int(cell.timestamp()) if cell.tzinfo else in_city(cell, zone)
    if isinstance(cell, int | float) and not isinstance(cell, bool):
        return _moment_of_serial(cell, zone, epoch)
    if isinstance(cell, str):
        return _read_moment_text(cell, zone, order, epoch)
    return in_city(datetime.combine(read_day(cell, order, epoch), NOON), zone)


def _moment_of_serial(number: float, zone: ZoneInfo, epoch: date) -> int:
    local = _from_serial(number, epoch)
    _known(local.date())
    is_day_alone = float(number).is_integer()
    return in_city(datetime.combine(local, NOON) if is_day_alone else local, zone)


@lru_cache(maxsize=8192)
def _read_moment_text(cell: str, zone: ZoneInfo, order: DateOrder, epoch: date) -> int:
    text = cell.strip()
    # What programs write, our own export among them, without the slower way around.
    if len(text) >= 19 and text[4:5] == "-" and text[10] in "T ":
        try:
            instant = datetime.fromisoformat(text)
        except ValueError:
            pass
        else:
            _known(instant.date())
            return int(instant.timestamp()) if instant.tzinfo else in_city(instant, zone)
    match = TIMED.fullmatch(text_of(text))
    if match is None:
        return in_city(datetime.combine(read_day(text, order, epoch), NOON), zone)
    local = datetime.combine(read_day(match["day"], order, epoch), read_clock(match["clock"]))
    if match["offset"] is None:
        return in_city(local, zone)
    return int(datetime.fromisoformat(f"{local.isoformat()}{_offset(match['offset'])}").timestamp())


def _offset(text: str) -> str:
    if text.upper() == "Z":
        return "+00:00"
    hours, minutes = text[:3], text[3:].lstrip(":") or "00"
    if int(hours[1:]) > 23 or int(minutes) > 59:
        raise Misread(CLOCK)
    return f"{hours}:{minutes}"


def read_clock(cell: Cell) -> time:
    """The time of a day. Raises Misread."""
    if isinstance(cell, datetime):
        return cell.time().replace(tzinfo=None)
    if isinstance(cell, time):
        return cell.replace(tzinfo=None)
    if isinstance(cell, timedelta):
        cell = cell / timedelta(days=1)
    if isinstance(cell, float) and 0 <= cell < 1:
        second = min(round(cell * DAY_SECONDS), DAY_SECONDS - 1)
        return time(second // 3600, second // 60 % 60, second % 60)
    match = CLOCK_TEXT.fullmatch(text_of(cell)) if isinstance(cell, str) else None
    if match is None:
        raise Misread(CLOCK)
    try:
        return time(int(match[1]), int(match[2]), int(match[3] or 0))
    except ValueError as error:
        raise Misread(CLOCK) from error


def in_city(local: datetime, zone: ZoneInfo) -> int:
    """Epoch seconds of a time by the city's clock; of one that comes twice, the first. Raises Misread for
    one that the clock skips."""
    start, is_even = _day_start(local.date(), zone)
    if is_even:
        return start + local.hour * 3600 + local.minute * 60 + local.second
    aware = local.replace(tzinfo=zone, microsecond=0)
    second = int(aware.timestamp())
    if datetime.fromtimestamp(second, zone).replace(tzinfo=None) != local.replace(microsecond=0):
        raise Misread(N_("The clocks are put forward that night: this time does not exist."))
    return second


@lru_cache(maxsize=8192)
def _day_start(day: date, zone: ZoneInfo) -> tuple[int, bool]:
    """The day's first second, and whether its clock runs on without a jump."""
    start, end = (datetime.combine(d, time.min, zone) for d in (day, day + timedelta(days=1)))
    first, last = int(start.timestamp()), int(end.timestamp())
    return first, last - first == DAY_SECONDS
