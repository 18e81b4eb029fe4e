"""The whole newsroom in one file: a consistent snapshot of the database, and the media it refers to.

The key that opens the accounts' secrets is never inside (design.md §5.12).
"""

import hashlib
import json
import os
import re
import shutil
import sqlite3
import tempfile
import uuid
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from publisher.core.messages import N_
from publisher.errors import StoreError
from publisher.store.revisions import is_known_revision

FORMAT = 1
DATABASE = "newsroom.sqlite"
MEMBER = re.compile(r"media/[0-9a-f]{2}/[0-9a-f]{2}/([0-9a-f]{64})(\.thumb\.jpg)?")
CHUNK = 1024 * 1024
# What reading a damaged archive raises; RuntimeError for one with a password or a packing of others.
UNREADABLE = (OSError, zipfile.BadZipFile, zlib.error, sqlite3.Error, EOFError, RuntimeError)


@dataclass(frozen=True, slots=True, kw_only=True)
class Backup:
    """What a backup file says of itself."""

    installation: str
    made_at: str
    revision: str
    files: int


def write_backup(database: Path, media: Path, target: Path, now: datetime) -> Backup:
    """Write database and media into `target`, which must not exist; other processes may go on working.

    Raises StoreError; then nothing is left at `target`.
    """
    if target.exists():
        raise StoreError(N_("{file} exists already: choose another name"), file=target)
    unfinished = target.with_name(f".{target.name}.{uuid.uuid4().hex[:8]}.unfinished")
    try:
        with tempfile.TemporaryDirectory(dir=target.parent, prefix=".backup-") as folder:
            snapshot = Path(folder) / DATABASE
            _copy_database(database, snapshot)
            backup = _describe(snapshot, now)
            _pack(unfinished, backup, snapshot, media)
        unfinished.replace(target)
    except (OSError, sqlite3.Error) as error:
        message = N_("cannot write the backup {file}: {reason}")
        raise StoreError(message, file=target, reason=_reason(error)) from error
    finally:
        unfinished.unlink(missing_ok=True)
    return backup


def read_backup(source: Path, data: Path, database: Path, now: datetime) -> Backup:
    """Bring a backup's database and media into place. A database that lies there is put aside, not lost.

    The installation comes up paused, as every copy does: its fingerprint is wiped, so that it is recognised
    even where the new file happens to get the old one's inode. Raises StoreError for a file that is no backup
    or is damaged; then nothing has changed.
    """
    try:
        data.mkdir(parents=True, exist_ok=True)
        with zipfile.ZipFile(source) as archive:
            backup = _read_description(archive, source)
            with tempfile.TemporaryDirectory(dir=data, prefix=".restore-") as folder:
                snapshot = Path(folder) / DATABASE
                _unpack(archive, Path(folder))
                _check_snapshot(snapshot, backup)
                _put_in_place(Path(folder) / "media", data / "media")
                _replace_database(snapshot, database, now)
    except UNREADABLE as error:
        message = N_("cannot read the backup {file}: {reason}")
        raise StoreError(message, file=source, reason=_reason(error)) from error
    return backup


def is_empty(database: Path) -> bool:
    """Whether nobody has worked here: no people, accounts, channels or items. A damaged file is not empty."""
    if not database.exists():
        return True
    try:
        with closing(_open_to_read(database)) as connection:
            return not any(_has_rows(connection, table) for table in ("user", "account", "channel", "item"))
    except sqlite3.DatabaseError:
        return False


def _has_rows(connection: sqlite3.Connection, table: str) -> bool:
    known = connection.execute("SELECT 1 FROM sqlite_master WHERE name = ?", (table,)).fetchone()
    found = known and connection.execute(f'SELECT 1 FROM "{table}" LIMIT 1').fetchone()  # noqa: S608 - our names
    return bool(found)


def _open_to_read(database: Path) -> sqlite3.Connection:
    return sqlite3.connect(f"{database.as_uri()}?mode=ro", uri=True)


def _copy_database(database: Path, snapshot: Path) -> None:
    # SQLite's own online backup: consistent while others write, the write-ahead log included.
    with closing(_open_to_read(database)) as source, closing(sqlite3.connect(snapshot)) as target:
        source.backup(target)
        target.execute("PRAGMA journal_mode = DELETE")


def _describe(snapshot: Path, now: datetime) -> Backup:
    with closing(sqlite3.connect(snapshot)) as connection:
        return Backup(
            installation=connection.execute("SELECT uid FROM installation").fetchone()[0],
            made_at=now.isoformat(timespec="seconds"),
            revision=connection.execute("SELECT version_num FROM alembic_version").fetchone()[0],
            files=connection.execute("SELECT count(*) FROM media").fetchone()[0],
        )


