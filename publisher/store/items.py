"""Queries about items and versions."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session, selectinload

from publisher.core.states import ItemStatus
from publisher.errors import NotFound
from publisher.store.models import Item, ItemChannel, Version, VersionMedia

# The first key of PostgreSQL's advisory locks that stand for items.
ITEM_LOCKS = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class ItemFilter:
    """What a list of items shows; empty means everything."""

    statuses: frozenset[ItemStatus] = frozenset()
    desk_ids: frozenset[int] = frozenset()
    channel_id: int | None = None
    text: str = ""


def get_item(session: Session, item_id: int) -> Item:
    """An item with its channels. Raises NotFound."""
    item = session.get(Item, item_id)
    if item is None:
        raise NotFound("item", item_id)
    return item


def hold_item(session: Session, item_id: int) -> None:
    """Keep other acts on the item out until this transaction ends; call it before reading.

    On SQLite a writing transaction is alone anyway. PostgreSQL takes an advisory lock: delivery, which locks
    operations before items, never waits for it.
    """
    if session.get_bind().dialect.name == "postgresql":
        session.execute(select(func.pg_advisory_xact_lock(ITEM_LOCKS, item_id)))


def find_item_by_slug(session: Session, slug: str) -> Item | None:
    """The item with this slug, if any."""
    return session.scalar(select(Item).where(Item.slug == slug))


def get_version(session: Session, item: Item, number: int | None = None) -> Version:
    """A version of the item, the newest by default, with media and overrides. Raises NotFound."""
    version = session.scalar(
        select(Version)
        .where(Version.item_id == item.id, Version.number == (number or item.head))
        .options(
            selectinload(Version.media).selectinload(VersionMedia.media), selectinload(Version.overrides)
        )
    )
    if version is None:
        raise NotFound("version", f"{item.id}/{number or item.head}")
    return version


def list_versions(session: Session, item: Item) -> Sequence[Version]:
    """All versions, newest first."""
    return session.scalars(
        select(Version).where(Version.item_id == item.id).order_by(Version.number.desc())
    ).all()


def list_items(
    session: Session, chosen: ItemFilter, *, limit: int, offset: int = 0
) -> Sequence[tuple[Item, Version]]:
    """Items with their newest versions, last changed first."""
    query = (
        select(Item, Version)
        .join(Version, (Version.item_id == Item.id) & (Version.number == Item.head))
        .order_by(Item.updated_at.desc(), Item.id.desc())
        .options(selectinload(Item.desk))
        .limit(limit)
        .offset(offset)
    )
    return [(row.Item, row.Version) for row in session.execute(_narrow(query, chosen))]


def count_items(session: Session, chosen: ItemFilter) -> int:
    """How many items the list has in all."""
    query = select(func.count(Item.id)).join(
        Version, (Version.item_id == Item.id) & (Version.number == Item.head)
    )
    return session.scalar(_narrow(query, chosen)) or 0


def free_slug(session: Session, wanted: str) -> str:
    """The slug itself, or with the first free number behind it."""
    taken = set(
        session.scalars(
            select(Item.slug).where(
                or_(Item.slug == wanted, Item.slug.startswith(wanted + "-", autoescape=True))
            )
        )
    )
    slug, number = wanted, 2
    while slug in taken:
        slug, number = f"{wanted}-{number}", number + 1
    return slug


def _narrow(query: Any, chosen: ItemFilter) -> Any:
    if chosen.statuses:
        query = query.where(Item.status.in_(chosen.statuses))
    if chosen.desk_ids:
        query = query.where(Item.desk_id.in_(chosen.desk_ids))
    if chosen.channel_id is not None:
        query = query.where(
            Item.id.in_(select(ItemChannel.item_id).where(ItemChannel.channel_id == chosen.channel_id))
        )
    if chosen.text:
        query = query.where(Version.title.icontains(chosen.text, autoescape=True))
    return query
