"""Searching: the same question with the same answer on SQLite (FTS5) and PostgreSQL (tsvector).

Both are given our own stems (core/words.py), so that neither's idea of Russian matters. What was written
last is met first. Only the next `WINDOW` entries that have the words are looked at; the page says how far
that was, and can go on from there. Channels are few: they are looked through without an index.
"""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Integer,
    Subquery,
    Text,
    and_,
    case,
    cast,
    column,
    exists,
    func,
    literal,
    literal_column,
    select,
    table,
    true,
)
from sqlalchemy.dialects.postgresql import ARRAY, TSQUERY
from sqlalchemy.orm import Session, joinedload, selectinload

from publisher.core.marking import answers
from publisher.core.query import Ending, Query, Term
from publisher.core.states import ItemStatus
from publisher.store.models import Channel, Item, ItemChannel, SearchEntry, Version, VersionMedia

WINDOW = 500
# Versions get their ids in the order in which they are written, give or take.
SLACK = timedelta(days=7)


class Kind(StrEnum):
    """Where to look."""

    EVERYTHING = "everything"
    NEWS = "news"
    OLDER = "older"
    MEDIA = "media"
    CHANNELS = "channels"


class Order(StrEnum):
    """What comes first: entries that have all the words in the headline, or simply what was written last."""

    BEST = "best"
    NEWEST = "newest"


class Part(StrEnum):
    """A column of the index and its weight on PostgreSQL."""

    TITLE = "A"
    BODY = "B"
    MEDIA = "C"


@dataclass(frozen=True, slots=True, kw_only=True)
class SearchFilter:
    """What the results are narrowed to; empty means everything. The period is that of writing."""

    kind: Kind = Kind.EVERYTHING
    statuses: frozenset[ItemStatus] = frozenset()
    desk_ids: frozenset[int] = frozenset()
    channel_id: int | None = None
    author_id: int | None = None
    since: datetime | None = None
    until: datetime | None = None

    @property
    def is_about_items(self) -> bool:
        """Whether it asks for something that channels do not have."""
        return bool(self.statuses or self.author_id or self.since or self.until)


@dataclass(frozen=True, slots=True, kw_only=True)
class Start:
    """Where to begin: before this version, at this stage of the order."""

    before: int | None = None
    stage: int = 0


BEGINNING = Start()


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """The versions found, each of another item, in order; the newest one of the item that has the words.

    `further` is set when the end of the window was reached: what comes from there on is not looked at yet,
    and with `is_in_headlines` the texts neither.
    """

    version_ids: Sequence[int] = ()
    further: Start | None = None
    is_in_headlines: bool = False


def find_versions(
    session: Session,
    query: Query,
    chosen: SearchFilter,
    order: Order,
    *,
    start: Start = BEGINNING,
    window: int = WINDOW,
) -> Found:
    """What has the words and passes the filters, from `start` on."""
    if not query or chosen.kind is Kind.CHANNELS:
        return Found()
    stages = list(enumerate(_stages(chosen.kind, order)))
    before = start.before
    # In the place where the item was met first: headlines before texts.
    newest: dict[int, int] = {}
    for number, stage in stages[start.stage :] or stages[-1:]:
        look = _look(session, _Asked(query=query, stage=stage), chosen, before, window)
        for version_id, item_id in look.fitting:
            newest[item_id] = max(version_id, newest.get(item_id, 0))
        if look.edge is not None:
            return Found(
                version_ids=tuple(newest.values()),
                further=Start(before=look.edge, stage=number),
                is_in_headlines=stage.parts == (Part.TITLE,),
            )
        window -= look.seen
        before = None
    return Found(version_ids=tuple(newest.values()))


def find_channels(session: Session, query: Query, chosen: SearchFilter) -> Sequence[Channel]:
    """Channels by title and name, by title; the retired ones too."""
    if not query or chosen.kind not in {Kind.EVERYTHING, Kind.CHANNELS} or chosen.is_about_items:
        return ()
    named = select(Channel.id, Channel.title, Channel.handle)
    if chosen.desk_ids:
        named = named.where(Channel.desk_id.in_(chosen.desk_ids))
    if chosen.channel_id is not None:
        named = named.where(Channel.id == chosen.channel_id)
    ids = [channel_id for channel_id, *names in session.execute(named) if answers(names, query)]
    if not ids:
        return ()
    found = select(Channel).where(Channel.id.in_(ids)).order_by(Channel.title)
    return session.scalars(found.options(joinedload(Channel.desk))).all()


