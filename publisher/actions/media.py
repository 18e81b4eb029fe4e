"""Taking an uploaded file in: checked by its content, pictures made anew, stored once."""

import io
import logging
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from publisher import config
from publisher.core.editions import MediaKind
from publisher.core.filetypes import DOCUMENTS, PICTURES, FileType, accept_file, clean_name, name_as
from publisher.core.messages import N_
from publisher.core.permissions import Act, Actor, may
from publisher.core.pictures import prepare_picture
from publisher.errors import DiskFull, NotAllowed, RuleError, StoreError
from publisher.store.audit import record_act
from publisher.store.media import MediaStore, find_media
from publisher.store.models import Media

log = logging.getLogger(__name__)

MEGABYTE = 1024 * 1024


class ReadableFile(Protocol):
    """An upload, an opened file or a pipe."""

    def read(self, size: int, /) -> bytes:
        """At most so many bytes; none at the end."""
        ...

    def seekable(self) -> bool:
        """Whether the size can be found out without reading."""
        ...

    def seek(self, offset: int, whence: int = ..., /) -> int:
        """Go to a place and return it."""
        ...

    def tell(self) -> int:
        """The place."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredFile:
    """A file that lies in the media folder and has no row yet; sizes in bytes and pixels."""

    sha256: str
    kind: MediaKind
    mime: str
    name: str
    size: int
    width: int | None = None
    height: int | None = None


def store_upload(
    session: Session,
    actor: Actor,
    media_store: MediaStore,
    stream: ReadableFile,
    filename: str,
    limits: config.Media,
    now: datetime,
) -> Media:
    """Take a file in and return its row: a new one, or the known one when the same bytes came before.

    The file is read, decoded and written before the session is first used, so in a fresh transaction no
    lock is held meanwhile. Raises NotAllowed, or RuleError at "media" in the editor's words: too large,
    not what its name claims, a kind that is not accepted, damaged, no room on the disk. After an error
    nothing is stored.
    """
    check_may_upload(actor)
    return add_media(session, actor, take_file(media_store, stream, filename, limits), now)


def check_may_upload(actor: Actor) -> None:
    """Raise NotAllowed unless the actor writes on some desk."""
    if not any(may(actor, Act.WRITE, desk_id) for desk_id in (None, *actor.desk_ids)):
        raise NotAllowed("media", N_("Your role or desk does not allow this."))


def take_file(
    media_store: MediaStore, stream: ReadableFile, filename: str, limits: config.Media
) -> StoredFile:
    """The slow half of `store_upload`, without the database, for callers that are inside a transaction.

    Pictures become JPEG or PNG (core/pictures.py); documents stay as they are, byte for byte.
    """
    content = _read(stream, clean_name(filename), limits.max_megabytes)
    kind = accept_file(content, filename)
    if kind in PICTURES:
        return _take_picture(media_store, content, filename, limits.max_megapixels)
    return StoredFile(
        sha256=_save(media_store, content),
        kind=MediaKind.DOCUMENT,
        mime=DOCUMENTS[kind],
        name=name_as(filename, kind),
        size=len(content),
    )


def add_media(session: Session, actor: Actor, file: StoredFile, now: datetime) -> Media:
    """The quick half: the file's row. What an editor adds is no longer part of the demo."""
    insert = postgresql.insert if session.get_bind().dialect.name == "postgresql" else sqlite.insert
    row = insert(Media).values(
        sha256=file.sha256, kind=file.kind, mime=file.mime, name=file.name, size=file.size,
        width=file.width, height=file.height, created_at=now, created_by_id=actor.user_id, demo=False,
    )  # fmt: skip
    # Two uploads of the same file at the same moment must not fail each other.
    added = session.scalar(row.on_conflict_do_nothing(index_elements=[Media.sha256]).returning(Media.id))
    media = find_media(session, file.sha256)
    assert media is not None  # noqa: S101 - inserted just now, by us or by another
    media.demo = False
    if added is not None:
        record_act(session, actor, "media.add", f"media:{added}", now, name=file.name, size=file.size)
    return media


def _take_picture(media_store: MediaStore, content: bytes, filename: str, max_megapixels: int) -> StoredFile:
    picture = prepare_picture(content, clean_name(filename), max_megapixels)
    return StoredFile(
        sha256=_save(media_store, picture.content, picture.thumbnail),
        kind=MediaKind.PHOTO,
        mime="image/png" if picture.kind is FileType.PNG else "image/jpeg",
        name=name_as(filename, picture.kind),
        size=len(picture.content),
        width=picture.width,
        height=picture.height,
    )


def _read(stream: ReadableFile, name: str, max_megabytes: int) -> bytes:
    """The whole file, of which never more than the limit is read."""
    limit = max_megabytes * MEGABYTE
    if stream.seekable():
        start = stream.tell()
        size = stream.seek(0, io.SEEK_END) - start
        stream.seek(start)
        if size > limit:
            message = N_("“{name}” has {size} MB; {limit} MB is the most.")
            raise RuleError("media", message, name=name, size=-(-size // MEGABYTE), limit=max_megabytes)
    content = bytearray()
    while part := stream.read(min(MEGABYTE, limit + 1 - len(content))):
        content += part
        if len(content) > limit:
            message = N_("“{name}” is larger than {limit} MB, which is the most.")
            raise RuleError("media", message, name=name, limit=max_megabytes)
    return bytes(content)


def _save(media_store: MediaStore, content: bytes, thumbnail: bytes | None = None) -> str:
    try:
        return media_store.save(content, thumbnail)
    except DiskFull as error:
        log.exception("media folder is full")
        message = N_("The disk of the server is full: the file was not stored. Tell the administrator.")
        raise RuleError("media", message) from error
    except StoreError as error:
        log.exception("media folder cannot be written")
        message = N_("The server could not store the file. Tell the administrator.")
        raise RuleError("media", message) from error
