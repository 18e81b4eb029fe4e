"""The list of items: one page at a time, whatever the filters, over any number of items.

A page begins behind a cursor (the sorted moment and the id of a row) and not at a row number, so that the
thousandth page costs as much as the first. What no index answers (words, a channel, an author) is looked for
among the next `WINDOW` items only; the page then says how far it looked, and the next one goes on from there.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, case, exists, func, literal_column, or_, select, true
from sqlalchemy.orm import InstrumentedAttribute, Session, joinedload

from publisher.core.states import LIVE_ITEMS, ItemStatus
from publisher.store.models import Item, ItemChannel, Version
from publisher.store.progress import Progress, list_progress

WINDOW = 5_000

Condition = ColumnElement[bool]


class Order(StrEnum):
    """What the list is sorted by."""

    CHANGED = "changed"
    SOONEST = "soonest"
    LATEST = "latest"

    @property
    def column(self) -> InstrumentedAttribute[Any]:
        """The moment that the order goes by."""
        return Item.updated_at if self is Order.CHANGED else Item.due

    @property
    def descends(self) -> bool:
        """Whether later moments come first."""
        return self is not Order.SOONEST


@dataclass(frozen=True, slots=True, kw_only=True)
class ItemFilter:
    """What the list shows; empty means everything. `since` and `until` bound the moment it is sorted by."""

    statuses: frozenset[ItemStatus] = frozenset()
    desk_ids: frozenset[int] = frozenset()
    channel_id: int | None = None
    author_id: int | None = None
    since: datetime | None = None
    until: datetime | None = None
    words: tuple[str, ...] = ()

    @property
    def is_sifting(self) -> bool:
        """Whether rows must be looked at one by one."""
        return bool(self.words) or self.channel_id is not None or self.author_id is not None


@dataclass(frozen=True, slots=True, kw_only=True)
class Cursor:
    """A place in the list: behind the row with this moment and id."""

    at: datetime
    id: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """An item with the title of its newest version; no progress before anything was planned."""

    item: Item
    title: str
    progress: Progress | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """Rows in order; where the pages before and after begin, if there are any.

    `looked_to` is set when the end of the window was reached before the page was full.
    """

    rows: Sequence[Row]
    before: Cursor | None
    after: Cursor | None
    looked_to: datetime | None


def list_page(
    session: Session,
    chosen: ItemFilter,
    order: Order,
    *,
    limit: int,
    after: Cursor | None = None,
    before: Cursor | None = None,
) -> Page:
    """The page behind `after`, or the one in front of `before`, or the first."""
    backward = before is not None
    walk = _Walk(chosen, order, descends=order.descends is not backward, start=before or after)
    edge = walk.edge(session) if chosen.is_sifting else None
    places = walk.places(session, edge, limit + 1)
    found, is_full = places[:limit], len(places) > limit
    onward = found[-1] if is_full else edge
    back = (found[0] if found else walk.start) if walk.start else None
    if backward:
        found.reverse()
        onward, back = back, onward
    return Page(
        rows=_rows(session, [place.id for place in found]),
        before=back,
        after=onward,
        looked_to=edge.at if edge and not is_full else None,
    )


def count_up_to(session: Session, chosen: ItemFilter, order: Order, limit: int) -> int | None:
    """How many items the list has; `limit` + 1 for more than the limit.

    None when too many rows would have to be looked at to know. Not for filters that sift.
    """
    walk = _Walk(chosen, order, descends=order.descends, start=None)
    total = 0
    for lead, rest in walk.leads():
        fits = case((and_(true(), *rest), 1), else_=0).label("fits")
        looked_at = select(fits).where(lead, *walk.bounds(None)).limit(limit + 1).subquery()
        seen, fitting = session.execute(
            select(func.count(), func.coalesce(func.sum(looked_at.c.fits), 0)).select_from(looked_at)
        ).one()
        if seen > limit and rest:
            return None
        total += fitting
    return min(total, limit + 1)


class _Walk:
    """A way along an index: what it starts from, and what it checks of each row on the way.

    The statuses with few items, else the desks, else the statuses lead. SQLite knows nothing of how many rows
    there are of each, so the other conditions are written in a way that it finds no index for.
    """

    def __init__(self, chosen: ItemFilter, order: Order, *, descends: bool, start: Cursor | None) -> None:
        self.chosen = chosen
        self.key = order.column
        self.descends = descends
        self.start = start

    def branches(self, edge: Cursor | None = None) -> list[list[Condition]]:
        """The conditions of each way to go; together they give every row once."""
        checks = [*self.bounds(edge), *self._sifting()]
        return [[lead, *rest, *checks] for lead, rest in self.leads()]

    def edge(self, session: Session) -> Cursor | None:
        """The row at the end of the window; None when all rows lie inside."""
        queries = (
            self._ordered(select(*self._place()).where(lead, *self.bounds(None))).offset(WINDOW - 1).limit(1)
            for lead, _ in self.leads()
        )
        rows = (session.execute(query).one_or_none() for query in queries)
        edges = [Cursor(at=row.at, id=row.id) for row in rows if row is not None]
        nearest = max if self.descends else min
        return nearest(edges, key=lambda edge: (edge.at, edge.id), default=None)

    def places(self, session: Session, edge: Cursor | None, limit: int) -> list[Cursor]:
        """Where the next rows lie, no further than the edge."""
        queries = [
            self._ordered(select(*self._place()).where(*conditions)).limit(limit)
            for conditions in self.branches(edge)
        ]
        rows = [row for query in queries for row in session.execute(query)]
        places = [Cursor(at=row.at, id=row.id) for row in rows]
        return sorted(places, key=lambda place: (place.at, place.id), reverse=self.descends)[:limit]

    def _place(self) -> tuple[Any, Any]:
        return self.key.label("at"), Item.id.label("id")

    def _ordered(self, query: Select[Any]) -> Select[Any]:
        if self.descends:
            return query.order_by(self.key.desc(), Item.id.desc())
        return query.order_by(self.key, Item.id)

    def leads(self) -> list[tuple[Condition, list[Condition]]]:
        """What each branch finds by its index, and what it then checks."""
        statuses, desks = sorted(self.chosen.statuses), sorted(self.chosen.desk_ids)
        of_status: list[Condition] = []
        of_desk: list[Condition] = []
        if statuses:
            of_status.append(func.coalesce(Item.status, literal_column("''")).in_(statuses))
        if desks:
            of_desk.append(func.coalesce(Item.desk_id, 0).in_(desks))
        if statuses and not LIVE_ITEMS & self.chosen.statuses:
            return [(Item.status == status, of_desk) for status in statuses]
        if self.key is Item.due or not (statuses or desks):
            return [(self.key.is_not(None), [*of_status, *of_desk])]
        if desks:
            return [(Item.desk_id == desk_id, of_status) for desk_id in desks]
        return [(Item.status == status, []) for status in statuses]

    def bounds(self, edge: Cursor | None) -> list[Condition]:
        """From where to where the way leads."""
        key, chosen = self.key, self.chosen
        bounds: list[Condition] = [key.is_not(None)] if key is Item.due else []
        if chosen.since is not None:
            bounds.append(key >= chosen.since)
        if chosen.until is not None:
            bounds.append(key < chosen.until)
        if self.start is not None:
            bounds += _behind(key, self.start, descends=self.descends)
        if edge is not None:
            bounds += _not_behind(key, edge, descends=self.descends)
        return bounds

    def _sifting(self) -> Iterable[Condition]:
        chosen = self.chosen
        if chosen.author_id is not None:
            yield Item.created_by_id == chosen.author_id
        if chosen.channel_id is not None:
            yield exists().where(ItemChannel.item_id == Item.id, ItemChannel.channel_id == chosen.channel_id)
        if chosen.words:
            title = func.replace(func.lower(Version.title), "ё", "е")
            yield exists().where(
                Version.item_id == Item.id,
                Version.number == Item.head,
                *(title.contains(word.lower().replace("ё", "е"), autoescape=True) for word in chosen.words),
            )


def _behind(key: Any, place: Cursor, *, descends: bool) -> list[Condition]:
    """Further on than this row. The plain bound is for the index, the exact one for rows of one moment."""
    if descends:
        return [key <= place.at, or_(key < place.at, Item.id < place.id)]
    return [key >= place.at, or_(key > place.at, Item.id > place.id)]


def _not_behind(key: Any, place: Cursor, *, descends: bool) -> list[Condition]:
    """No further on than this row."""
    if descends:
        return [key >= place.at, or_(key > place.at, Item.id >= place.id)]
    return [key <= place.at, or_(key < place.at, Item.id <= place.id)]


def _rows(session: Session, ids: Sequence[int]) -> Sequence[Row]:
    """The items with these ids, in this order."""
    progress = list_progress(session, ids)
    rows = session.execute(
        select(Item, Version.title)
        .join(Version, and_(Version.item_id == Item.id, Version.number == Item.head))
        .where(Item.id.in_(ids))
        .options(joinedload(Item.desk), joinedload(Item.created_by))
    )
    found = {item.id: Row(item=item, title=title, progress=progress.get(item.id)) for item, title in rows}
    return [found[item_id] for item_id in ids]
