"""Items and versions: what an approval signs, which steps of life are allowed, how a slug is made."""

import re
import unicodedata
from collections.abc import Mapping, Sequence
from hashlib import sha256
from json import dumps

from publisher.core.states import ENDED_ITEMS, LIVE_ITEMS, ItemStatus

SLUG_LENGTH = 60
# What is typed, or told apart by a number, may be somewhat longer.
SLUG = re.compile(r"(?=.{1,80}\Z)[a-z0-9]+(?:-[a-z0-9]+)*\Z")

# Passport-like transliteration, the one Russian readers expect in addresses.
LATIN = dict(
    zip(
        "абвгдеёжзийклмнопрстуфхцчшщъыьэюя",
        [
            "a", "b", "v", "g", "d", "e", "e", "zh", "z", "i", "y", "k", "l", "m", "n", "o", "p", "r", "s",
            "t", "u", "f", "kh", "ts", "ch", "sh", "sch", "", "y", "", "e", "yu", "ya",
        ],
        strict=True,
    )
)  # fmt: skip


def version_hash(content: Mapping[str, object], media: Sequence[tuple[str, str, str]]) -> str:
    """SHA-256 over all that readers can see: `content` by name, media as (sha256, alt, credit) in order."""
    document = dumps([dict(sorted(content.items())), list(media)], ensure_ascii=False, sort_keys=True)
    return sha256(document.encode()).hexdigest()


def make_slug(title: str) -> str:
    """A short Latin label of the title, at most 60 characters; "item" when nothing is left of it."""
    latin = "".join(LATIN.get(letter, letter) for letter in title.lower())
    plain = unicodedata.normalize("NFKD", latin).encode("ascii", "ignore").decode()
    words = re.findall(r"[a-z0-9]+", plain)
    slug = ""
    for word in words:
        if len(slug) + len(word) + 1 > SLUG_LENGTH:
            break
        slug = f"{slug}-{word}" if slug else word
    return slug or (words[0][:SLUG_LENGTH] if words else "item")


def can_edit(status: ItemStatus) -> bool:
    """Ended items stay as they were."""
    return status not in ENDED_ITEMS


def can_publish(status: ItemStatus) -> bool:
    """Whether a first publication (or one in further channels) is still possible."""
    return status not in ENDED_ITEMS


def status_after_save(status: ItemStatus) -> ItemStatus:
    """A new version takes an approval back; what is scheduled or stands stays so until it is acted on."""
    if status in {ItemStatus.IN_REVIEW, ItemStatus.APPROVED}:
        return ItemStatus.DRAFT
    return status


def is_out(status: ItemStatus) -> bool:
    """Whether readers have seen it."""
    return status in LIVE_ITEMS
