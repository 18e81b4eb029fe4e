"""Migrations go forward with what offices have in their databases, and lose none of it."""

import pytest
from alembic.script import ScriptDirectory
from sqlalchemy import Engine, select

from publisher.store.revisions import database_revision
from publisher.store.session import MIGRATIONS, make_engine
from tests.store.released import ROWS, from_database, migrate_to, read_rows, reflect, to_database

RELEASED = sorted(file.stem for file in ROWS.glob("*.json"))


@pytest.fixture(params=["sqlite", "postgresql"])
def engine(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Engine:
    """An empty database of each kind."""
    if request.param == "postgresql":
        return make_engine(request.getfixturevalue("postgres_url"))
    return make_engine(f"sqlite:///{tmp_path_factory.mktemp('database') / 'newsroom.sqlite'}")


def test_every_revision_has_its_rows_kept() -> None:
    revisions = [script.revision for script in ScriptDirectory(str(MIGRATIONS)).walk_revisions()]
    assert sorted(revisions) == RELEASED, "python -m tests.store.released REVISION writes the missing ones"


@pytest.mark.parametrize("revision", RELEASED)
def test_no_row_is_lost_on_the_way_to_the_newest_revision(engine: Engine, revision: str) -> None:
    kept = read_rows(revision)
    migrate_to(engine, revision)
    with engine.begin() as connection:
        for table in reflect(connection):
            rows = [to_database(table, row) for row in kept[table.name]]
            connection.execute(table.insert(), rows)
    migrate_to(engine, "head")
    assert database_revision(engine) == RELEASED[-1]
    with engine.connect() as connection:
        tables = {table.name: table for table in reflect(connection)}
        for name, rows in kept.items():
            found = [from_database(dict(row)) for row in connection.execute(select(tables[name])).mappings()]
            assert [shared(row, rows[0]) for row in found] == [shared(row, found[0]) for row in rows], name
    engine.dispose()


def shared(row: dict[str, object], other: dict[str, object]) -> dict[str, object]:
    """The columns that both have: a later revision may add some and drop some."""
    return {name: value for name, value in row.items() if name in other}
