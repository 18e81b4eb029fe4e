"""The store as a fixture: real SQLite and real PostgreSQL, each test on both."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from publisher.store.session import Store, open_store
from tests.builders import NOW


@pytest.fixture
def sqlite_store(tmp_path: Path) -> Iterator[Store]:
    """A migrated SQLite database in the test's own folder."""
    store = open_store(f"sqlite:///{tmp_path / 'newsroom.sqlite'}", NOW)
    yield store
    store.close()


@pytest.fixture
def postgres_store(postgres_url: str) -> Iterator[Store]:
    """A migrated PostgreSQL database."""
    store = open_store(postgres_url, NOW)
    yield store
    store.close()


@pytest.fixture(params=["sqlite", "postgresql"])
def store(request: pytest.FixtureRequest) -> Store:
    """Both, one after the other."""
    fixture = "sqlite_store" if request.param == "sqlite" else "postgres_store"
    found: Store = request.getfixturevalue(fixture)
    return found
