"""What a person looks for: the words typed into the search box, as words, phrases and exclusions."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cached_property

from publisher.core.handles import APP_LINK, LINK
from publisher.core.words import COMMON, SHORTEST_STEM, plain_words, stem, stems_of_beginning

LONGEST_QUERY = 200
MOST_TERMS = 10
# A phrase in quotes, whose end may not be typed yet; or whatever stands between blanks.
PART = re.compile(r'(?P<minus>-?)"(?P<phrase>[^"]*)(?P<closed>"?)|(?P<bare>[^\s"]+)')
QUOTES = str.maketrans("«»“”„‟", '""""""')
SCHEME = re.compile(r"https?://(?:www\.)?", re.IGNORECASE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Ending:
    """What the last word of a term may be: this stem, or any stem that begins so."""

    stem: str
    is_beginning: bool = False

    def fits(self, found: str) -> bool:
        """Whether a stem is meant by it."""
        return found.startswith(self.stem) if self.is_beginning else found == self.stem


@dataclass(frozen=True, kw_only=True)
class Term:
    """Words one behind the other, in any of their forms. `is_open` while the last may still be unfinished;
    `is_stem` when the one word is a stem already."""

    words: tuple[str, ...]
    typed: str
    is_excluded: bool = False
    is_open: bool = False
    is_stem: bool = False

    @cached_property
    def head(self) -> tuple[str, ...]:
        """The stems before the last word."""
        return tuple(stem(word) for word in self.words[:-1])

    @cached_property
    def endings(self) -> tuple[Ending, ...]:
        """What the last word may be; one of them is enough."""
        last = self.words[-1]
        if self.is_stem:
            return (Ending(stem=last),)
        if not self.is_open or len(last) < SHORTEST_STEM:
            return (Ending(stem=stem(last)),)
        others = {stem(last), *stems_of_beginning(last)}
        return (
            Ending(stem=last, is_beginning=True),
            *(Ending(stem=other) for other in sorted(others) if not other.startswith(last)),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Query:
    """All of `wanted` and none of `unwanted`; without anything wanted it asks for nothing."""

    wanted: tuple[Term, ...] = ()
    unwanted: tuple[Term, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.wanted)

    def without(self, place: int) -> "Query":
        """The same without one of the wanted terms."""
        return replace(self, wanted=self.wanted[:place] + self.wanted[place + 1 :])

    @property
    def terms(self) -> tuple[Term, ...]:
        """Both."""
        return (*self.wanted, *self.unwanted)

    @property
    def typed(self) -> str:
        """Text that reads as this query."""
        return " ".join(term.typed for term in self.terms)


def parse_query(text: str) -> Query:
    """The query as typed. "…" is a phrase, -word must not be there; a last word may still be unfinished.

    Any text is a query; signs that mean something to a database mean nothing here.
    """
    terms = list(_terms(text[:LONGEST_QUERY].translate(QUOTES)))[:MOST_TERMS]
    wanted = tuple(term for term in terms if not term.is_excluded)
    telling = tuple(term for term in wanted if not _is_common(term))
    return Query(wanted=telling or wanted, unwanted=tuple(term for term in terms if term.is_excluded))


def _terms(text: str) -> Iterator[Term]:
    for part in PART.finditer(text):
        is_last = part.end() == len(text)
        if part["bare"] is None:
            term = _term(part["phrase"], part["minus"] == "-", is_open=is_last and not part["closed"])
            is_phrase = True
        else:
            minus = part["bare"].startswith("-")
            term = _term(_bare(part["bare"].removeprefix("-")), minus, is_open=is_last and not minus)
            is_phrase = False
        if term is not None:
            typed = f'"{part["phrase"].strip()}"' if is_phrase else part["bare"].removeprefix("-")
            yield replace(term, typed=f"-{typed}" if term.is_excluded else typed)


def _term(text: str, is_excluded: bool, *, is_open: bool) -> Term | None:
    words = tuple(plain_words(text))
    if not words:
        return None
    return Term(words=words, typed=text, is_excluded=is_excluded, is_open=is_open)


def _bare(text: str) -> str:
    """A link to a channel is its name; of other links the beginning that all share is left out."""
    link = LINK.match(text) or APP_LINK.match(text)
    return link[1] if link and link[1] else SCHEME.sub("", text)


def _is_common(term: Term) -> bool:
    return len(term.words) == 1 and term.words[0] in COMMON and '"' not in term.typed
