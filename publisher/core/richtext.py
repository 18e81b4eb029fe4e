"""Text with marks, measured as networks measure it: offsets and lengths in UTF-16 code units."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any


class Mark(StrEnum):
    """What a stretch of text looks like, or is."""

    BOLD = "bold"
    ITALIC = "italic"
    UNDERLINE = "underline"
    STRIKE = "strike"
    SPOILER = "spoiler"
    CODE = "code"
    LINK = "link"
    EMOJI = "emoji"
    QUOTE = "quote"
    EXPANDABLE_QUOTE = "expandable_quote"


@dataclass(frozen=True, slots=True, kw_only=True)
class Entity:
    """A mark over a stretch; `target` is a link's URL or a custom emoji's id."""

    mark: Mark
    offset: int
    length: int
    target: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RichText:
    """A text and its entities, ordered by offset."""

    text: str
    entities: tuple[Entity, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """The stored form."""
        return {
            "text": self.text,
            "entities": [
                {"mark": e.mark.value, "offset": e.offset, "length": e.length, "target": e.target}
                for e in self.entities
            ],
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> "RichText":
        """The inverse of `to_json`."""
        return cls(
            text=data["text"],
            entities=tuple(Entity(**{**e, "mark": Mark(e["mark"])}) for e in data["entities"]),
        )


def length_utf16(text: str) -> int:
    """Number of UTF-16 code units, the unit of Telegram's limits and entities."""
    return len(text.encode("utf-16-le")) // 2
