"""Files of editions on their way up: each is uploaded once for all channels of the account."""

import asyncio
import hashlib
import secrets
import time
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

from telethon.tl import functions, types

from publisher.channels.base import MediaFiles
from publisher.core.editions import MediaKind, MediaRef
from publisher.errors import Refused

# Small parts, so that a text sent meanwhile does not wait long behind them on a slow line.
PART_SIZE = 128 * 1024
PART_SECONDS = 60.0
AT_ONCE = 2
# Larger files are uploaded without a checksum (core.telegram.org/api/files).
SMALL_FILE = 10 * 1024 * 1024
# How long a stored file is sent again by its reference, which Telegram lets expire after a while.
KEEP_SECONDS = 3600.0

Key = tuple[str, MediaKind, str]
Call = Callable[..., Awaitable[Any]]


@dataclass(slots=True)
class _Stored:
    """One file; the lock makes whoever needs it while it goes up wait for it."""

    lock: asyncio.Lock = field(default_factory=asyncio.Lock)
    media: Any = None
    until: float = 0.0


class Files:
    """What the account has stored on the network."""

    def __init__(self, media: MediaFiles, call: Call) -> None:
        self._media = media
        self._call = call
        self._stored: dict[Key, _Stored] = {}
        self._room = asyncio.Semaphore(AT_ONCE)

    async def store(self, peer: Any, ref: MediaRef) -> Any:
        """The file as an input of a send, uploaded if it is not there already.

        `peer` is a channel in which the account may post. Raises Refused when the file is missing here.
        """
        self._forget_old()
        stored = self._stored.setdefault(_key(ref), _Stored())
        async with stored.lock:
            if stored.until <= time.monotonic():
                async with self._room:
                    stored.media = await self._upload(peer, ref)
                stored.until = time.monotonic() + KEEP_SECONDS
            return stored.media

    def forget(self, refs: Iterable[MediaRef]) -> None:
        """The network no longer accepts the references: upload anew next time."""
        for ref in refs:
            self._stored.pop(_key(ref), None)

    def _forget_old(self) -> None:
        now = time.monotonic()
        for key in [k for k, s in self._stored.items() if s.until <= now and not s.lock.locked()]:
            del self._stored[key]

    async def _upload(self, peer: Any, ref: MediaRef) -> Any:
        try:
            data = await asyncio.to_thread(self._media(ref.sha256).read_bytes)
        except OSError as error:
            raise Refused("MEDIA_MISSING", ref.name) from error
        file = await self._upload_parts(data, ref.name)
        if ref.kind is MediaKind.PHOTO:
            uploaded: Any = types.InputMediaUploadedPhoto(file)
        else:
            name = types.DocumentAttributeFilename(ref.name)
            uploaded = types.InputMediaUploadedDocument(file, ref.mime, [name], force_file=True)
        return _input_media(await self._call(functions.messages.UploadMediaRequest(peer, uploaded)))

    async def _upload_parts(self, data: bytes, name: str) -> Any:
        number = secrets.randbits(62)
        parts = [data[start : start + PART_SIZE] for start in range(0, len(data), PART_SIZE)]
        is_small = len(data) <= SMALL_FILE
        for place, part in enumerate(parts):
            if is_small:
                request: Any = functions.upload.SaveFilePartRequest(number, place, part)
            else:
                request = functions.upload.SaveBigFilePartRequest(number, place, len(parts), part)
            await self._call(request, seconds=PART_SECONDS)
        if is_small:
            checksum = hashlib.md5(data, usedforsecurity=False).hexdigest()
            return types.InputFile(number, len(parts), name, checksum)
        return types.InputFileBig(number, len(parts), name)


def _key(ref: MediaRef) -> Key:
    return ref.sha256, ref.kind, ref.name


def _input_media(stored: Any) -> Any:
    """A stored file as an input (types.InputMedia…)."""
    if isinstance(stored, types.MessageMediaPhoto):
        photo = stored.photo
        return types.InputMediaPhoto(types.InputPhoto(photo.id, photo.access_hash, photo.file_reference))
    document = stored.document
    return types.InputMediaDocument(
        types.InputDocument(document.id, document.access_hash, document.file_reference)
    )
