"""The demo city as the command line loads it, and its rows as they lie in the database."""

import sqlite3
from collections.abc import Sequence
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from publisher.config import load_settings
from publisher.store.session import Store, open_store
from tests.cli.terminal import run_program
from tests.tasks.newsroom import write_config

# Append-only, and what the machine notes for itself.
NOT_COMPARED = {"audit_event", "sqlite_sequence", "worker", "account_lease", "request"}
# How SQLite keeps its full-text index to itself: equal words may lie in it in other bytes.
INDEX = "search_words_"


class DemoCity:
    """A data folder with the commands that work on it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.data = folder / "data"
        self._config = write_config(folder / "config.toml")
        self._store: Store | None = None

    def run(self, *arguments: str) -> str:
        """What a command prints that must succeed."""
        answer = run_program(*arguments, "--config", str(self._config), "--data", str(self.data))
        assert answer.code == 0, answer
        return answer.out

    @property
    def store(self) -> Store:
        """The database."""
        if self._store is None:
            url = load_settings(self._config, self.data).database_url
            self._store = open_store(url, datetime.now(UTC))
        return self._store

    def rows(self) -> dict[str, Sequence[Any]]:
        """Every row of every table that people fill."""
        with closing(sqlite3.connect(self.data / "newsroom.sqlite")) as connection:
            listed = connection.execute("SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name")
            names = [name for (name,) in listed if name not in NOT_COMPARED and not name.startswith(INDEX)]
            return {
                # sorted by what they show: not every table has a key to sort by
                name: sorted(connection.execute(f'SELECT * FROM "{name}"'), key=repr)  # noqa: S608 - our names
                for name in names
            }

    def files(self) -> set[Path]:
        """Every file of the media folder."""
        return {path for path in (self.data / "media").rglob("*") if path.is_file()}

    def close(self) -> None:
        """Let go of the database."""
        if self._store is not None:
            self._store.close()
