"""Queries about items and versions."""

from collections.abc import Sequence

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session, selectinload

from publisher.errors import NotFound
from publisher.store.models import Item, Version, VersionMedia

# The first key of PostgreSQL's advisory locks that stand for items.
ITEM_LOCKS = 1


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
