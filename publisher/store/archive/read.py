"""What an archive says of itself."""

import sqlite3
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from sqlalchemy import select
from sqlalchemy.orm import Session

from publisher.core.platforms import Realm
from publisher.store.archive.layout import LAYOUT
from publisher.store.models import Account

# What is asked of a worker (store/channels.py `leave_request`).
MAKE_ARCHIVE = "make_archive"


def archive_file(data: Path, realm: Realm) -> Path:
    """Where the realm's archive lies."""
    return data / "archive" / ("newsroom.db" if realm is Realm.REAL else "newsroom-training.db")


def archive_realm(session: Session) -> Realm:
    """The real one, unless the office has none but training accounts."""
    realms = set(session.scalars(select(Account.realm).distinct()))
    return Realm.SANDBOX if realms == {Realm.SANDBOX} else Realm.REAL


def metadata_file(archive: Path) -> Path:
    """What Datasette is told about an archive, beside it."""
    return archive.with_name(f"{archive.stem}.metadata.json")


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """An archive that lies there: when it was brought up to date, and how much is in it."""

    made_at: datetime
    items: int
    withdrawn: int
    posts: int
    days: int
    size: int


def find_facts(file: Path) -> Facts | None:
    """What lies there; None when there is no archive that we could read."""
    try:
        size = file.stat().st_size
        with closing(sqlite3.connect(f"{file.absolute().as_uri()}?mode=ro&immutable=1", uri=True)) as archive:
            if archive.execute("PRAGMA user_version").fetchone()[0] != LAYOUT:
                return None
            query = "SELECT made_at, items, withdrawn, posts, days FROM archive"
            made_at, items, withdrawn, posts, days = archive.execute(query).fetchone()
    except (OSError, sqlite3.DatabaseError):
        return None
    return Facts(
        made_at=datetime.fromisoformat(made_at), items=items, withdrawn=withdrawn, posts=posts, days=days,
        size=size,
    )  # fmt: skip
