"""What changed between two texts, word by word, for people who compare versions."""

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from difflib import SequenceMatcher
from enum import StrEnum

# A time, a date or another figure with its inner marks; a word; a stretch of white space; a single mark.
WORDS = re.compile(r"\d+(?:[.,:/–-]\d+)+|\w+|\s+|[^\w\s]")
# What long texts are compared by, the last resort being the whole.
LINES, WHOLE = re.compile(r"[^\n]*\n|[^\n]+"), re.compile(r"(?s).+")
# The comparison looks at every pair of equal pieces; two million take half a second.
MOST_PAIRS = 2_000_000


class Change(StrEnum):
    """What became of a stretch of text."""

    KEPT = "kept"
    ADDED = "added"
    REMOVED = "removed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Stretch:
    """A stretch of one of the texts, or of both where it was kept."""

    change: Change
    text: str


def compare_texts(old: str, new: str) -> list[Stretch]:
    """The way from the old text to the new one; what was removed stands before what took its place.

    The kept and added stretches together are the new text, the kept and removed ones the old text.
    """
    compared = ((piece.findall(old), piece.findall(new)) for piece in (WORDS, LINES, WHOLE))
    before, after = next(both for both in compared if _count_pairs(*both) <= MOST_PAIRS)
    return _joined(_stretches(before, after))


def _count_pairs(old: list[str], new: list[str]) -> int:
    there = Counter(new)
    return sum(count * there[piece] for piece, count in Counter(old).items())


def _stretches(old: list[str], new: list[str]) -> Iterator[Stretch]:
    matcher = SequenceMatcher(None, old, new, autojunk=False)
    for kind, old_start, old_end, new_start, new_end in matcher.get_opcodes():
        if kind == "equal":
            yield Stretch(change=Change.KEPT, text="".join(new[new_start:new_end]))
            continue
        if old_end > old_start:
            yield Stretch(change=Change.REMOVED, text="".join(old[old_start:old_end]))
        if new_end > new_start:
            yield Stretch(change=Change.ADDED, text="".join(new[new_start:new_end]))


def _joined(stretches: Iterator[Stretch]) -> list[Stretch]:
    """A single space kept between two changes belongs to both: phrases read better than lone words."""
    result: list[Stretch] = []
    removed = added = ""
    for stretch in stretches:
        if stretch.change is Change.REMOVED:
            removed += stretch.text
        elif stretch.change is Change.ADDED:
            added += stretch.text
        elif stretch.text.isspace() and (removed or added) and "\n" not in stretch.text:
            removed, added = removed + stretch.text, added + stretch.text
        else:
            result += _changed(removed, added)
            removed = added = ""
            result.append(stretch)
    return [*result, *_changed(removed, added)]


def _changed(removed: str, added: str) -> list[Stretch]:
    """The two sides of a change, with the white space that both end with kept behind them."""
    kept = ""
    while removed and added and removed[-1] == added[-1] and removed[-1].isspace():
        kept, removed, added = removed[-1] + kept, removed[:-1], added[:-1]
    parts = ((Change.REMOVED, removed), (Change.ADDED, added), (Change.KEPT, kept))
    return [Stretch(change=change, text=text) for change, text in parts if text]
