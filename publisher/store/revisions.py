"""Which states of the tables this program knows, and which one a database is in, as Alembic sees it."""

from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from alembic.util import CommandError
from sqlalchemy import Engine

from publisher.store.session import MIGRATIONS


def is_known_revision(revision: str) -> bool:
    """Whether a database of this revision can be migrated; a newer program's cannot."""
    try:
        return ScriptDirectory(str(MIGRATIONS)).get_revision(revision) is not None
    except CommandError:
        return False


def database_revision(engine: Engine) -> str | None:
    """The revision that the database is in; None for an empty one. Changes nothing."""
    with engine.connect() as connection:
        return MigrationContext.configure(connection).get_current_revision()
