"""What the columns of a table are: guessed by headings and first values."""

import pytest

from publisher.core.guessing import (
    Column,
    Kind,
    Layout,
    Line,
    NamedChannel,
    Names,
    Role,
    guess_layout,
    read_column,
)
from publisher.core.tables import Cell, DateOrder, Fraction
from publisher.errors import RuleError

NAMES = Names(
    [
        NamedChannel(id=1, network="telegram", handle="krd_news", title="Новости «Краснодара»"),
        NamedChannel(id=2, network="telegram", handle="krd_mayor", title="Мэр"),
        NamedChannel(id=3, network="telegram", handle="krd_trees", title="Зелёный город"),
        NamedChannel(id=4, network="vk", handle="krd_trees", title="Зелёный город ВК"),
    ]
)


def guessed(*rows: list[Cell], kind: Kind = Kind.COUNTS) -> Layout:
    """The layout of these rows."""
    return guess_layout(kind, [Line(number=n, cells=row) for n, row in enumerate(rows, 1)], NAMES)


def codes(layout: Layout) -> list[str]:
    """What each column is."""
    return [column.code() for column in layout.columns]


@pytest.mark.parametrize(
    ("heading", "row", "expected"),
    [
        (["Дата", "Канал", "Подписчики"], ["31.12.2024", "Мэр", "5"], ["when", "who", "value"]),
        (
            ["Канал", "Кол-во", "Дата", "Время"], ["Мэр", 5, "31.12.2024", "9:30"],
            ["who", "value", "when", "clock"],
        ),
        (
            ["channel", "network", "taken_at", "value", "source"],
            ["telegram:@krd_mayor", "telegram", "2024-12-31T09:00:00+00:00", 5, "network"],
            ["who", "skip", "when", "value", "source"],
        ),
        (["", "", ""], ["31.12.2024", "Мэр", "5"], ["when", "who", "value"]),
        (
            ["№", "Когда", "Паблик", "Всего подписчиков"], [1, "31.12.2024", "Мэр", 5],
            ["skip", "when", "who", "value"],
        ),
        (
            ["Дата", "@krd_mayor", "новости краснодара", "Итого", "Примечание"],
            ["31.12.2024", 5, 6, 11, "x"],
            ["when", "values-of:2", "values-of:1", "skip", "skip"],
        ),
        (["Дата", "Мер", "Текст"], ["31.12.2024", 5, "слово"], ["when", "unknown", "skip"]),
        (["Канал", "31.12.2024", "1 января 2025"], ["Мэр", 5, 6], ["who", "values-on", "values-on"]),
        (["Канал", "45657", "45658"], ["Мэр", 5, 6], ["who", "values-on", "values-on"]),
    ],
    ids=[
        "long", "any order", "our export", "no heading", "numbered", "wide", "unknown", "days",
        "Excel's days",
    ],
)  # fmt: skip
def test_columns_of_counts_are_told_apart(heading: list[Cell], row: list[Cell], expected: list[str]) -> None:
    assert codes(guessed(heading, row, row)) == expected


@pytest.mark.parametrize(
    ("heading", "row", "expected"),
    [
        (
            ["День", "Источник", "Тема", "Количество"], ["31.12.2024", "МАКС", "Дороги", 5],
            ["when", "source", "who", "value"],
        ),
        (
            ["Месяц", "Дороги", "Вода", "Итого"], ["12.2024", 5, 6, 11],
            ["when", "values-of", "values-of", "skip"],
        ),
        (["Тема", "декабрь 2024", "01.2025"], ["Дороги", 5, 6], ["who", "values-on", "values-on"]),
    ],
)  # fmt: skip
def test_columns_of_appeals_are_told_apart(heading: list[Cell], row: list[Cell], expected: list[str]) -> None:
    assert codes(guessed(heading, row, kind=Kind.APPEALS)) == expected


def test_the_heading_is_found_below_a_title() -> None:
    layout = guessed(["Отчёт за год"], [None], ["Дата", "Мэр"], ["31.12.2024", 5])
    assert (layout.heading, layout.titles) == (3, ("Дата", "Мэр"))


def test_signs_and_order_are_guessed_from_the_values() -> None:
    layout = guessed(["Дата", "Мэр"], ["12/31/2024", "12.345"], ["01/02/2025", "1.234.567"])
    assert (layout.order, layout.fraction) == (DateOrder.MONTH_FIRST, Fraction.COMMA)


@pytest.mark.parametrize(
    "text",
    [
        "Мэр", " мэр ", "МЭР", "@krd_mayor", "krd_mayor", "KRD_MAYOR", "telegram:@krd_mayor",
        "telegram:krd_mayor", "t.me/krd_mayor", "https://t.me/krd_mayor/15", "https://t.me/s/krd_mayor",
    ],
)  # fmt: skip
def test_a_channel_is_known_by_every_name(text: str) -> None:
    assert NAMES.find(text) == 2


@pytest.mark.parametrize("text", ["зеленый  ГОРОД", "Зелёный\u00a0город", "«Зелёный город»"])
def test_the_little_differences_of_names_do_not_matter(text: str) -> None:
    assert NAMES.find(text) == 3


def test_a_name_of_several_channels_is_asked_about() -> None:
    assert NAMES.find("krd_trees") is None
    assert "Several channels" in NAMES.complain("krd_trees").message
    assert NAMES.find("vk:krd_trees") == 4


def test_the_nearest_names_are_offered() -> None:
    assert [channel.id for channel in NAMES.nearest("Мер")] == [2]
    assert NAMES.nearest("Совсем другое") == []


@pytest.mark.parametrize(
    "title",
    ["ФИО", "Ф.И.О. заявителя", "Телефон", "E-mail", "Адрес проживания", "Фамилия", "Phone number", "СНИЛС"],
)
def test_citizens_data_is_recognised_by_its_heading(title: str) -> None:
    with pytest.raises(RuleError, match="data of citizens"):
        guessed(["Дата", title, "Количество"], ["31.12.2024", "x", 5], kind=Kind.APPEALS)


@pytest.mark.parametrize(
    "title", ["Тема", "Информирование", "Именные премии", "Почтовая связь", "Телефонизация"]
)
def test_harmless_headings_are_not(title: str) -> None:
    guessed(["Дата", title, "Количество"], ["31.12.2024", "x", 5], kind=Kind.APPEALS)


def test_a_column_of_counts_may_be_headed_by_the_telephone() -> None:
    layout = guessed(["Дата", "Телефон", "Почта"], ["31.12.2024", 120, "15"], kind=Kind.APPEALS)
    assert codes(layout) == ["when", "values-of", "values-of"]


def test_a_column_of_telephones_is_refused_though_they_are_numbers() -> None:
    with pytest.raises(RuleError, match="data of citizens"):
        guessed(["Дата", "Телефон", "Число"], ["31.12.2024", 2_551_234, 1], kind=Kind.APPEALS)


@pytest.mark.parametrize("code", ["", "other", "when:x", "values-of:-1", "values-of:١"])
def test_what_is_no_code_of_a_column_is_none(code: str) -> None:
    assert read_column(code) is None


def test_a_code_comes_back() -> None:
    column = Column(role=Role.VALUES_OF, channel_id=12)
    assert read_column(column.code()) == column


def test_an_empty_table_says_so() -> None:
    with pytest.raises(RuleError, match="nothing"):
        guess_layout(Kind.COUNTS, [], NAMES)
