"""What a search page shows: the versions found with their words marked, and ways out where nothing is."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy.orm import Session

from publisher.core.items import SLUG
from publisher.core.marking import Piece, find_matches, has_marks, mark, snippet
from publisher.core.misspelling import near_stems, other_layout
from publisher.core.query import Query, Term, parse_query
from publisher.store.items import find_item_by_slug, get_version
from publisher.store.models import Channel, Version, VersionMedia
from publisher.store.search import (
    BEGINNING,
    WINDOW,
    Order,
    SearchFilter,
    Start,
    find_channels,
    find_versions,
    get_moment,
    list_found,
    list_known_stems,
)
from publisher.store.search_index import caption_of, texts_of

PAGE = 15
MOST_FILES = 3
MOST_CHANNELS = 5
MOST_WAYS = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class FileRow:
    """A file of a version whose caption has the words."""

    place: VersionMedia
    caption: Sequence[Piece]


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """A version with the words marked; `quote` is empty where only a headline or captions have them."""

    version: Version
    title: Sequence[Piece]
    quote: Sequence[Piece]
    files: Sequence[FileRow]
    slug: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ChannelRow:
    """A channel with the words marked."""

    channel: Channel
    title: Sequence[Piece]
    handle: Sequence[Piece]


@dataclass(frozen=True, slots=True, kw_only=True)
class Results:
    """One page of them. `count` is how many there are as far as was looked: to `looked_to`, or to the end.

    `further` is where to go on looking, once the last page is reached.
    """

    rows: Sequence[Row] = ()
    channels: Sequence[ChannelRow] = ()
    count: int = 0
    page: int = 1
    last: int = 1
    further: Start | None = None
    looked_to: datetime | None = None
    is_in_headlines: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class WayOut:
    """Another question that has an answer: other words, or the same without the filters."""

    text: str
    left_out: str = ""
    is_unfiltered: bool = False


def find(
    session: Session, query: Query, chosen: SearchFilter, order: Order, start: Start, page: int
) -> Results:
    """The page of results."""
    found = find_versions(session, query, chosen, order, start=start)
    channels = find_channels(session, query, chosen) if start == BEGINNING else ()
    labelled = _find_by_slug(session, query, chosen) if start == BEGINNING else None
    ids = [version_id for version_id in found.version_ids if labelled is None or version_id != labelled.id]
    last = max(1, -(-len(ids) // PAGE))
    page = min(page, last)
    shown = list_found(session, ids[(page - 1) * PAGE : page * PAGE])
    rows = [_row(version, query) for version in shown]
    if labelled is not None and page == 1:
        rows.insert(0, replace(_row(labelled, query), slug=labelled.item.slug))
    return Results(
        rows=rows,
        channels=[_channel_row(channel, query) for channel in channels] if page == 1 else (),
        count=len(ids) + len(channels) + (labelled is not None),
        page=page,
        last=last,
        further=found.further,
        looked_to=get_moment(session, found.further.before) if found.further else None,
        is_in_headlines=found.is_in_headlines,
    )


def _find_by_slug(session: Session, query: Query, chosen: SearchFilter) -> Version | None:
    """The newest version of the item whose label was typed."""
    typed = query.typed
    if chosen != SearchFilter() or not SLUG.fullmatch(typed):
        return None
    item = find_item_by_slug(session, typed)
    return get_version(session, item) if item is not None else None


def _row(version: Version, query: Query) -> Row:
    texts = texts_of(version)
    captions = [FileRow(place=place, caption=mark(caption_of(place), query)) for place in version.media]
    quotes = [snippet(texts.body[0], query)] if texts.body else [[]]
    if not has_marks(quotes[0]):
        quotes += (snippet(text, query) for text in texts.body[1:])
    return Row(
        version=version,
        title=mark(texts.title, query),
        quote=next((quote for quote in quotes if has_marks(quote)), quotes[0]),
        files=[row for row in captions if has_marks(row.caption)][:MOST_FILES],
    )


def _channel_row(channel: Channel, query: Query) -> ChannelRow:
    return ChannelRow(
        channel=channel, title=mark(channel.title, query), handle=mark(f"@{channel.handle}", query)
    )


def list_ways_out(session: Session, query: Query, chosen: SearchFilter, typed: str) -> Sequence[WayOut]:
    """Questions near to one without an answer, each of which has one."""
    ways = []
    for way in _ways(session, query, chosen, typed):
        if way not in ways:
            ways.append(way)
        if len(ways) == MOST_WAYS:
            break
    return ways


def _ways(session: Session, query: Query, chosen: SearchFilter, typed: str) -> Iterator[WayOut]:
    if chosen != SearchFilter() and _finds(session, query, SearchFilter()):
        yield WayOut(text=query.typed, is_unfiltered=True)
    swapped = other_layout(typed.strip())
    if swapped and _finds(session, parse_query(swapped), chosen):
        yield WayOut(text=swapped)
    mended = _mend(session, query)
    if mended != query and _finds(session, mended, chosen):
        yield WayOut(text=mended.typed)
    if len(query.wanted) > 1:
        for place, term in enumerate(query.wanted):
            rest = query.without(place)
            if _finds(session, rest, chosen):
                yield WayOut(text=rest.typed, left_out=term.typed)


def _finds(session: Session, query: Query, chosen: SearchFilter) -> bool:
    # Without filters the first entry tells.
    window = 1 if chosen == SearchFilter() else WINDOW
    found = find_versions(session, query, chosen, Order.NEWEST, window=window)
    return bool(found.version_ids or find_channels(session, query, chosen))


def _mend(session: Session, query: Query) -> Query:
    """The query with words that nobody used replaced by words one slip away."""
    return replace(query, wanted=tuple(_mend_term(session, term) for term in query.wanted))


def _mend_term(session: Session, term: Term) -> Term:
    [ending, *_] = term.endings[-1:]
    alone = Query(wanted=(term,))
    if len(term.words) > 1 or _finds(session, alone, SearchFilter()):
        return term
    words = [
        _word_with(session, stem) for stem in list_known_stems(session, near_stems(ending.stem))[:MOST_WAYS]
    ]
    best = max((word for word in words if word), key=lambda word: word[1], default=None)
    return parse_query(f"{best[0]} ").wanted[0] if best else term


def _word_with(session: Session, stem: str) -> tuple[str, int] | None:
    """A word with this stem as somebody wrote it, and how often it is met."""
    query = Query(wanted=(Term(words=(stem,), typed=stem, is_stem=True),))
    found = find_versions(session, query, SearchFilter(), Order.NEWEST).version_ids
    for version in list_found(session, found[:1]):
        texts = texts_of(version)
        for text in (texts.title, *texts.body, *texts.media):
            for match in find_matches(text, query):
                return text[match.start : match.end].lower(), len(found)
    return None
