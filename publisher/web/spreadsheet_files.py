"""A table of a page as a file to keep: CSV or Excel, named by its day."""

from collections.abc import Iterable, Sequence
from datetime import datetime

from flask import Response

from publisher.core.spreadsheets import Cell, to_csv, to_xlsx
from publisher.web.context import language, zone
from publisher.web.periods import today

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


def spreadsheet(name: str, form: str, rows: Iterable[Sequence[Cell]]) -> Response:
    """The rows, the first of them the heading, as `form`: csv or xlsx."""
    if form == "xlsx":
        response = Response(to_xlsx(rows), mimetype=XLSX)
    else:
        response = Response(to_csv(rows, language()), mimetype="text/csv")
    response.headers["Content-Disposition"] = f'attachment; filename="{name}-{today().isoformat()}.{form}"'
    return response


def local_cell(instant: datetime) -> datetime:
    """The moment on the city's clock, as cells have it."""
    return instant.astimezone(zone()).replace(tzinfo=None, second=0, microsecond=0)