def _pack(target: Path, backup: Backup, snapshot: Path, media: Path) -> None:
    with target.open("xb") as file:
        with zipfile.ZipFile(file, "w") as archive:
            archive.writestr("backup.json", json.dumps(_to_json(backup), indent=2))
            archive.write(snapshot, DATABASE, zipfile.ZIP_DEFLATED)
            for path in _media_files(snapshot, media):
                # Pictures and documents are packed already.
                archive.write(path, f"media/{path.relative_to(media).as_posix()}", zipfile.ZIP_STORED)
        file.flush()
        os.fsync(file.fileno())


def _media_files(snapshot: Path, media: Path) -> Iterator[Path]:
    with closing(sqlite3.connect(snapshot)) as connection:
        rows = connection.execute("SELECT sha256 FROM media ORDER BY sha256").fetchall()
    for (sha256,) in rows:
        path = media / sha256[:2] / sha256[2:4] / sha256
        if not path.is_file():
            raise StoreError(N_("the media folder lacks {file}: the backup would not be whole"), file=path)
        yield path
        thumbnail = path.with_name(f"{sha256}.thumb.jpg")
        if thumbnail.is_file():
            yield thumbnail


def _to_json(backup: Backup) -> dict[str, object]:
    return {
        "format": FORMAT, "installation": backup.installation, "made_at": backup.made_at,
        "revision": backup.revision, "files": backup.files,
    }  # fmt: skip


def _read_description(archive: zipfile.ZipFile, source: Path) -> Backup:
    try:
        found = json.loads(archive.read("backup.json"))
        version = found.pop("format")
        backup = Backup(**found)
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise StoreError(N_("{file} is no backup of this program"), file=source) from error
    if version != FORMAT:
        message = N_("{file} was made by another version of this program (format {format})")
        raise StoreError(message, file=source, format=version)
    return backup


def _unpack(archive: zipfile.ZipFile, folder: Path) -> None:
    """Only members whose names we give ourselves; each is checked while it is read."""
    for member in archive.infolist():
        name = member.filename
        match = MEMBER.fullmatch(name)
        if match is None and name != DATABASE:
            continue
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        digest = hashlib.sha256()
        with archive.open(member) as packed, path.open("xb") as file:
            while part := packed.read(CHUNK):
                digest.update(part)
                file.write(part)
        if match and not match[2] and digest.hexdigest() != match[1]:
            raise StoreError(N_("the backup is damaged: {name} is not what it was"), name=name)


def _check_snapshot(snapshot: Path, backup: Backup) -> None:
    if not snapshot.is_file():
        raise StoreError(N_("the backup is damaged: its database is missing"))
    if not is_known_revision(backup.revision):
        message = N_("the backup was made by a newer version of this program ({revision})")
        raise StoreError(message, revision=backup.revision)
    with closing(sqlite3.connect(snapshot)) as connection:
        verdict = connection.execute("PRAGMA integrity_check").fetchone()[0]
        if verdict != "ok":
            raise StoreError(N_("the backup is damaged: {reason}"), reason=verdict)
        for (sha256,) in connection.execute("SELECT sha256 FROM media"):
            if not (snapshot.parent / "media" / sha256[:2] / sha256[2:4] / sha256).is_file():
                raise StoreError(N_("the backup is damaged: the media file {name} is missing"), name=sha256)
        connection.execute("UPDATE installation SET fingerprint = ''")
        connection.commit()


def _put_in_place(unpacked: Path, media: Path) -> None:
    for path in sorted(unpacked.rglob("*")):
        if path.is_file():
            target = media / path.relative_to(unpacked)
            target.parent.mkdir(parents=True, exist_ok=True)
            path.replace(target)


def _replace_database(snapshot: Path, database: Path, now: datetime) -> None:
    if database.exists():
        _put_aside(database, database.with_name(f"{database.name}.before-restore-{now:%Y%m%dT%H%M%S}"))
    for leftover in ("-wal", "-shm"):
        database.with_name(database.name + leftover).unlink(missing_ok=True)
    snapshot.replace(database)


def _put_aside(database: Path, aside: Path) -> None:
    """A copy with everything in its one file; of a damaged database, the file as it is."""
    try:
        _copy_database(database, aside)
    except sqlite3.DatabaseError:
        shutil.copy2(database, aside)


def _reason(error: Exception) -> str:
    return (error.strerror if isinstance(error, OSError) else None) or str(error)
