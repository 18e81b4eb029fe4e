"""Where a text has what was looked for: its words marked, and the stretch that shows most of them."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from publisher.core.query import Query, Term
from publisher.core.words import WORD, stem_as_written, stems_of

WIDTH = 240
# How much of the text stands before the first mark.
LEAD = 60
SENTENCE_ENDS = ".!?…\n"


@dataclass(frozen=True, slots=True, kw_only=True)
class Piece:
    """A stretch of the text as it is; a marked one is a whole word."""

    text: str
    is_marked: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Match:
    """A word that a term of the query meant."""

    start: int
    end: int
    term: int


def find_matches(text: str, query: Query) -> list[Match]:
    """The words that were meant, in their order, each once."""
    places = [found.span() for found in WORD.finditer(text)]
    stems = [stem_as_written(text[start:end]) for start, end in places]
    if not all(stems):
        places = [place for place, stem in zip(places, stems, strict=True) if stem]
        stems = [stem for stem in stems if stem]
    marked: dict[int, int] = {}
    for number, term in enumerate(query.wanted):
        for place in _places(stems, term):
            marked.setdefault(place, number)
    return [
        Match(start=places[place][0], end=places[place][1], term=number)
        for place, number in sorted(marked.items())
    ]


def answers(texts: Sequence[str], query: Query) -> bool:
    """Whether the texts together have all that is wanted and nothing unwanted, as the index would say."""
    stems = [stems_of(text) for text in texts]
    has = {term: any(any(True for _ in _places(text, term)) for text in stems) for term in query.terms}
    return all(has[term] for term in query.wanted) and not any(has[term] for term in query.unwanted)


def _places(stems: Sequence[str], term: Term) -> Iterator[int]:
    """Where in the text's stems the words of the term stand."""
    length = len(term.words)
    exact = {ending.stem for ending in term.endings if not ending.is_beginning}
    beginnings = tuple(ending.stem for ending in term.endings if ending.is_beginning)
    for last in range(length - 1, len(stems)):
        if stems[last] not in exact and not (beginnings and stems[last].startswith(beginnings)):
            continue
        first = last - length + 1
        if length == 1 or tuple(stems[first:last]) == term.head:
            yield from range(first, last + 1)


def mark(text: str, query: Query) -> list[Piece]:
    """The whole text in pieces."""
    return list(_pieces(text, find_matches(text, query), 0, len(text)))


def snippet(text: str, query: Query, width: int = WIDTH) -> list[Piece]:
    """The stretch of the text with the most of what was looked for; its beginning when it has nothing.

    An ellipsis stands where text was left out.
    """
    matches = find_matches(text, query)
    start = _start(text, _best(matches, width)) if matches else 0
    end = _end(text, start + width)
    pieces = list(_pieces(text, matches, start, end))
    before = [Piece(text="… ")] if start else []
    after = [Piece(text=" …")] if end < len(text) else []
    return before + pieces + after


def has_marks(pieces: Sequence[Piece]) -> bool:
    """Whether anything is marked."""
    return any(piece.is_marked for piece in pieces)


def _best(matches: Sequence[Match], width: int) -> Match:
    """The first word of the stretch in which the most terms, then the most words are met."""
    best, most = matches[0], (0, 0)
    last = 0
    for first, match in enumerate(matches):
        while last < len(matches) and matches[last].end <= match.start + width - LEAD:
            last += 1
        inside = matches[first:last] or [match]
        worth = (len({other.term for other in inside}), len(inside))
        if worth > most:
            best, most = match, worth
    return best


def _start(text: str, match: Match) -> int:
    """Where to begin so that the match has something before it: at a sentence, else at a word."""
    if match.start <= LEAD:
        return 0
    lead = text[match.start - LEAD : match.start]
    sentence = max(lead.rfind(sign) for sign in SENTENCE_ENDS)
    blank = lead.find(" ")
    cut = sentence + 1 if sentence >= 0 else blank + 1
    start = match.start - LEAD + cut
    return start + len(text[start : match.start]) - len(text[start : match.start].lstrip())


def _end(text: str, end: int) -> int:
    if end >= len(text):
        return len(text)
    blank = max(text.rfind(" ", 0, end + 1), text.rfind("\n", 0, end + 1))
    return blank if blank > end - LEAD else end


def _pieces(text: str, matches: Sequence[Match], start: int, end: int) -> Iterator[Piece]:
    place = start
    for match in matches:
        if match.start < start or match.end > end:
            continue
        if match.start > place:
            yield Piece(text=text[place : match.start])
        yield Piece(text=text[match.start : match.end], is_marked=True)
        place = match.end
    if place < end:
        yield Piece(text=text[place:end])