def list_found(session: Session, version_ids: Sequence[int]) -> Sequence[Version]:
    """These versions with all that results show of them, in this order."""
    rows = session.scalars(
        select(Version)
        .where(Version.id.in_(version_ids))
        .options(
            joinedload(Version.item).joinedload(Item.desk),
            joinedload(Version.created_by),
            selectinload(Version.media).joinedload(VersionMedia.media),
            selectinload(Version.overrides),
        )
    )
    found = {version.id: version for version in rows}
    return [found[version_id] for version_id in version_ids]


def get_moment(session: Session, version_id: int | None) -> datetime | None:
    """When the version was written; None when it is not there."""
    return session.scalar(select(Version.created_at).where(Version.id == version_id))


def list_known_stems(session: Session, stems: Sequence[str]) -> Sequence[str]:
    """Those of the stems that somebody used."""
    if session.get_bind().dialect.name == "postgresql":
        asked = select(func.unnest(cast(list(stems), ARRAY(Text))).label("stem")).subquery()
        known = exists().where(_vector.op("@@")(cast(asked.c.stem, TSQUERY))).select_from(SearchEntry)
    else:
        given = func.json_each(json.dumps(list(stems))).table_valued("value")
        asked = select(given.c.value.label("stem")).subquery()
        # Stems have letters and digits only; the quotes keep «and» and «not» from being more.
        quoted = literal('"').concat(asked.c.stem).concat('"')
        known = exists().where(literal_column("search_words").op("MATCH")(quoted)).select_from(_words)
    return session.scalars(select(asked.c.stem).where(known)).all()


@dataclass(frozen=True, slots=True, kw_only=True)
class _Stage:
    """Where all the words have to be; entries with all of them in `shown` were met at the stage before."""

    parts: Sequence[Part] = tuple(Part)
    shown: Sequence[Part] = ()


def _stages(kind: Kind, order: Order) -> Sequence[_Stage]:
    """What the order has one after the other."""
    if kind is Kind.MEDIA:
        return (_Stage(parts=(Part.MEDIA,)),)
    if order is Order.NEWEST:
        return (_Stage(),)
    return (_Stage(parts=(Part.TITLE,)), _Stage(shown=(Part.TITLE,)))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Asked:
    """A query, and where its words have to be."""

    query: Query
    stage: _Stage


@dataclass(frozen=True, slots=True, kw_only=True)
class _Look:
    """What one way through the index met: how many entries, (version, item) of those that fit; and where it
    ended, short of the end."""

    seen: int
    fitting: Sequence[tuple[int, int]]
    edge: int | None


_words = table("search_words", column("rowid", Integer))
# The expression that the index of migration 0004 is of.
_vector: ColumnElement[Any] = literal_column(
    "(setweight(title, 'A') || setweight(body, 'B') || setweight(media, 'C'))"
)


def _look(session: Session, asked: _Asked, chosen: SearchFilter, before: int | None, window: int) -> _Look:
    hits = _hits(session, asked, _span(session, chosen, before), window)
    conditions = list(_fitting(chosen))
    fits = case((and_(true(), *conditions), 1), else_=0)
    found = select(hits.c.id, Version.item_id, fits).join(Version, Version.id == hits.c.id)
    if conditions:
        found = found.join(Item, Item.id == Version.item_id)
    met = session.execute(found.order_by(hits.c.id.desc())).all()
    return _Look(
        seen=len(met),
        fitting=[(version_id, item_id) for version_id, item_id, fit in met if fit],
        edge=met[-1][0] if len(met) == window else None,
    )


