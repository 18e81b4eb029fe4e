"""What Datasette is told about an archive: descriptions, units, and the search by word forms."""

import json
from pathlib import Path
from typing import Any

from publisher.core.messages import N_
from publisher.store.archive.layout import DESCRIBED, VIEWS, Table
from publisher.store.archive.read import metadata_file
from publisher.store.archive.words import SEARCH
from publisher.store.archive.write import ABOUT_ARCHIVE, Labels

SEARCH_TITLE = N_("Search by word forms")
# The newest first; Datasette's own order is by number.
NEWEST_FIRST = {"item": "published_at", "post": "published_at", "version": "published_at"}


def write_metadata(archive: Path, labels: Labels) -> Path:
    """Write it beside the archive; whoever reads finds the old one or the new one."""
    file = metadata_file(archive)
    unfinished = file.with_name(f".{file.name}.unfinished")
    document = json.dumps(metadata(archive.stem, labels), ensure_ascii=False, indent=1)
    unfinished.write_text(document, "utf-8")
    unfinished.replace(file)
    return file


def metadata(name: str, labels: Labels) -> dict[str, Any]:
    """The document for `datasette --metadata`; `name` is the archive's file name without its ending."""
    explain = labels.explain
    tables = {table.name: _table(table, labels) for table in DESCRIBED}
    views = {view: {"description": explain(about)} for view, (about, _) in VIEWS.items()}
    return {
        "title": labels.office,
        "databases": {
            name: {
                "description": explain(ABOUT_ARCHIVE),
                "tables": {**tables, **views},
                "queries": {
                    "search": {
                        "title": explain(SEARCH_TITLE),
                        "sql": SEARCH,
                        "params": ["q"],
                        "hide_sql": True,
                    }
                },
            }
        },
    }


def _table(table: Table, labels: Labels) -> dict[str, Any]:
    columns = {
        column.name: labels.explain(column.about)
        + (f" ({labels.explain(column.unit)})" if column.unit else "")
        for column in table.columns
    }
    described: dict[str, Any] = {"description": labels.explain(table.about), "columns": columns}
    if table.name in NEWEST_FIRST:
        described["sort_desc"] = NEWEST_FIRST[table.name]
    return described
