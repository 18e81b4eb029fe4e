"""Writing the archive: a copy of the old file is brought up to date, checked, and put in its place."""

import contextlib
import errno
import os
import shutil
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass, field
from datetime import datetime
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.orm import Session

from publisher.core.body import parse, to_plain
from publisher.core.messages import N_
from publisher.core.platforms import Realm
from publisher.errors import DiskFull, StoreError
from publisher.store.archive.layout import (
    ABOUT,
    APPLICATION,
    ARCHIVE,
    CALCULATED,
    DESCRIBED,
    LAYOUT,
    NEWSROOM,
    TABLES,
    VERSION,
    VIEWS,
    WORD,
)
from publisher.store.archive.rows import Published, Row, instant
from publisher.store.archive.sync import Changes, synchronise
from publisher.store.archive.words import list_words
from publisher.store.locks import hold_lock
from publisher.store.models import Installation
from publisher.store.session import Store

if TYPE_CHECKING:
    from sqlite_utils import Database

ABOUT_ARCHIVE = N_("Published news with their posts and figures, open for everybody.")
TRAINING = N_("Training data: nothing of it was ever public.")
HEADER = b"SQLite format 3\0"
APPLICATION_AT = 68


class OutOfDate(StoreError):
    """The file is an archive of ours that cannot be continued: damaged, of another layout or origin."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Labels:
    """Whose archive it is, and its descriptions in the office's language."""

    office: str
    zone: ZoneInfo
    explain: Callable[[str], str] = field(default=str)


@dataclass(frozen=True, slots=True, kw_only=True)
class Made:
    """What a run has brought about."""

    realm: Realm
    items: int
    posts: int
    days: int
    changes: Changes


def write_archive(
    store: Store, target: Path, realm: Realm, labels: Labels, now: datetime, *, anew: bool = False
) -> Made:
    """Bring the archive up to date, or make it; `anew` builds all of it again.

    Whoever opens the file meanwhile, and whatever ends this process, finds the old state or the new one.
    Raises StoreError when the file is not ours or another run is at it, OutOfDate when only `anew` helps.
    """
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        lock = hold_lock(target.with_name(f".{target.name}.lock"), f"publisher archive {target.name}")
    except OSError as error:
        raise _explained(error, target) from error
    with closing(lock):
        unfinished = target.with_name(f".{target.name}.unfinished")
        try:
            _check_is_ours(target)
            # A run that was killed has left its own.
            _discard(unfinished)
            before = None if anew or not _has_content(target) else target
            made = _build(store, before, unfinished, realm, labels, now)
            _put_in_place(unfinished, target)
        except (OSError, sqlite3.Error) as error:
            raise _explained(error, target) from error
        finally:
            _discard(unfinished)
    return made


def _check_is_ours(target: Path) -> None:
    """A file of somebody else's is never overwritten: it may be the newsroom's own database."""
    if not _has_content(target):
        return
    with target.open("rb") as file:
        head = file.read(100)
    number = int.from_bytes(head[APPLICATION_AT : APPLICATION_AT + 4], "big")
    if not head.startswith(HEADER) or number != APPLICATION:
        raise StoreError(N_("{file} is no archive of this program: choose another name"), file=target)


def _has_content(target: Path) -> bool:
    return target.exists() and target.stat().st_size > 0


def _discard(unfinished: Path) -> None:
    for file in (unfinished, unfinished.with_name(f"{unfinished.name}-journal")):
        file.unlink(missing_ok=True)


def _build(
    store: Store, before: Path | None, unfinished: Path, realm: Realm, labels: Labels, now: datetime
) -> Made:
    # A worker does without the library until its first run.
    from sqlite_utils import Database

    with _snapshot(store) as session:
        origin = _origin(session)
        if before is not None:
            _check_can_go_on(before, realm, origin)
            shutil.copyfile(before, unfinished)
        with (
            closing(_open(unfinished)) as connection,
            closing(_open_to_read(before)) if before else contextlib.nullcontext() as old,
        ):
            archive = Database(connection)
            with archive.atomic():
                if before is None:
                    _create(archive)
                published = Published(session=session, realm=realm, zone=labels.zone, now=now)
                changes, has_gone = _update(archive, old, published)
                notice = labels.explain(TRAINING) if realm is Realm.SANDBOX else None
                synchronise(old, archive, ABOUT, iter(sorted(_descriptions(labels, notice))))
                made = _sum_up(archive, realm, labels, notice, origin, now, changes)
            _finish(archive, clean=has_gone)
    return made


