"""The media folder: files by the SHA-256 of their bytes, each whole or not there at all."""

import errno
import hashlib
import os
import re
import uuid
from collections.abc import Iterable, Sequence
from pathlib import Path

from sqlalchemy import select
from sqlalchemy.orm import Session

from publisher.errors import DiskFull, NotFound, StoreError
from publisher.store.models import Media

SHA256 = re.compile(r"[0-9a-f]{64}")
# A full disk, a used-up quota, a limit on the size of files. Windows has no quota error of its own.
NO_ROOM = frozenset({errno.ENOSPC, errno.EFBIG, getattr(errno, "EDQUOT", errno.ENOSPC)})


class MediaStore:
    """Stored files. Nobody else knows how they lie, so that they may one day lie elsewhere.

    A file `ab12…` lies at `ab/12/ab12…`, its thumbnail beside it as `ab12….thumb.jpg`.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def path(self, sha256: str) -> Path:
        """Where the file lies, if it is stored. Raises NotFound for a text that is no SHA-256 in hex."""
        if not SHA256.fullmatch(sha256):
            raise NotFound("media file", sha256)
        return self._folder / sha256[:2] / sha256[2:4] / sha256

    def thumbnail(self, sha256: str) -> Path:
        """Where the picture's thumbnail (JPEG) lies; documents have none. Raises NotFound as `path` does."""
        return self.path(sha256).with_name(f"{sha256}.thumb.jpg")

    def save(self, content: bytes, thumbnail: bytes | None = None) -> str:
        """Store the bytes for good and return their SHA-256; storing them again mends a damaged copy.

        Raises DiskFull or StoreError; then nothing of the file is left behind.
        """
        sha256 = hashlib.sha256(content).hexdigest()
        files = {self.path(sha256): content}
        if thumbnail is not None:
            files = {self.thumbnail(sha256): thumbnail, **files}
        try:
            self.path(sha256).parent.mkdir(parents=True, exist_ok=True)
            _write_whole(files)
            self._make_names_durable(self.path(sha256).parent)
        except OSError as error:
            kind = DiskFull if error.errno in NO_ROOM else StoreError
            raise kind(f"cannot write to the media folder {self._folder}: {error.strerror}") from error
        return sha256

    def _make_names_durable(self, folder: Path) -> None:
        # A power cut may take a new name away unless its folder is synced too. Windows cannot and need not.
        if os.name != "posix":
            return
        for touched in (folder, folder.parent, self._folder):
            handle = os.open(touched, os.O_RDONLY)
            try:
                os.fsync(handle)
            finally:
                os.close(handle)


def _write_whole(files: dict[Path, bytes]) -> None:
    """Write all beside their places first, and move them there only when every byte is on the disk."""
    staged = {path.with_name(f".{uuid.uuid4().hex}.incoming"): path for path in files}
    try:
        for temporary, path in staged.items():
            with temporary.open("xb") as file:
                file.write(files[path])
                file.flush()
                os.fsync(file.fileno())
        for temporary, path in staged.items():
            temporary.replace(path)
    finally:
        for temporary in staged:
            temporary.unlink(missing_ok=True)


def find_media(session: Session, sha256: str) -> Media | None:
    """The row of a stored file, if there is one."""
    return session.scalar(select(Media).where(Media.sha256 == sha256))


def list_media(session: Session, ids: Iterable[int]) -> Sequence[Media]:
    """The rows with these ids, those that there are."""
    wanted = list(ids)
    return session.scalars(select(Media).where(Media.id.in_(wanted))).all() if wanted else []