def _span(session: Session, chosen: SearchFilter, before: int | None) -> tuple[int | None, int | None]:
    """Between which versions the period lies, with something to spare on both sides; none for no bound."""
    low, high = None, before
    if chosen.since is not None:
        earlier = select(Version.id).where(Version.created_at < chosen.since - SLACK)
        low = session.scalar(earlier.order_by(Version.created_at.desc()).limit(1))
    if chosen.until is not None:
        later = select(Version.id).where(Version.created_at >= chosen.until + SLACK)
        first = session.scalar(later.order_by(Version.created_at).limit(1))
        high = min((bound for bound in (first, before) if bound is not None), default=None)
    return low, high


def _fitting(chosen: SearchFilter) -> Iterator[ColumnElement[bool]]:
    if chosen.kind is Kind.NEWS:
        yield Version.number == Item.head
    if chosen.kind is Kind.OLDER:
        yield Version.number < Item.head
    if chosen.statuses:
        yield Item.status.in_(chosen.statuses)
    if chosen.desk_ids:
        yield Item.desk_id.in_(chosen.desk_ids)
    if chosen.author_id is not None:
        yield Version.created_by_id == chosen.author_id
    if chosen.channel_id is not None:
        yield exists().where(ItemChannel.item_id == Item.id, ItemChannel.channel_id == chosen.channel_id)
    if chosen.since is not None:
        yield Version.created_at >= chosen.since
    if chosen.until is not None:
        yield Version.created_at < chosen.until


def _hits(session: Session, asked: _Asked, span: tuple[int | None, int | None], limit: int) -> Subquery:
    """The ids of the next entries with the words, the highest first."""
    entry_id, has_words = _index(session, asked)
    low, high = span
    hits = select(entry_id.label("id")).where(has_words)
    if low is not None:
        hits = hits.where(entry_id > low)
    if high is not None:
        hits = hits.where(entry_id < high)
    return hits.order_by(entry_id.desc()).limit(limit).subquery()


def _index(session: Session, asked: _Asked) -> tuple[ColumnElement[int], ColumnElement[bool]]:
    """The entry's id in this database's index, and the condition that it has the words."""
    if session.get_bind().dialect.name == "postgresql":
        return SearchEntry.__table__.c.id, _vector.op("@@")(cast(_to_tsquery(asked), TSQUERY))
    return _words.c.rowid, literal_column("search_words").op("MATCH")(_to_fts5(asked))


def _to_fts5(asked: _Asked) -> str:
    """What is asked of FTS5. Every word is quoted, and has letters and digits only."""
    text = _fts5_wanted(asked.query, asked.stage.parts)
    without = [_fts5_term(term) for term in asked.query.unwanted]
    if asked.stage.shown:
        without.append(_fts5_wanted(asked.query, asked.stage.shown))
    return " NOT ".join(f"({part})" for part in (text, *without))


def _fts5_wanted(query: Query, parts: Sequence[Part]) -> str:
    columns = " ".join(part.name.lower() for part in parts)
    return f"{{{columns}}} : ({' AND '.join(f'({_fts5_term(term)})' for term in query.wanted)})"


def _fts5_term(term: Term) -> str:
    return " OR ".join(
        f'"{" ".join((*term.head, ending.stem))}"{" *" if ending.is_beginning else ""}'
        for ending in term.endings
    )


def _to_tsquery(asked: _Asked) -> str:
    """What is asked of PostgreSQL, in the notation of its own type."""
    without = [_tsquery_term(term, "") for term in asked.query.unwanted]
    if asked.stage.shown:
        without.append(_tsquery_wanted(asked.query, asked.stage.shown))
    return " & !".join(f"({part})" for part in (_tsquery_wanted(asked.query, asked.stage.parts), *without))


def _tsquery_wanted(query: Query, parts: Sequence[Part]) -> str:
    weights = "" if len(parts) == len(Part) else "".join(parts)
    return " & ".join(f"({_tsquery_term(term, weights)})" for term in query.wanted)


def _tsquery_term(term: Term, weights: str) -> str:
    head = [f"{stem}:{weights}" if weights else stem for stem in term.head]
    return " | ".join(
        f"({' <-> '.join((*head, _tsquery_ending(ending, weights)))})" for ending in term.endings
    )


def _tsquery_ending(ending: Ending, weights: str) -> str:
    flags = ("*" if ending.is_beginning else "") + weights
    return f"{ending.stem}:{flags}" if flags else ending.stem
