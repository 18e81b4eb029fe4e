"""Spreadsheets of every make are read cell by cell; what is hostile or none is refused in words."""

import io
import struct
import zipfile
import zlib
from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest
import xlsxwriter

from publisher.core.tables import EXCEL_1904, Cell
from publisher.errors import RuleError
from publisher.store.sheets import Choice, Table, open_table
from tests.files import EXE, HTML, OLD_OFFICE, PDF, archive, office, open_document, picture

Opener = Callable[..., Table]
SHEET = "xl/worksheets/sheet1.xml"


@pytest.fixture
def opened(tmp_path: Path) -> Opener:
    """A function that opens a file with this content."""

    def open_(content: str | bytes, **choice: str) -> Table:
        file = tmp_path / "table"
        file.write_bytes(content.encode() if isinstance(content, str) else content)
        return open_table(file, Choice(**choice))

    return open_


def cells(table: Table) -> list[list[Cell]]:
    """All lines."""
    return [list(line.cells) for line in table.lines()]


def workbook(*sheets: list[list[object]], **options: object) -> bytes:
    """A workbook with these sheets, from their second column and third line on."""
    file = io.BytesIO()
    with xlsxwriter.Workbook(file, options) as book:
        day = book.add_format({"num_format": "dd.mm.yyyy"})
        for rows in sheets:
            sheet = book.add_worksheet()
            for row, values in enumerate(rows, 2):
                for column, value in enumerate(values, 1):
                    sheet.write(row, column, value, day if isinstance(value, date) else None)
    return file.getvalue()


def with_part(content: bytes, name: str, change: Callable[[bytes], bytes]) -> bytes:
    """The workbook with one part changed."""
    target = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(content)) as old,
        zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as new,
    ):
        for part in old.namelist():
            new.writestr(part, change(old.read(part)) if part == name else old.read(part))
    return target.getvalue()


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "cp1251"])
@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_a_text_is_read_in_every_encoding_and_with_every_sign(
    opened: Opener, encoding: str, delimiter: str
) -> None:
    rows = [["Дата", "Подписчики, всего"], ["31.12.2024", "12 345,0"], ["01.01.2025", "7"]]
    text = "".join(
        delimiter.join(f'"{cell}"' if "," in cell else cell for cell in row) + "\r\n" for row in rows
    )
    assert cells(opened(text.encode(encoding))) == rows


def test_lines_are_counted_as_office_programs_do(opened: Opener) -> None:
    table = opened('Отчёт\r\n\r\nДата;Канал\r\n31.12.2024;"Новости\r\n\r\nгорода"\r\n\r\n01.01.2025;Мэр\r\n')
    found = [(line.number, line.cells[0]) for line in table.lines() if line.cells[0]]
    assert found == [(1, "Отчёт"), (3, "Дата"), (4, "31.12.2024"), (6, "01.01.2025")]


def test_headings_of_the_same_name_stay_apart(opened: Opener) -> None:
    assert cells(opened("a,a,\n1,2,3\n")) == [["a", "a", ""], ["1", "2", "3"]]


def test_longer_and_shorter_lines_are_kept(opened: Opener) -> None:
    table = opened("a;b\n" * 1200 + "1;2;3\n4\n", delimiter="semicolon")
    assert cells(table)[-2:] == [["1", "2", "3"], ["4", None]]


def test_encoding_and_sign_are_chosen_when_the_guess_is_wrong(opened: Opener) -> None:
    table = opened("a,1;b,2\n".encode("cp1251"), encoding="cp1251", delimiter="comma")
    assert (table.encoding, table.delimiter) == ("cp1251", "comma")
    assert cells(table) == [["a", "1;b", "2"]]


def test_an_encoding_that_does_not_fit_is_not_taken(opened: Opener) -> None:
    assert opened("Дата;1\n".encode("cp1251"), encoding="utf-8").encoding == "cp1251"


@pytest.mark.parametrize(
    "text", ['[{"a": 1, "b": "x"}, {"b": null, "c": true}]', '{"a": 1, "b": "x"}\n{"c": true}\n']
)
def test_json_has_a_line_of_names(opened: Opener, text: str) -> None:
    assert cells(opened(text)) == [["a", "b", "c"], [1, "x", None], [None, None, True]]


@pytest.mark.parametrize("text", ["[1, 2]", "[", '{"a": 1}\nx', "[" * 100_000, '[{"a": 1}'])
def test_json_that_is_no_table_is_refused(opened: Opener, text: str) -> None:
    with pytest.raises(RuleError, match="JSON"):
        cells(opened(text))


def test_a_workbook_keeps_its_lines_and_columns(opened: Opener) -> None:
    table = opened(workbook([["Дата", "Мэр"], [date(2024, 12, 31), 12_345]]))
    assert cells(table)[2:] == [[None, "Дата", "Мэр"], [None, date(2024, 12, 31), 12_345.0]]
    assert [line.number for line in table.lines()] == [1, 2, 3, 4]


