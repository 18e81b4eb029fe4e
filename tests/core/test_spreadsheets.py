"""Tables as files: numbers stay numbers, texts stay texts."""

import csv
from io import StringIO

import pytest

from publisher.core.spreadsheets import to_csv


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
