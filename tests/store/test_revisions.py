"""The states of the tables that this program knows."""

import subprocess
import sys

from alembic.script import ScriptDirectory

from publisher.store.revisions import database_revision, is_known_revision
from publisher.store.session import MIGRATIONS, Store, newest_revision


def test_the_newest_file_is_the_one_that_alembic_ends_with() -> None:
    assert ScriptDirectory(str(MIGRATIONS)).get_current_head() == newest_revision()


def test_an_opened_database_is_in_the_newest_state(store: Store) -> None:
    assert database_revision(store.engine) == newest_revision()


def test_only_our_own_states_are_known() -> None:
    assert is_known_revision(newest_revision())
    assert not is_known_revision("9999")


def test_a_database_in_the_newest_state_opens_without_alembic(sqlite_store: Store) -> None:
    program = (
        "import sys; from datetime import UTC, datetime; from publisher.store.session import open_store;"
        "open_store(sys.argv[1], datetime.now(UTC)).close(); sys.exit('alembic' in sys.modules)"
    )
    address = str(sqlite_store.engine.url)
    done = subprocess.run([sys.executable, "-c", program, address], check=False)  # noqa: S603 - ours
    assert done.returncode == 0
