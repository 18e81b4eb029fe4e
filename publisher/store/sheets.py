"""Spreadsheets opened with care: CSV, TSV and JSON through sqlite-utils, XLSX through calamine."""

import csv
import io
import json
import re
import tempfile
import zipfile
import zlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import date
from itertools import islice
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, BinaryIO

from publisher.core.filetypes import FileType, recognise
from publisher.core.guessing import Line
from publisher.core.messages import N_
from publisher.core.tables import EXCEL_1900, EXCEL_1904, Cell
from publisher.errors import RuleError

# Both libraries are only loaded with the first table that is opened.
if TYPE_CHECKING:
    from python_calamine import CalamineSheet

MEGABYTE = 1024 * 1024
LARGEST_FILE = 64 * MEGABYTE
# JSON is read as a whole.
LARGEST_JSON = 32 * MEGABYTE
MOST_COLUMNS = 500
MOST_ROWS = 1_500_000
# A workbook lies in memory as a whole, about 30 bytes a cell, empty ones between others included.
MOST_CELLS = 8_000_000
LARGEST_WORKBOOK = 300 * MEGABYTE
SAMPLE_LINES = 1_000
SAMPLE_BYTES = 256 * 1024

ENCODINGS = ("utf-8", "utf-16", "cp1251")
DELIMITERS = {"semicolon": ";", "comma": ",", "tab": "\t"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """What a person says about the file; empty is guessed."""

    encoding: str = ""
    delimiter: str = ""
    sheet: str = ""


AS_GUESSED = Choice()


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """An opened table. `encoding` and `delimiter` are empty where there is none, `sheets` the names of all
    sheets of a workbook; `epoch` is the day from which it counts days."""

    path: Path
    form: str
    encoding: str = ""
    delimiter: str = ""
    sheet: str = ""
    sheets: tuple[str, ...] = ()
    epoch: date = EXCEL_1900

    def lines(self) -> Iterator[Line]:
        """All lines from the first one on, streamed. Raises RuleError when the file turns out damaged."""
        rows = {"xlsx": _xlsx_rows, "json": _json_rows, "csv": _csv_rows}[self.form](self)
        for number, cells in enumerate(rows, 1):
            if number > MOST_ROWS:
                raise RuleError("file", N_("More than {rows} lines: split the file."), rows=MOST_ROWS)
            yield Line(number=number, cells=cells)

    def sample(self) -> list[Line]:
        """The first thousand lines."""
        return list(islice(self.lines(), SAMPLE_LINES))


def open_table(path: Path, choice: Choice = AS_GUESSED) -> Table:
    """The table of a file. Raises RuleError at "file" for what is none, in words that say what to do."""
    size = path.stat().st_size
    if not size:
        raise RuleError("file", N_("The file is empty."))
    if size > LARGEST_FILE:
        raise RuleError("file", N_("The file is larger than {size} MB."), size=LARGEST_FILE // MEGABYTE)
    content = path.read_bytes()
    found = recognise(content)
    if content.startswith(b"PK"):
        if found is not FileType.XLSX:
            raise _not_a_table(found, content)
        return _open_xlsx(path, choice)
    encoding = _encoding_of(content, choice)
    is_text = found in {FileType.TXT, FileType.CSV} or (encoding or "").startswith("utf-16")
    if encoding is None or not is_text:
        raise _not_a_table(found, content)
    return _open_text(path, content, encoding, choice)


def _not_a_table(found: FileType | None, content: bytes) -> RuleError:
    if found is FileType.OLD_OFFICE:
        if "EncryptedPackage".encode("utf-16-le") in content:
            return RuleError("file", N_("The file is protected by a password: save it without one in Excel."))
        return RuleError("file", N_("This is an old Excel file (.xls): save it as .xlsx or CSV in Excel."))
    if found is FileType.ODS:
        return RuleError("file", N_("This is a LibreOffice table (.ods): save it as .xlsx or CSV."))
    if found is FileType.MACROS:
        return RuleError("file", N_("The file holds macros: save it as .xlsx without them."))
    if found in {FileType.HTML, FileType.XML}:
        return RuleError(
            "file", N_("This is a web page, whatever its name says: open it in Excel and save it as .xlsx.")
        )
    if found is None:
        return RuleError("file", N_("This is no table. Accepted are XLSX, CSV, TSV and JSON."))
    return RuleError("file", N_("This is {found}. Accepted are XLSX, CSV, TSV and JSON."), found=found.value)


# Text


def _encoding_of(content: bytes, choice: Choice) -> str | None:
    """How the text is written; None when it is none. UTF-8 fails on any other Russian text, so it is tried
    first; Windows' Cyrillic takes nearly any byte, so it comes last."""
    if choice.encoding in ENCODINGS and _decodes(content, choice.encoding):
        return choice.encoding
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        return "utf-16" if _decodes(content, "utf-16") else None
    # UTF-16 without its mark: every other byte of Latin text, digits and signs is a zero.
    if content[:400].count(0) > len(content[:400]) // 5:
        wide = "utf-16-le" if content[1:400:2].count(0) > content[:400:2].count(0) else "utf-16-be"
        return wide if _decodes(content, wide) else None
    return next((name for name in ("utf-8", "cp1251") if _decodes(content, name)), None)


def _decodes(content: bytes, encoding: str) -> bool:
    try:
        text = content.decode(encoding)
    except UnicodeDecodeError:
        return False
    return "\x00" not in text


def _open_text(path: Path, content: bytes, encoding: str, choice: Choice) -> Table:
    start = content[:SAMPLE_BYTES].decode(encoding, "ignore").lstrip("\ufeff \r\n\t")
    if start.startswith(("[", "{")):
        if len(content) > LARGEST_JSON:
            raise RuleError(
                "file", N_("JSON of more than {size} MB: save it as CSV."), size=LARGEST_JSON // MEGABYTE
            )
        return Table(path=path, form="json", encoding=encoding)
    chosen = choice.delimiter if choice.delimiter in DELIMITERS else _guess_delimiter(start)
    return Table(path=path, form="csv", encoding=encoding, delimiter=chosen)


def _guess_delimiter(start: str) -> str:
    """The sign that parts the first lines into the most cells, as often in each. A comma inside numbers or
    headings (12,5) is rarer than the semicolons beside it, and never the same in every line."""
    lines = [line for line in start.splitlines()[:50] if line.strip()][:20]
    if len(lines) > 2 and len(start) >= SAMPLE_BYTES // 2:
        lines.pop()

    def score(name: str) -> tuple[float, int]:
        widths = _widths(lines, DELIMITERS[name])
        common = max(set(widths), key=lambda width: (widths.count(width), width), default=1)
        return (0 if common < 2 else widths.count(common) / len(widths), common)

    return max(("semicolon", "tab", "comma"), key=score)


def _widths(lines: Sequence[str], delimiter: str) -> list[int]:
    """How many cells each of the lines has, as far as they can be read."""
    widths: list[int] = []
    with suppress(csv.Error):
        widths += (len(cells) for cells in csv.reader(lines, delimiter=delimiter))
    return widths


def _csv_rows(table: Table) -> Iterator[Sequence[Cell]]:
    """The cells of each line. sqlite-utils names cells by the first line and passes over empty ones, so the
    text is first brought into UTF-8 under a heading of numbers, with a sign in every empty line."""
    from sqlite_utils.utils import Format, rows_from_file

    delimiter = DELIMITERS[table.delimiter]
    with tempfile.TemporaryFile() as file:
        width = _normalise(table, delimiter, file)
        file.seek(0)
        dialect = type("dialect", (csv.excel,), {"delimiter": delimiter})
        keys = [str(place) for place in range(width)]
        rows, _ = rows_from_file(
            file, format=Format.CSV, dialect=dialect, encoding="utf-8", extras_key="more"
        )
        try:
            for row in rows:
                cells: dict[str, Any] = row
                yield [*map(cells.get, keys), *cells.get("more", ())]
        except csv.Error as error:
            raise RuleError("file", N_("The table is damaged: {reason}."), reason=str(error)) from error


def _normalise(table: Table, delimiter: str, target: IO[bytes]) -> int:
    """Write the text anew as `_csv_rows` needs it; the number of columns."""
    with table.path.open(encoding=table.encoding, newline="") as source:
        text = iter(source)
        first = list(islice(text, SAMPLE_LINES))
        if first:
            first[0] = first[0].removeprefix("\ufeff")
        widest = max(_widths(first, delimiter), default=1)
        if widest > MOST_COLUMNS:
            raise _too_wide()
        target.write((delimiter.join(map(str, range(widest))) + "\r\n").encode())
        is_inside = False
        for lines in (first, text):
            for line in lines:
                if line.count(delimiter) > MOST_COLUMNS * 10:
                    raise _too_wide()
                if not is_inside and not line.strip("\r\n"):
                    line = delimiter + "\r\n" if widest > 1 else '""\r\n'
                elif line.count('"') % 2:
                    is_inside = not is_inside
                target.write(line.encode("utf-8", "surrogatepass"))
    return widest


def _too_wide() -> RuleError:
    message = N_("More than {columns} columns: this is no such table.")
    return RuleError("file", message, columns=MOST_COLUMNS)


def _json_rows(table: Table) -> Iterator[Sequence[Cell]]:
    """A first line of all names, then the objects: a list of them, or one a line."""
    names = list(dict.fromkeys(name for row in _json_objects(table) for name in row))
    if len(names) > MOST_COLUMNS:
        raise _too_wide()
    yield names
    for row in _json_objects(table):
        yield [_plain(row.get(name)) for name in names]


def _json_objects(table: Table) -> Iterator[Mapping[str, Any]]:
    from sqlite_utils.utils import Format, rows_from_file

    text = table.path.read_bytes().decode(table.encoding).removeprefix("\ufeff")
    form = Format.JSON if text.lstrip().startswith("[") else Format.NL
    try:
        rows, _ = rows_from_file(io.BytesIO(text.encode()), format=form)
        for row in rows:
            if not isinstance(row, dict):
                raise RuleError("file", N_("JSON must be a list of objects, or one object a line."))
            yield row
    except (json.JSONDecodeError, RecursionError, ValueError) as error:
        message = N_("The JSON cannot be read: {reason}.")
        raise RuleError("file", message, reason=str(error)[:200]) from error


def _plain(value: object) -> Cell:
    return value if isinstance(value, str | int | float | bool | None) else json.dumps(value)


# Workbooks

# Where cells and rows say that they stand; a sheet with one cell in the last corner would take all memory.
REFERENCE = re.compile(rb"""\sr=["']([A-Z]{0,3})(\d{1,9})["']""")
MARKUP = re.compile(rb"<!(?:DOCTYPE|ENTITY)")
COUNTS_FROM_1904 = re.compile(rb"""date1904\s*=\s*["'](?:1|true|on)["']""")
CHUNK = MEGABYTE


def _open_xlsx(path: Path, choice: Choice) -> Table:
    from python_calamine import CalamineError, load_workbook

    epoch = _check_workbook(path)
    try:
        with load_workbook(path) as workbook:
            sheets = tuple(workbook.sheet_names)
            filled = [name for name in sheets if workbook.get_sheet_by_name(name).end is not None]
    except (CalamineError, OSError, ValueError, UnicodeError) as error:
        raise _damaged() from error
    if not filled:
        raise RuleError("file", N_("There is nothing in this table."))
    sheet = choice.sheet if choice.sheet in sheets else filled[0]
    return Table(path=path, form="xlsx", sheet=sheet, sheets=sheets, epoch=epoch)


def _xlsx_rows(table: Table) -> Iterator[Sequence[Cell]]:
    from python_calamine import CalamineError, load_workbook

    try:
        with load_workbook(table.path) as workbook:
            sheet = workbook.get_sheet_by_name(table.sheet)
            yield from _shifted(sheet)
    except (CalamineError, OSError, ValueError, UnicodeError) as error:
        raise _damaged() from error


def _shifted(sheet: "CalamineSheet") -> Iterator[Sequence[Cell]]:
    """The rows; columns that are empty from top to bottom at the left count too, so that A stays A."""
    if sheet.start is None:
        return
    margin = [None] * sheet.start[1]
    rows = ([*margin, *row] if margin else row for row in sheet.iter_rows())
    merged = _merged_downwards(sheet)
    yield from _filled(rows, merged) if merged else rows


def _merged_downwards(sheet: "CalamineSheet") -> dict[int, list[tuple[int, int]]]:
    """By row, cells that reach over lines below: column and last row. What is merged sideways is a title."""
    starts: dict[int, list[tuple[int, int]]] = {}
    for (first, left), (last, right) in sheet.merged_cell_ranges or ():
        if left == right and last > first:
            starts.setdefault(first, []).append((left, last))
    return starts


def _filled(
    rows: Iterable[Sequence[Cell]], merged: Mapping[int, Sequence[tuple[int, int]]]
) -> Iterator[Sequence[Cell]]:
    """The rows with a merged name or day in each line that it stands beside. A number is said once only."""
    reaching: dict[int, tuple[int, Cell]] = {}
    for number, row in enumerate(rows):
        reaching = {place: pair for place, pair in reaching.items() if number <= pair[0]}
        cells = list(row)
        for place, (_, cell) in reaching.items():
            cells[place] = cell
        for place, last in merged.get(number, ()):
            if place < len(cells) and not isinstance(cells[place], int | float):
                reaching[place] = (last, cells[place])
        yield cells


def _check_workbook(path: Path) -> date:
    """The day from which the workbook counts. Raises RuleError for one that would not fit into memory.

    What the archive's directory claims is not believed: every part is inflated here once, up to the bound.
    """
    epoch, left = EXCEL_1900, LARGEST_WORKBOOK
    too_large = RuleError("file", N_("The workbook is too large: save the one sheet as CSV."))
    try:
        with zipfile.ZipFile(path) as archive, path.open("rb") as raw:
            for part in archive.infolist():
                corner, tail = _Corner(), b""
                for chunk in _inflate(raw, part):
                    left -= len(chunk)
                    if left < 0:
                        raise too_large
                    window = tail + chunk
                    if part.filename.endswith((".xml", ".rels")) and _is_suspicious(window):
                        raise _damaged()
                    if "worksheets/" in part.filename:
                        corner.look(window)
                    if part.filename.endswith("workbook.xml") and COUNTS_FROM_1904.search(window):
                        epoch = EXCEL_1904
                    tail = window[-64:]
                if corner.cells > MOST_CELLS:
                    raise too_large
    except (zipfile.BadZipFile, zlib.error, NotImplementedError, OSError) as error:
        raise _damaged() from error
    return epoch


def _is_suspicious(text: bytes) -> bool:
    """Whether a part defines words of its own, or is written so that nothing in it would be found here."""
    return bool(MARKUP.search(text)) or b"\x00" in text


def _damaged() -> RuleError:
    return RuleError("file", N_("The workbook is damaged: open it in Excel and save it anew."))


class _Corner:
    """The farthest row and column that a sheet names."""

    def __init__(self) -> None:
        self._row = self._column = 0

    @property
    def cells(self) -> int:
        """How many cells lie up to there."""
        return self._row * max(self._column, 1)

    def look(self, text: bytes) -> None:
        """Take a piece of the sheet in."""
        for letters, digits in REFERENCE.findall(text):
            self._row = max(self._row, int(digits))
            if letters:
                self._column = max(self._column, _number(letters))


def _number(letters: bytes) -> int:
    number = 0
    for sign in letters:
        number = number * 26 + sign - 64
    return number


def _inflate(raw: BinaryIO, part: zipfile.ZipInfo) -> Iterator[bytes]:
    """The part's bytes, piece by piece, however many there really are."""
    raw.seek(part.header_offset)
    head = raw.read(30)
    if head[:4] != b"PK\x03\x04":
        raise zipfile.BadZipFile(part.filename)
    raw.seek(int.from_bytes(head[26:28], "little") + int.from_bytes(head[28:30], "little"), io.SEEK_CUR)
    if part.compress_type == zipfile.ZIP_STORED:
        yield from _pieces(raw, part.compress_size)
        return
    if part.compress_type != zipfile.ZIP_DEFLATED:
        raise NotImplementedError(part.compress_type)
    inflater = zlib.decompressobj(-15)
    for piece in _pieces(raw, part.compress_size):
        yield (chunk := inflater.decompress(piece, CHUNK))
        while inflater.unconsumed_tail and chunk:
            yield (chunk := inflater.decompress(inflater.unconsumed_tail, CHUNK))


def _pieces(raw: BinaryIO, size: int) -> Iterator[bytes]:
    while size > 0 and (piece := raw.read(min(size, CHUNK // 16))):
        size -= len(piece)
        yield piece