def test_a_name_merged_downwards_stands_in_each_of_its_lines(opened: Opener) -> None:
    file = io.BytesIO()
    with xlsxwriter.Workbook(file) as book:
        sheet = book.add_worksheet()
        sheet.write_row(1, 1, ["Канал", "Подписчики", "Примечание"])
        sheet.merge_range(2, 1, 4, 1, "Мэр")
        sheet.merge_range(2, 2, 3, 2, 12_345)
        sheet.write(5, 3, "итог")
    lines = [[cell or "" for cell in line[1:]] for line in cells(opened(file.getvalue()))]
    assert lines[2:] == [["Мэр", 12_345.0, ""], ["Мэр", "", ""], ["Мэр", "", ""], ["", "", "итог"]]


def test_the_first_filled_sheet_is_taken_unless_another_is_chosen(opened: Opener) -> None:
    content = workbook([], [["второй"]], [["третий"]])
    assert opened(content).sheet == "Sheet2"
    assert cells(opened(content, sheet="Sheet3"))[-1][-1] == "третий"


def test_a_workbook_may_count_from_1904(opened: Opener) -> None:
    table = opened(workbook([["Дата"], [date(2024, 12, 31)], [44_195]], date_1904=True))
    assert table.epoch == EXCEL_1904
    assert cells(table)[3][1] == date(2024, 12, 31)


def test_formulas_are_never_run(opened: Opener) -> None:
    content = workbook([["Дата", '=WEBSERVICE("http://example.org")'], ["x", "=1+1"]])
    assert cells(opened(content))[2][2] in ("", 0.0)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "empty"),
        (picture(), "JPEG"),
        (PDF, "PDF"),
        (EXE, "EXE"),
        (HTML, "web page"),
        (OLD_OFFICE, "old Excel"),
        (OLD_OFFICE + "EncryptedPackage".encode("utf-16-le"), "password"),
        (open_document("application/vnd.oasis.opendocument.spreadsheet"), "LibreOffice"),
        (office("xl", "xl/vbaProject.bin"), "macros"),
        (office("word"), "DOCX"),
        (archive({"a.csv": "1"}), "ZIP"),
        (office("xl"), "damaged"),
        (b"a;b\n\x00;1\n", "no table"),
        (b"a;b\n\x07;1\n", "no table"),
        (workbook([]), "nothing"),
    ],
    ids=[
        "empty", "picture", "PDF", "program", "HTML", "xls", "password", "ods", "macros", "docx", "zip",
        "hollow", "NUL", "control", "blank",
    ],
)  # fmt: skip
def test_what_is_no_table_is_refused_in_words(opened: Opener, content: bytes, words: str) -> None:
    with pytest.raises(RuleError, match=words):
        opened(content)


def test_a_workbook_cut_off_is_refused(opened: Opener) -> None:
    content = workbook([["x"] * 50] * 50)
    for length in (len(content) - 10, len(content) // 2, 40):
        with pytest.raises(RuleError):
            cells(opened(content[:length]))


def test_a_million_columns_are_refused(opened: Opener) -> None:
    with pytest.raises(RuleError, match="columns"):
        cells(opened("a," * 1_000_000))


def test_a_quote_that_never_ends_is_refused(opened: Opener) -> None:
    with pytest.raises(RuleError, match="damaged"):
        cells(opened('a;b\n"' + "x;y\n" * 100_000))


def test_a_cell_in_the_last_corner_is_refused(opened: Opener) -> None:
    def far(sheet: bytes) -> bytes:
        return sheet.replace(b'<c r="B4"', b'<c r="XFD1048576"').replace(b'<row r="4"', b'<row r="1048576"')

    content = with_part(workbook([["a"], ["b"]]), SHEET, far)
    with pytest.raises(RuleError, match="too large"):
        opened(content)


def test_a_zip_bomb_is_refused(opened: Opener) -> None:
    content = with_part(workbook([["a"]]), SHEET, lambda sheet: sheet + b" " * 320_000_000)
    assert len(content) < 3_000_000
    with pytest.raises(RuleError, match="too large"):
        opened(content)


def test_a_zip_bomb_that_lies_about_its_size_is_refused(opened: Opener) -> None:
    content = bytearray(with_part(workbook([["a"]]), SHEET, lambda sheet: sheet + b" " * 320_000_000))
    place = content.index(SHEET.encode(), content.index(b"PK\x01\x02")) - 46
    content[place + 24 : place + 28] = struct.pack("<I", 1000)
    content[place + 16 : place + 20] = struct.pack("<I", zlib.crc32(b""))
    with pytest.raises(RuleError, match="too large"):
        opened(bytes(content))


def test_words_defined_by_the_file_itself_are_refused(opened: Opener) -> None:
    laughs = b'<!DOCTYPE x [<!ENTITY a "ha"><!ENTITY b "&a;&a;">]>'
    content = with_part(workbook([["a"]]), SHEET, lambda sheet: sheet.replace(b"?>", b"?>" + laughs, 1))
    with pytest.raises(RuleError, match="damaged"):
        opened(content)


def test_a_part_in_another_alphabet_is_refused(opened: Opener) -> None:
    content = with_part(workbook([["a"]]), SHEET, lambda sheet: sheet.decode().encode("utf-16"))
    with pytest.raises(RuleError, match="damaged"):
        opened(content)
