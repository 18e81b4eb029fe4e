"""Files on their way up, part by part."""

import time
from dataclasses import dataclass, field

from publisher.sandbox.world import Media

# Parts that nobody has asked for since are forgotten.
FORGET_SECONDS = 3600


@dataclass(slots=True)
class _Upload:
    parts: dict[int, bytes] = field(default_factory=dict)
    touched: float = 0.0


@dataclass(slots=True)
class Uploads:
    """The parts in memory until they are stored, and what became of each file, by bot and file id."""

    _open: dict[tuple[int, int], _Upload] = field(default_factory=dict)
    _stored: dict[tuple[int, int], Media] = field(default_factory=dict)

    def save(self, bot: int, file: int, part: int, data: bytes) -> None:
        """Keep a part."""
        now = time.monotonic()
        for key in [key for key, upload in self._open.items() if now - upload.touched > FORGET_SECONDS]:
            del self._open[key]
        upload = self._open.setdefault((bot, file), _Upload())
        upload.parts[part], upload.touched = data, now
        self._stored.pop((bot, file), None)

    def find(self, bot: int, file: int) -> Media | None:
        """What the file was stored as, when a request for it is repeated."""
        return self._stored.get((bot, file))

    def join(self, bot: int, file: int, parts: int) -> bytes | None:
        """The whole file, or None while a part is missing."""
        upload = self._open.get((bot, file))
        if upload is None or sorted(upload.parts) != list(range(parts)):
            return None
        return b"".join(upload.parts[number] for number in range(parts))

    def close(self, bot: int, file: int, media: Media) -> Media:
        """The file is stored: its parts are needed no more."""
        self._open.pop((bot, file), None)
        self._stored[bot, file] = media
        return media
