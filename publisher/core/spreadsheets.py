"""Tables as files that office programs open: numbers stay numbers, and no text becomes a formula."""

import csv
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from io import BytesIO, StringIO
from typing import TYPE_CHECKING

from publisher.core.messages import N_
from publisher.errors import RuleError

if TYPE_CHECKING:
    from xlsxwriter.format import Format
    from xlsxwriter.worksheet import Worksheet

# Excel takes a text that begins so for a formula, and a formula may send data away.
FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")
# Office programs of these languages write 12,5 and so part their columns by semicolons.
DELIMITERS = {"ru": ";", "en": ","}
BYTE_ORDER_MARK = "\ufeff"
# What a sheet of Excel holds at most, the heading included.
SHEET_ROWS = 1_048_576
# Columns are as wide as their texts, in characters; beyond this a text runs on into the next cell.
NARROWEST, WIDEST = 9, 60

# A datetime is a moment on the city's clock, without a zone: office programs know none.
Cell = str | int | float | date | datetime | None


def to_csv(rows: Iterable[Sequence[Cell]], language: str) -> bytes:
    """The rows as Excel of that language opens them by a double click: UTF-8 with its mark; None is empty."""
    text = StringIO(newline="")
    writer = csv.writer(text, delimiter=DELIMITERS[language], lineterminator="\r\n")
    writer.writerows([_in_language(_plain(cell), language) for cell in row] for row in rows)
    return (BYTE_ORDER_MARK + text.getvalue()).encode()


def to_xlsx(rows: Iterable[Sequence[Cell]], sheet: str = "") -> bytes:
    """The rows as an Excel file with one sheet of this name; the first row is the heading and stays in view.

    Days and moments are dates that Excel reckons with. Raises RuleError for more rows than a sheet holds.
    """
    # A process does without the library until somebody wants an Excel file.
    from xlsxwriter import Workbook

    file = BytesIO()
    # A row is written away when the next one comes: ten years of counts do not fit into memory at once.
    with Workbook(file, {"constant_memory": True}) as book:
        page = book.add_worksheet(sheet)
        page.freeze_panes(1, 0)
        forms = _Forms(
            heading=book.add_format({"bold": True}),
            day=book.add_format({"num_format": "dd.mm.yyyy"}),
            moment=book.add_format({"num_format": "dd.mm.yyyy hh:mm"}),
        )
        widths: dict[int, int] = {}
        for place, row in enumerate(rows):
            if place == SHEET_ROWS:
                raise RuleError("", N_("A sheet of Excel holds {most} rows at most."), most=SHEET_ROWS)
            for column, cell in enumerate(row):
                _write(page, place, column, cell, forms)
                widths[column] = max(widths.get(column, NARROWEST), _width(cell))
        for column, width in widths.items():
            page.set_column(column, column, width)
    return file.getvalue()


def neutral(cell: Cell) -> Cell:
    """The cell; a text that would be run as a formula gets an apostrophe in front."""
    return f"'{cell}" if isinstance(cell, str) and cell.startswith(FORMULA_STARTS) else cell


def _in_language(cell: Cell, language: str) -> Cell:
    """A fraction with the comma of languages that part columns by semicolons."""
    is_fraction = isinstance(cell, float) and DELIMITERS[language] == ";"
    return str(cell).replace(".", ",") if is_fraction else cell


def _plain(cell: Cell) -> Cell:
    if isinstance(cell, datetime):
        return f"{cell:%Y-%m-%d %H:%M}"
    return cell.isoformat() if isinstance(cell, date) else neutral(cell)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Forms:
    heading: "Format"
    day: "Format"
    moment: "Format"


def _write(page: "Worksheet", row: int, column: int, cell: Cell, forms: _Forms) -> None:
    match cell:
        case str():
            # Written as text whatever it begins with: no formula, no link.
            page.write_string(row, column, cell, None if row else forms.heading)
        case int() | float():
            page.write_number(row, column, cell)
        case datetime():
            page.write_datetime(row, column, cell, forms.moment)
        case date():
            page.write_datetime(row, column, cell, forms.day)


def _width(cell: Cell) -> int:
    longest = max((len(line) for line in str(_plain(cell)).splitlines()), default=0)
    return min(longest + 2, WIDEST)