def _snapshot(store: Store) -> Session:
    """One consistent view for all queries."""
    level = {"read_only": True} if store.is_sqlite else {"isolation_level": "REPEATABLE READ"}
    return Session(store.engine.execution_options(**level))


def _origin(session: Session) -> str:
    uid = session.scalars(select(Installation.uid)).one()
    return sha256(f"archive of {uid}".encode()).hexdigest()[:16]


def _open(unfinished: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(unfinished, isolation_level=None)
    for pragma in (
        # Nobody reads the file before it is whole; a run that dies leaves it to be thrown away.
        "journal_mode = MEMORY",
        "synchronous = OFF",
        "cache_size = -65536",
        # What is taken out is overwritten, not only unlinked.
        "secure_delete = ON",
        f"application_id = {APPLICATION}",
        f"user_version = {LAYOUT}",
    ):
        connection.execute(f"PRAGMA {pragma}").close()
    return connection


def _open_to_read(file: Path) -> sqlite3.Connection:
    return sqlite3.connect(f"{file.absolute().as_uri()}?mode=ro&immutable=1", uri=True)


def _check_can_go_on(before: Path, realm: Realm, origin: str) -> None:
    try:
        with closing(_open_to_read(before)) as connection:
            layout = connection.execute("PRAGMA user_version").fetchone()[0]
            verdict = connection.execute("PRAGMA quick_check(1)").fetchone()[0]
            row = (
                connection.execute("SELECT realm, origin FROM archive").fetchone()
                if layout == LAYOUT
                else None
            )
    except sqlite3.DatabaseError as error:
        message = N_("{file} is damaged ({reason}): build it again with --anew")
        raise OutOfDate(message, file=before, reason=error) from error
    if layout != LAYOUT:
        raise OutOfDate(
            N_("{file} has the layout of another version: build it again with --anew"), file=before
        )
    if verdict != "ok" or row is None:
        message = N_("{file} is damaged ({reason}): build it again with --anew")
        raise OutOfDate(message, file=before, reason=verdict.splitlines()[-1])
    if tuple(row) != (name_of(realm), origin):
        message = N_("{file} is the archive of another office or realm: choose another name, or give --anew")
        raise OutOfDate(message, file=before)


def name_of(realm: Realm) -> str:
    """The realm in a word for readers outside."""
    return "real" if realm is Realm.REAL else "training"


def _create(archive: "Database") -> None:
    for table in DESCRIBED:
        archive.table(table.name).create(
            {column.name: column.kind for column in table.columns},
            pk=table.keys if table.key > 1 else table.keys[0],
            not_null={column.name for column in table.columns if not column.nullable} - set(table.keys),
            foreign_keys=[(column.name, column.to, "id") for column in table.columns if column.to],
        )
    # Items and versions point at each other.
    archive.table("item").add_foreign_key("version_id", "version", "id")
    for table in DESCRIBED:
        for columns in table.indexes:
            archive.table(table.name).create_index(columns)
    archive.table("item").enable_fts(
        ["title", "text", "tags"], create_triggers=True, tokenize="unicode61 remove_diacritics 0"
    )
    archive.table("word").enable_fts(["form"], create_triggers=True, tokenize="unicode61 remove_diacritics 0")
    for name, (_, sql) in VIEWS.items():
        archive.create_view(name, sql)


def _update(
    archive: "Database", before: sqlite3.Connection | None, published: Published
) -> tuple[Changes, bool]:
    """What was written, and whether text went that must be gone from the file's bytes too."""
    sources = published.by_table()
    changes, has_gone = Changes(), False
    for table in TABLES:
        derive = _add_plain_text if table.name == "version" else _add_nothing
        made = synchronise(before, archive, table, sources[table.name](), derive)
        has_gone |= bool(made.removed) or (table.name in WITH_TEXTS and bool(made.changed))
        changes.add(made)
    archive.conn.execute(RENEW_TEXTS)
    if changes:
        synchronise(before, archive, WORD, list_words(archive.conn))
    return changes, has_gone


WITH_TEXTS = frozenset({"item", "version", "version_media", "post"})
# The item shows the text of the version that stands; rows that show it already are not touched.
RENEW_TEXTS = """
    UPDATE item SET (title, text, tags, source) =
        (SELECT title, text, tags, source FROM version WHERE version.id = item.version_id)
    WHERE id IN (
        SELECT item.id FROM item LEFT JOIN version ON version.id = item.version_id
        WHERE item.title IS NOT version.title OR item.text IS NOT version.text
           OR item.tags IS NOT version.tags OR item.source IS NOT version.source
    )
"""


def _add_plain_text(version: Row) -> Row:
    html = version[VERSION.compared.index("html")]
    return (to_plain(parse(html)),)


def _add_nothing(_row: Row) -> Row:
    return ()


def _sum_up(
    archive: "Database",
    realm: Realm,
    labels: Labels,
    notice: str | None,
    origin: str,
    now: datetime,
    changes: Changes,
) -> Made:
    def count(sql: str) -> int:
        return int(archive.conn.execute(sql).fetchone()[0])

    items = count("SELECT count(*) FROM item WHERE state <> 'withdrawn'")
    withdrawn = count("SELECT count(*) FROM item WHERE state = 'withdrawn'")
    posts = count("SELECT count(*) FROM post")
    days = count("SELECT count(DISTINCT day) FROM audience_day")
    archive.table(ARCHIVE.name).upsert_all(
        [
            tuple(column.name for column in ARCHIVE.columns),
            (
                1, labels.office, name_of(realm), notice, labels.zone.key, instant(now), origin, items,
                withdrawn, posts, days,
            ),
        ],
        pk="id",
    )  # fmt: skip
    return Made(realm=realm, items=items, posts=posts, days=days, changes=changes)


def _descriptions(labels: Labels, notice: str | None) -> Iterator[Row]:
    """The rows of the table `about`."""
    explain = labels.explain
    office = f"{labels.office}. {explain(ABOUT_ARCHIVE)} {notice or ''}".rstrip()
    yield ("newsroom", office, "", explain(NEWSROOM))
    for table in DESCRIBED:
        yield (table.name, explain(table.about), "", "")
        for column in table.columns:
            unit = explain(column.unit) if column.unit else ""
            yield (f"{table.name}.{column.name}", explain(column.about), unit, explain(column.source))
    for name, (about, _) in VIEWS.items():
        yield (name, explain(about), "", explain(CALCULATED))


def _finish(archive: "Database", *, clean: bool) -> None:
    """Check the file; let what was taken out be gone from its bytes."""
    if clean:
        # The index keeps a removed word until its parts are merged.
        archive.table("item").rebuild_fts()
        archive.table("word").rebuild_fts()
        archive.vacuum()
    broken = archive.conn.execute("PRAGMA foreign_key_check").fetchone()
    if broken:
        raise sqlite3.IntegrityError(f"{broken[0]} points at a missing row of {broken[2]}")


def _put_in_place(unfinished: Path, target: Path) -> None:
    with unfinished.open("rb+") as file:
        os.fsync(file.fileno())
    os.replace(unfinished, target)
    if os.name == "posix":
        # So that a power cut does not bring the old name back.
        folder = os.open(target.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)


def _explained(error: Exception, target: Path) -> StoreError:
    reason = (error.strerror if isinstance(error, OSError) else None) or str(error)
    is_full = isinstance(error, OSError) and error.errno == errno.ENOSPC
    if is_full or getattr(error, "sqlite_errorcode", None) == sqlite3.SQLITE_FULL:
        return DiskFull(N_("no room for the archive {file}: the old one stays"), file=target)
    return StoreError(N_("cannot write the archive {file}: {reason}"), file=target, reason=reason)
