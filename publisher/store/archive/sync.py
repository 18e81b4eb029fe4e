"""Making a table of the archive equal to the newsroom's rows, by writing only what differs."""

import sqlite3
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import chain
from typing import TYPE_CHECKING

from publisher.store.archive.layout import Table
from publisher.store.archive.rows import Row

if TYPE_CHECKING:
    from sqlite_utils import Database

AT_ONCE = 1_000


@dataclass(slots=True)
class Changes:
    """How many rows were written, by kind of change."""

    added: int = 0
    changed: int = 0
    removed: int = 0

    def add(self, other: "Changes") -> None:
        """Count another table's in."""
        self.added += other.added
        self.changed += other.changed
        self.removed += other.removed

    def __bool__(self) -> bool:
        return bool(self.added or self.changed or self.removed)


def synchronise(
    before: sqlite3.Connection | None,
    archive: "Database",
    table: Table,
    rows: Iterator[Row],
    derive: Callable[[Row], Row] = lambda _row: (),
) -> Changes:
    """Bring the table to `rows`, which come sorted by its key; `before` is its present state.

    Both are read side by side, so that any number of rows fits into memory; rows that are equal are not
    touched. `derive` calculates the columns that are not compared, for rows that are written.
    """
    changes = Changes()
    gone: list[Row] = []

    def differing() -> Iterator[Row]:
        for old, new in side_by_side(_present(before, table), rows, table.key):
            if new is None:
                gone.append((old or ())[: table.key])
            elif old is None:
                changes.added += 1
                yield new + derive(new)
            elif old != new:
                changes.changed += 1
                yield new + derive(new)

    _write(archive, table, differing())
    changes.removed = len(gone)
    _remove(archive, table, gone)
    return changes


def side_by_side(old: Iterator[Row], new: Iterator[Row], key: int) -> Iterator[tuple[Row | None, Row | None]]:
    """Rows of two sorted streams in pairs with the same key; None where one of them lacks it."""
    left, right = next(old, None), next(new, None)
    while left is not None or right is not None:
        if right is None or (left is not None and left[:key] < right[:key]):
            yield left, None
            left = next(old, None)
        elif left is None or right[:key] < left[:key]:
            yield None, right
            right = next(new, None)
        else:
            yield left, right
            left, right = next(old, None), next(new, None)


def _present(before: sqlite3.Connection | None, table: Table) -> Iterator[Row]:
    if before is None:
        return iter(())
    columns, keys = (", ".join(f'"{name}"' for name in names) for names in (table.compared, table.keys))
    return before.execute(f'SELECT {columns} FROM "{table.name}" ORDER BY {keys}')  # noqa: S608 - our names


def _write(archive: "Database", table: Table, rows: Iterator[Row]) -> None:
    names = table.compared
    first = next(rows, None)
    if first is not None:
        if len(first) > len(names):
            names = tuple(column.name for column in table.columns)
        # The first row of a list tells sqlite-utils the names of the columns.
        archive.table(table.name).upsert_all(
            chain([names, first], rows), pk=table.keys if table.key > 1 else table.keys[0], batch_size=AT_ONCE
        )


def _remove(archive: "Database", table: Table, gone: list[Row]) -> None:
    which = " AND ".join(f'"{name}" = ?' for name in table.keys)
    archive.conn.executemany(f'DELETE FROM "{table.name}" WHERE {which}', gone)  # noqa: S608 - our names
