"""Tables as files: numbers stay numbers, texts stay texts."""

import csv
from datetime import date, datetime
from io import BytesIO, StringIO
from itertools import repeat
from zipfile import ZipFile

import pytest
from python_calamine import CalamineWorkbook

from publisher.core.spreadsheets import SHEET_ROWS, Cell, to_csv, to_xlsx
from publisher.errors import RuleError


@pytest.mark.parametrize("text", ["=1+1", "+7 861", "-скидка", "@krd", "\tx", "\rx"])
def test_a_text_that_would_be_a_formula_is_neutralised(text: str) -> None:
    [row] = csv.reader(StringIO(to_csv([[text]], "en").decode("utf-8-sig"), newline=""))
    assert row == ["'" + text]


def test_numbers_and_gaps_stay_what_they_are() -> None:
    assert to_csv([["Канал", -15, 0, None]], "ru") == "\ufeffКанал;-15;0;\r\n".encode()


def test_the_delimiter_is_the_one_of_the_language() -> None:
    assert to_csv([["a", 1]], "en").decode("utf-8-sig") == "a,1\r\n"


def test_quotes_delimiters_and_lines_inside_a_cell_come_back() -> None:
    cells = ['ОАО "Мост"; север', "две\nстроки"]
    [row] = csv.reader(StringIO(to_csv([cells], "ru").decode("utf-8-sig"), newline=""), delimiter=";")
    assert row == cells


def test_days_and_moments_are_written_so_that_they_can_be_sorted() -> None:
    row = [date(2026, 12, 1), datetime(2026, 12, 1, 9, 5)]  # noqa: DTZ001 - the city's clock, as in a cell
    assert to_csv([row], "en").decode("utf-8-sig") == "2026-12-01,2026-12-01 09:05\r\n"


def test_excel_reads_back_texts_numbers_days_and_gaps() -> None:
    moment = datetime(2026, 12, 1, 9, 5)  # noqa: DTZ001 - the city's clock, as in a cell
    heading = ["Канал", "Сумма", "День", "Снято"]
    rows: list[list[Cell]] = [[*heading], ["=1+1", -15, date(2026, 12, 1), moment], ["-", None]]
    book = CalamineWorkbook.from_filelike(BytesIO(to_xlsx(rows, "Рост")))
    assert book.sheet_names == ["Рост"]
    assert book.get_sheet_by_index(0).to_python() == [
        heading,
        ["=1+1", -15, date(2026, 12, 1), moment],
        ["-", "", "", ""],
    ]


@pytest.mark.parametrize("text", ["=1+1", '=HYPERLINK("http://x")', "{=A1}", "http://x", "mailto:x"])
def test_no_text_becomes_a_formula_or_a_link_in_excel(text: str) -> None:
    with ZipFile(BytesIO(to_xlsx([["Канал"], [text]]))) as parts:
        sheet = parts.read("xl/worksheets/sheet1.xml").decode()
    assert "<f>" not in sheet
    assert "hyperlink" not in sheet.replace("HYPERLINK", "")


def test_the_heading_stays_in_view_and_columns_are_as_wide_as_their_texts() -> None:
    with ZipFile(BytesIO(to_xlsx([["Канал"], ["Муниципальный центр управления"]]))) as parts:
        sheet = parts.read("xl/worksheets/sheet1.xml").decode()
    assert '<pane ySplit="1"' in sheet
    assert '<col min="1" max="1" width="32' in sheet


def test_more_rows_than_a_sheet_holds_are_refused_and_not_cut() -> None:
    with pytest.raises(RuleError, match="1048576"):
        to_xlsx(repeat((), SHEET_ROWS + 1))
