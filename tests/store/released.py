"""Rows as each released revision kept them, table by table, in tests/store/rows/REVISION.json.

`python -m tests.store.released REVISION` writes such a file for the newest revision: two rows in every table.
Files of released revisions are never written anew: they stand for what offices have in their databases.
"""

import datetime
import json
import sys
from pathlib import Path
from typing import Any

from alembic import command
from alembic.config import Config
from sqlalchemy import (
    JSON,
    Boolean,
    Connection,
    Date,
    DateTime,
    Engine,
    Enum,
    Integer,
    LargeBinary,
    MetaData,
    Table,
)

from publisher.store.models import Base
from publisher.store.session import MIGRATIONS, make_engine

ROWS = Path(__file__).parent / "rows"
MOMENT = datetime.datetime(2026, 11, 24, 9, 0)  # noqa: DTZ001 - as the database gives it
# The one row that says which installation this is.
SINGLE = {"installation"}


def migrate_to(engine: Engine, revision: str) -> None:
    """Bring an empty or older database to this revision."""
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, revision)


def reflect(connection: Connection) -> list[Table]:
    """The tables as they are in the database, those referred to first."""
    metadata = MetaData()
    metadata.reflect(connection)
    names = {name for name in metadata.tables if name != "alembic_version" and not is_derived(name)}
    return [table for table in metadata.sorted_tables if table.name in names]


def is_derived(table: str) -> bool:
    """Whether the table is made anew from others at any time: the search index is."""
    return table.startswith("search_")


def read_rows(revision: str) -> dict[str, list[dict[str, Any]]]:
    """The kept rows of a revision, by table."""
    rows: dict[str, list[dict[str, Any]]] = json.loads((ROWS / f"{revision}.json").read_text("utf-8"))
    return rows


def to_database(table: Table, row: dict[str, Any]) -> dict[str, Any]:
    """A kept row as the table's columns take it."""
    return {name: _to_column(table.c[name].type, value) for name, value in row.items()}


def from_database(row: dict[str, Any]) -> dict[str, Any]:
    """A row of the database as it is kept."""
    return {name: _to_json(value) for name, value in row.items()}


def _to_column(kind: Any, value: Any) -> Any:
    if value is None:
        return None
    if isinstance(kind, DateTime):
        moment = datetime.datetime.fromisoformat(value)
        return moment.replace(tzinfo=datetime.UTC) if kind.timezone else moment
    if isinstance(kind, Date):
        return datetime.date.fromisoformat(value)
    return bytes.fromhex(value) if isinstance(kind, LargeBinary) else value


def _to_json(value: Any) -> Any:
    match value:
        case datetime.datetime():
            return (
                value.astimezone(datetime.UTC).replace(tzinfo=None).isoformat()
                if value.tzinfo
                else value.isoformat()
            )
        case datetime.date():
            return value.isoformat()
        case bytes():
            return value.hex()
    return value


def make_rows(tables: list[Table]) -> dict[str, list[dict[str, Any]]]:
    """Two rows in every table, each row full; the second of a table refers to the second of another."""
    made: dict[str, list[dict[str, Any]]] = {}
    for table in tables:
        count = 1 if table.name in SINGLE else 2
        made[table.name] = [_row(table, number, made) for number in range(1, count + 1)]
    return made


def _row(table: Table, number: int, made: dict[str, list[dict[str, Any]]]) -> dict[str, Any]:
    return {column.name: _value(table, column, number, made) for column in table.columns}


def _value(table: Table, column: Any, number: int, made: dict[str, list[dict[str, Any]]]) -> Any:
    for key in column.foreign_keys:
        if key.column.table.name == table.name:
            return None
        rows = made[key.column.table.name]
        return rows[min(number, len(rows)) - 1][key.column.name]
    known = Base.metadata.tables[table.name].c[column.name].type
    if isinstance(known, Enum):
        return known.enums[number % len(known.enums)]
    match column.type:
        case Boolean():
            return number == 1
        case Integer():
            return number
        case DateTime():
            return MOMENT.isoformat()
        case Date():
            return MOMENT.date().isoformat()
        case LargeBinary():
            return f"секрет {number}".encode().hex()
        case JSON():
            return {"номер": number}
    return f"{column.name} {number}"[: getattr(column.type, "length", None) or 200]


def main() -> None:
    """Write the rows of a revision."""
    (revision,) = sys.argv[1:]
    engine = make_engine("sqlite://")
    migrate_to(engine, revision)
    with engine.connect() as connection:
        rows = make_rows(reflect(connection))
    file = ROWS / f"{revision}.json"
    file.write_text(json.dumps(rows, ensure_ascii=False, indent=1) + "\n", "utf-8")


if __name__ == "__main__":
    main()
