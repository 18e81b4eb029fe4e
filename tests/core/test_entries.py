"""Lines of a table become entries, or faults at their cells; what is no value is passed over."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from publisher.core.entries import Entry, EntryReader, Fault, Mending, Setting, letter
from publisher.core.guessing import Kind, Line, NamedChannel, Names, fold, guess_layout
from publisher.core.states import CountSource
from publisher.core.tables import Cell

NAMES = Names(
    [
        NamedChannel(id=1, network="telegram", handle="krd_news", title="Новости"),
        NamedChannel(id=2, network="telegram", handle="krd_mayor", title="Мэр"),
    ]
)
NOW = datetime(2026, 12, 1, 6, 0, tzinfo=UTC)
SETTING = Setting(zone=ZoneInfo("Europe/Moscow"), now=NOW)
NOON = int(datetime(2024, 12, 31, 9, tzinfo=UTC).timestamp())
DAY = 86_400


def read(
    *rows: list[Cell], kind: Kind = Kind.COUNTS, mending: Mending | None = None
) -> tuple[list[Entry], list[tuple[int, int, str]], EntryReader]:
    """The entries; of each fault line, column and what stands there; and the reader."""
    lines = [Line(number=n, cells=row) for n, row in enumerate(rows, 1)]
    reader = EntryReader(kind, guess_layout(kind, lines, NAMES), NAMES, mending or Mending(), SETTING)
    found = list(reader.read(lines))
    faults = [(one.line, one.column, one.found) for one in found if isinstance(one, Fault)]
    return [one for one in found if isinstance(one, Entry)], faults, reader


LONG: list[Cell] = ["Дата", "Канал", "Подписчики"]
WIDE: list[Cell] = ["Дата", "Новости", "Мэр"]


def test_all_shapes_bring_the_same_entries() -> None:
    long, *_ = read(LONG, ["31.12.2024", "Новости", 5], ["31.12.2024", "Мэр", 6], ["01.01.2025", "Мэр", 7])
    wide, *_ = read(WIDE, ["31.12.2024", 5, 6], ["01.01.2025", None, 7])
    other, *_ = read(["Канал", "31.12.2024", "01.01.2025"], ["Новости", 5, ""], ["Мэр", 6, 7])
    wanted = {(1, NOON, 5), (2, NOON, 6), (2, NOON + DAY, 7)}
    for entries in (long, wide, other):
        assert {(entry.who, entry.when, entry.value) for entry in entries} == wanted
        assert {entry.source for entry in entries} == {CountSource.IMPORT}


def test_an_empty_cell_is_a_gap() -> None:
    entries, faults, reader = read(WIDE, ["31.12.2024", "", "—"], ["01.01.2025", 0, None], [None, None, None])
    assert ([entry.value for entry in entries], faults, reader.skipped.empty) == ([0], [], 3)


def test_a_line_of_totals_is_passed_over() -> None:
    entries, faults, reader = read(WIDE, ["31.12.2024", 5, 6], ["Итого:", 5, 6])
    assert (len(entries), faults, reader.skipped.totals) == (2, [], 1)


def test_every_wrong_cell_of_a_line_is_a_fault() -> None:
    entries, faults, _ = read(LONG, ["31.12.2024", "Мэр", 5], ["32.12.2024", "Мар", 5], ["", "Мэр", "x"])
    assert len(entries) == 1
    assert faults == [(3, 0, "32.12.2024"), (3, 1, "Мар"), (4, 0, "")]


def test_a_count_of_tomorrow_is_a_fault_and_one_of_today_is_not() -> None:
    entries, faults, _ = read(LONG, ["01.12.2026", "Мэр", 5], ["02.12.2026", "Мэр", 6])
    assert ([entry.value for entry in entries], faults) == ([5], [(3, 0, "02.12.2026")])


def test_a_table_without_dates_says_what_is_missing() -> None:
    _, faults, _ = read(["Канал", "Подписчики"], ["Мэр", 5])
    assert faults == [(1, 0, "")]


def test_mended_cells_stand_in_place_of_the_files() -> None:
    mending = Mending(cells={(2, 0): "31.12.2024", (2, 2): "7"})
    entries, faults, _ = read(LONG, ["x", "Мэр", "y"], mending=mending)
    assert (faults, [(entry.when, entry.value) for entry in entries]) == ([], [(NOON, 7)])


def test_a_cell_beyond_the_lines_end_can_be_mended() -> None:
    entries, *_ = read(
        LONG,
        ["31.12.2024", "Мэр", 1],
        ["31.12.2024"],
        mending=Mending(cells={(3, 1): "Новости", (3, 2): "7"}),
    )
    assert [entry.value for entry in entries] == [1, 7]


def test_lines_and_names_are_left_out() -> None:
    mending = Mending(left_out=frozenset({2}), names={fold("Чужой"): None, fold("Глава"): 2})
    rows: list[list[Cell]] = [
        ["31.12.2024", "Мэр", "x"],
        ["31.12.2024", "Чужой", 5],
        ["31.12.2024", "Глава", 6],
    ]
    entries, faults, reader = read(LONG, *rows, mending=mending)
    assert ([(entry.who, entry.value) for entry in entries], faults) == ([(2, 6)], [])
    assert reader.skipped.left_out == 2


def test_an_unknown_heading_can_be_led_to_a_channel_or_left_out() -> None:
    rows: list[list[Cell]] = [["Дата", "Глава", "Чужой"], ["31.12.2024", 5, 6]]
    _, faults, _ = read(*rows)
    assert faults == [(1, 1, "Глава"), (1, 2, "Чужой")]
    mending = Mending(names={fold("Чужой"): None, fold("Глава"): 2})
    entries, faults, _ = read(*rows, mending=mending)
    assert ([(entry.who, entry.value) for entry in entries], faults) == ([(2, 5)], [])


def test_a_months_appeals_stand_on_its_first_day() -> None:
    entries, *_ = read(["Месяц", "Тема", "Количество"], ["декабрь 2024", "Дороги", 5], kind=Kind.APPEALS)
    assert [(entry.when, entry.who, entry.source, entry.value) for entry in entries] == [
        ("2024-12-01", "Дороги", "", 5)
    ]


def test_columns_are_called_as_office_programs_do() -> None:
    assert [letter(place) for place in (0, 25, 26, 51, 52, 701, 702)] == [
        "A",
        "Z",
        "AA",
        "AZ",
        "BA",
        "ZZ",
        "AAA",
    ]
