"""Editions: the version as one channel will show it, finished, checked against the channel's limits."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from hashlib import sha256
from typing import Any

from publisher.core.platforms import Platform
from publisher.core.richtext import RichText, length_utf16


class Layout(StrEnum):
    """How text and media share a post: the editor's choice where the text is longer than a caption."""

    CAPTION = "caption"
    MEDIA_FIRST = "media_first"


class MediaKind(StrEnum):
    """What a file is for a network."""

    PHOTO = "photo"
    DOCUMENT = "document"


@dataclass(frozen=True, slots=True, kw_only=True)
class MediaRef:
    """A stored file: SHA-256 in hex, and what a network needs to know to send it."""

    sha256: str
    kind: MediaKind
    mime: str
    name: str
    size: int
    width: int | None = None
    height: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """What one send puts on the network: a text, or media with a caption."""

    text: RichText
    media: tuple[MediaRef, ...] = ()

    @property
    def elements(self) -> int:
        """How many posts the network makes of it: each picture of an album is one."""
        return max(1, len(self.media))


@dataclass(frozen=True, slots=True, kw_only=True)
class Edition:
    """One or two messages (media first, then the text) that together are one post."""

    messages: tuple[Message, ...]
    link_preview: bool = True
    silent: bool = False

    @property
    def elements(self) -> int:
        """How many keys the edition needs, and how many external ids its receipt has."""
        return sum(message.elements for message in self.messages)

    @property
    def media(self) -> tuple[MediaRef, ...]:
        """All files, in the order of the post."""
        return tuple(ref for message in self.messages for ref in message.media)

    @property
    def shape(self) -> tuple[tuple[str, ...], ...]:
        """The media classes message by message; a network that cannot change a post's class compares it."""
        return tuple(tuple(ref.kind.value for ref in message.media) for message in self.messages)


class Problem(StrEnum):
    """Why an edition cannot stand in a channel as it is."""

    EMPTY = "empty"
    TEXT_TOO_LONG = "text_too_long"
    CAPTION_TOO_LONG = "caption_too_long"
    TOO_MANY_MEDIA = "too_many_media"
    MIXED_MEDIA = "mixed_media"


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One problem with the figures an editor needs to mend it (UTF-16 units or files)."""

    problem: Problem
    length: int = 0
    limit: int = 0


def compose_edition(
    text: RichText,
    media: tuple[MediaRef, ...],
    layout: Layout,
    *,
    link_preview: bool = True,
    silent: bool = False,
) -> Edition:
    """Lay text and media out as the editor chose. Nothing is cut: limits are found by `inspect_edition`."""
    if media and layout is Layout.MEDIA_FIRST and text.text:
        messages: tuple[Message, ...] = (
            Message(text=RichText(text=""), media=media),
            Message(text=text),
        )
    else:
        messages = (Message(text=text, media=media),)
    return Edition(messages=messages, link_preview=link_preview, silent=silent)


def inspect_edition(edition: Edition, platform: Platform) -> tuple[Finding, ...]:
    """Everything that keeps the edition from standing on the platform; empty when it may go."""
    return tuple(f for message in edition.messages for f in _inspect_message(message, platform))


def _inspect_message(message: Message, platform: Platform) -> Iterator[Finding]:
    length = length_utf16(message.text.text)
    if not length and not message.media:
        yield Finding(problem=Problem.EMPTY)
    if message.media and length > platform.caption_limit:
        yield Finding(problem=Problem.CAPTION_TOO_LONG, length=length, limit=platform.caption_limit)
    if not message.media and length > platform.text_limit:
        yield Finding(problem=Problem.TEXT_TOO_LONG, length=length, limit=platform.text_limit)
    photos = sum(ref.kind is MediaKind.PHOTO for ref in message.media)
    documents = len(message.media) - photos
    for count, limit in ((photos, platform.images), (documents, platform.documents)):
        if count > limit:
            yield Finding(problem=Problem.TOO_MANY_MEDIA, length=count, limit=limit)
    if photos and documents and not platform.mixes_images_and_documents:
        yield Finding(problem=Problem.MIXED_MEDIA)


def element_keys(key: str, count: int) -> tuple[int, ...]:
    """The network's idempotency keys of an operation: one signed, non-zero 64-bit number per element.

    Derived from the stored key alone, so that a repeat after a crash carries the same numbers.
    """
    return tuple(_element_key(key, index) for index in range(count))


def _element_key(key: str, index: int) -> int:
    digest = sha256(f"{key}:{index}".encode()).digest()
    return int.from_bytes(digest[:8], "big", signed=True) or 1


def edition_to_json(edition: Edition) -> dict[str, Any]:
    """The stored form of a finished edition."""
    return {
        "messages": [
            {"text": message.text.to_json(), "media": [_media_to_json(ref) for ref in message.media]}
            for message in edition.messages
        ],
        "link_preview": edition.link_preview,
        "silent": edition.silent,
    }


def edition_from_json(data: Mapping[str, Any]) -> Edition:
    """The inverse of `edition_to_json`."""
    return Edition(
        messages=tuple(
            Message(
                text=RichText.from_json(message["text"]),
                media=tuple(MediaRef(**{**ref, "kind": MediaKind(ref["kind"])}) for ref in message["media"]),
            )
            for message in data["messages"]
        ),
        link_preview=data["link_preview"],
        silent=data["silent"],
    )


def _media_to_json(ref: MediaRef) -> dict[str, Any]:
    return {
        "sha256": ref.sha256, "kind": ref.kind.value, "mime": ref.mime, "name": ref.name,
        "size": ref.size, "width": ref.width, "height": ref.height,
    }  # fmt: skip
