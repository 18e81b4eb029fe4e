"""Tables as files that office programs open: numbers stay numbers, and no text becomes a formula."""

import csv
from collections.abc import Iterable, Sequence
from io import StringIO

# Excel takes a text that begins so for a formula, and a formula may send data away.
FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")
# Office programs of these languages write 12,5 and so part their columns by semicolons.
DELIMITERS = {"ru": ";", "en": ","}
BYTE_ORDER_MARK = "\ufeff"

Cell = str | int | None


def to_csv(rows: Iterable[Sequence[Cell]], language: str) -> bytes:
    """The rows as Excel of that language opens them by a double click: UTF-8 with its mark; None is empty."""
    text = StringIO(newline="")
    writer = csv.writer(text, delimiter=DELIMITERS[language], lineterminator="\r\n")
    writer.writerows([neutral(cell) for cell in row] for row in rows)
    return (BYTE_ORDER_MARK + text.getvalue()).encode()


def neutral(cell: Cell) -> Cell:
    """The cell; a text that would be run as a formula gets an apostrophe in front."""
    return f"'{cell}" if isinstance(cell, str) and cell.startswith(FORMULA_STARTS) else cell
