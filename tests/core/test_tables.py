"""Cells of spreadsheets: whatever way a number or moment is written, it comes back; nothing else does."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from publisher.core.tables import (
    EXCEL_1900,
    EXCEL_1904,
    LARGEST,
    Cell,
    DateOrder,
    Fraction,
    Misread,
    guess_fraction,
    guess_order,
    is_empty,
    read_clock,
    read_count,
    read_day,
    read_moment,
)

MOSCOW = ZoneInfo("Europe/Moscow")
MONTHS = (
    "января", "февраля", "марта", "апреля", "мая", "июня", "июля", "августа", "сентября", "октября",
    "ноября", "декабря",
)  # fmt: skip
SPACES = (" ", "\u00a0", "\u2009", "\u202f", "'")
days = st.dates(date(2000, 1, 1), date(2099, 12, 31))
values = st.integers(0, LARGEST)


def grouped(value: int, sign: str) -> str:
    """Thousands parted by the sign."""
    return f"{value:,}".replace(",", sign)


@given(values, st.sampled_from(SPACES), st.sampled_from(["", ",0", ".00"]))
def test_a_number_comes_back_however_it_is_written(value: int, space: str, fraction: str) -> None:
    assert read_count(grouped(value, space) + fraction) == value


@given(values, st.sampled_from([(".", Fraction.COMMA), (",", Fraction.DOT)]))
def test_thousands_are_parted_by_a_sign_when_the_column_tells_which(
    value: int, form: tuple[str, Fraction]
) -> None:
    sign, fraction = form
    assert read_count(grouped(value, sign), fraction) == value


@given(values)
def test_a_number_comes_back_from_a_workbook(value: int) -> None:
    assert read_count(float(value)) == read_count(value) == value


@given(st.text())
def test_a_text_is_a_number_or_refused(text: str) -> None:
    try:
        value = read_count(text)
    except Misread:
        return
    assert any(char.isdecimal() for char in text)
    assert 0 <= value <= LARGEST


@pytest.mark.parametrize(
    "cell",
    [
        "12.345", "12,345", "12.5", "1 2", "1 2345", "12 34", "-5", "−5", "пять", "12б45", "1e5", "12.345.6",
        "1,234,5", "99999999999", "9" * 5000, "٣", "", 1.5, -1, float("nan"), float("inf"), True, None,
        date(2024, 1, 1),
    ],
)  # fmt: skip
def test_what_is_no_whole_number_is_refused(cell: Cell) -> None:
    with pytest.raises(Misread):
        read_count(cell)


@pytest.mark.parametrize(
    ("cells", "fraction"),
    [
        (["12.345", "1.234.567"], Fraction.COMMA),
        (["12.345", "12,5"], Fraction.COMMA),
        (["12,345", "7.0"], Fraction.DOT),
        (["12.345", "900"], Fraction.UNKNOWN),
        (["12,5", "12.5"], Fraction.UNKNOWN),
        ([12.5, None, "x"], Fraction.UNKNOWN),
    ],
)
def test_the_column_tells_what_its_signs_mean(cells: list[Cell], fraction: Fraction) -> None:
    assert guess_fraction(cells) is fraction


def written(day: date) -> list[str]:
    """The day in the ways people write it."""
    month = MONTHS[day.month - 1]
    return [
        f"{day:%d.%m.%Y}", f"{day.day}.{day.month}.{day:%y}", f"{day:%d/%m/%Y}", f"{day:%d-%m-%Y}",
        day.isoformat(), f"{day:%Y.%m.%d}", f"{day:%Y/%m/%d}", f"{day.day} {month} {day.year}",
        f"{day.day}\u00a0{month} {day.year} г.", f"{day.day} {month[:3]}. {day.year}",
        f"{day:%B} {day.day}, {day.year}", f" {day:%d.%m.%Y} ",
    ]  # fmt: skip


@given(days)
def test_a_day_comes_back_however_it_is_written(day: date) -> None:
    assert {read_day(text) for text in written(day)} == {day}


@given(days, st.sampled_from([EXCEL_1900, EXCEL_1904]))
def test_a_day_comes_back_from_its_number(day: date, epoch: date) -> None:
    serial = (day - epoch).days
    assert {read_day(cell, epoch=epoch) for cell in (serial, float(serial), str(serial))} == {day}


@given(days)
def test_a_day_comes_back_when_the_month_stands_first(day: date) -> None:
    assert read_day(f"{day:%m/%d/%Y}", DateOrder.MONTH_FIRST) == day


@pytest.mark.parametrize("text", ["декабрь 2024", "12.2024", "2024-12", "Dec 2024", "декабрь 2024 г."])
def test_a_month_stands_for_its_first_day_where_months_are_meant(text: str) -> None:
    assert read_day(text, months=True) == date(2024, 12, 1)
    with pytest.raises(Misread):
        read_day(text)


@pytest.mark.parametrize(
    "cell",
    [
        "32.12.2024", "31.02.2024", "00.01.2024", "31.12.1924", "2024", "вчера", "31.12", "12", 5, 1e9, -1,
        True, None, float("nan"), "31 мартобря 2024", "2024-13-01", "31-12.2024",
    ],
)  # fmt: skip
def test_what_is_no_day_is_refused(cell: Cell) -> None:
    with pytest.raises(Misread):
        read_day(cell)


@given(st.text())
def test_a_text_is_a_moment_or_refused(text: str) -> None:
    try:
        second = read_moment(text, MOSCOW)
    except Misread:
        return
    assert datetime.fromtimestamp(second, UTC).year in range(1999, 2101)


@given(st.integers(1_420_059_601, 4_000_000_000))
def test_a_moment_of_the_city_comes_back_however_it_is_written(second: int) -> None:
    aware = datetime.fromtimestamp(second, MOSCOW)
    local = aware.replace(tzinfo=None)
    cells: list[Cell] = [
        f"{local:%d.%m.%Y %H:%M:%S}", f"{local:%d.%m.%y, %H:%M:%S}", local.isoformat(), local.isoformat(" "),
        aware.isoformat(), aware.astimezone(UTC).isoformat(), local,
        local - timedelta(microseconds=3), local + timedelta(microseconds=3),
    ]  # fmt: skip
    if local.time() != time.min:
        # A bare midnight of Excel is a day without a time.
        cells.append((local - datetime.combine(EXCEL_1900, time.min)) / timedelta(days=1))
    assert {read_moment(cell, MOSCOW) for cell in cells} == {second}
    assert read_moment(f"{local:%d.%m.%Y}", MOSCOW, clock=f"{local:%H:%M:%S}") == second
    assert read_moment(local.date(), MOSCOW, clock=local.time()) == second


@given(days)
def test_a_day_without_a_time_is_its_noon(day: date) -> None:
    noon = datetime.combine(day, time(12), ZoneInfo("UTC"))
    assert read_moment(f"{day:%d.%m.%Y}", ZoneInfo("UTC")) == int(noon.timestamp())
    assert read_moment(day, ZoneInfo("UTC")) == int(noon.timestamp())


@pytest.mark.parametrize(
    ("text", "utc"),
    [
        ("2024-12-31T10:00Z", "2024-12-31T10:00"),
        ("2024-12-31 10:00 +0300", "2024-12-31T07:00"),
        ("31.12.2024 10:00+05:00", "2024-12-31T05:00"),
        ("2024-12-31T10:00:00.123456+00:00", "2024-12-31T10:00"),
    ],
)
def test_an_offset_of_its_own_counts(text: str, utc: str) -> None:
    instant = datetime.fromisoformat(utc).replace(tzinfo=UTC)
    assert read_moment(text, MOSCOW) == int(instant.timestamp())


def test_a_time_that_the_clock_skips_is_refused() -> None:
    with pytest.raises(Misread):
        read_moment("2026-03-29 02:30", ZoneInfo("Europe/Berlin"))


def test_a_time_that_comes_twice_is_the_first() -> None:
    first = datetime(2026, 10, 25, 0, 30, tzinfo=UTC)
    assert read_moment("2026-10-25 02:30", ZoneInfo("Europe/Berlin")) == int(first.timestamp())


@pytest.mark.parametrize("cell", ["25:00", "9.30", "полдень", 1.5, -0.1, None, True, "12:60"])
def test_what_is_no_time_is_refused(cell: Cell) -> None:
    with pytest.raises(Misread):
        read_clock(cell)


@pytest.mark.parametrize(
    ("cells", "order"),
    [
        (["01/31/2024", "02/01/2024"], DateOrder.MONTH_FIRST),
        (["31.01.2024", "01.02.2024"], DateOrder.DAY_FIRST),
        (["01.02.2024"], DateOrder.DAY_FIRST),
        (["13.01.2024", "01.13.2024"], DateOrder.DAY_FIRST),
    ],
)
def test_the_column_tells_what_stands_first(cells: list[Cell], order: DateOrder) -> None:
    assert guess_order(cells) is order


@pytest.mark.parametrize("cell", ["", " ", "\u00a0", "-", "—", None])
def test_a_dash_is_a_gap(cell: Cell) -> None:
    assert is_empty(cell)


@pytest.mark.parametrize("cell", ["0", 0, 0.0, "н/д", False])
def test_a_zero_is_no_gap(cell: Cell) -> None:
    assert not is_empty(cell)
