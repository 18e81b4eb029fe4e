"""Queries about the demo city: whether it is there, what stands of it, and taking it away again."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import delete, exists, func, or_, select, update
from sqlalchemy.orm import InstrumentedAttribute, Session

from publisher.core.states import CountSource, ItemStatus, OperationState, PostState
from publisher.store.models import (
    Account,
    Attempt,
    AudienceCount,
    AudienceDay,
    AuditEvent,
    Channel,
    Desk,
    Draft,
    EditionOverride,
    Installation,
    Item,
    ItemChannel,
    Media,
    Membership,
    Operation,
    Post,
    Request,
    User,
    Version,
    VersionMedia,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class DemoPost:
    """A post of the demo city that stands on a wall."""

    id: int
    item_id: int
    handle: str
    external_ids: tuple[int, ...]
    published_at: datetime


def has_demo(session: Session) -> bool:
    """Whether the demo city is loaded."""
    return session.scalar(select(Channel.id).where(Channel.demo).limit(1)) is not None


def is_untouched(session: Session) -> bool:
    """Whether nobody has connected or written anything, and the demo was never loaded here."""
    loaded = exists().where(AuditEvent.action == "demo.load")
    used = or_(loaded, exists().where(Account.id > 0), exists().where(Item.id > 0))
    return not session.scalar(select(used))


def list_demo_posts(session: Session) -> Sequence[DemoPost]:
    """Posts of demo items that stand, oldest first."""
    rows = session.execute(
        select(Post.id, Post.item_id, Channel.handle, Post.external_ids, Post.published_at)
        .join(Channel, Channel.id == Post.channel_id)
        .join(Item, Item.id == Post.item_id)
        .where(Item.demo, Post.state == PostState.LIVE)
        .order_by(Post.published_at)
    )
    return [
        DemoPost(
            id=row.id, item_id=row.item_id, handle=row.handle, external_ids=tuple(row.external_ids),
            published_at=row.published_at,
        )
        for row in rows
    ]  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Removed:
    """What taking the demo away came to.

    `kept_*` name rows that something of the office's own leans on: they stay and are the office's from now
    on. `freed_items` are the office's own items whose posts stood in demo channels only.
    """

    channels: tuple[str, ...]
    items: int
    files: tuple[str, ...]
    kept_items: tuple[str, ...]
    kept_desks: tuple[str, ...]
    kept_accounts: tuple[str, ...]
    freed_items: tuple[str, ...]


def count_in_flight(session: Session) -> int:
    """Operations that are being sent to demo channels, or of demo items, in this moment."""
    return (
        session.scalar(
            select(func.count())
            .select_from(Operation)
            .join(Channel, Channel.id == Operation.channel_id)
            .join(Item, Item.id == Operation.item_id)
            .where(Operation.state == OperationState.SENDING, or_(Channel.demo, Item.demo))
        )
        or 0
    )


def remove_demo(session: Session) -> Removed:
    """Delete every demo row and what was sent to demo channels; nothing else.

    The audit stays as it is: it is append-only.
    """
    channels = tuple(session.scalars(select(Channel.handle).where(Channel.demo).order_by(Channel.handle)))
    kept_items = _keep(session, Item, Item.slug, _has_own_posts())
    kept_accounts = _keep(session, Account, Account.name, _has_own_channels())
    own_items = _items_in_demo_channels(session)
    _remove_operations(session)
    freed = _free_items(session, own_items)
    items = _remove_items(session)
    files = _remove_media(session)
    _remove_channels(session)
    kept_desks = _keep(session, Desk, Desk.slug, _is_used_desk())
    _remove_people(session)
    _run(session, delete(Desk).where(Desk.demo))
    session.expire_all()
    return Removed(
        channels=channels, items=items, files=files, kept_items=kept_items, kept_desks=kept_desks,
        kept_accounts=kept_accounts, freed_items=freed,
    )  # fmt: skip


DEMO_CHANNELS = select(Channel.id).where(Channel.demo)
DEMO_ITEMS = select(Item.id).where(Item.demo)
DEMO_USERS = select(User.id).where(User.demo)
DEMO_ACCOUNTS = select(Account.id).where(Account.demo)
# Without these an item neither stands nor waits anywhere.
OVER = (OperationState.CANCELLED, OperationState.FAILED)


def _run(session: Session, statement: Any) -> int:
    result = session.execute(statement.execution_options(synchronize_session=False))
    return int(getattr(result, "rowcount", 0))


def _keep(
    session: Session, kind: type[Item | Account | Desk], name: InstrumentedAttribute[str], leaned_on: Any
) -> tuple[str, ...]:
    """Make demo rows the office's own where something of its own leans on them; their names."""
    kept = tuple(session.scalars(select(name).where(kind.demo, leaned_on).order_by(name)))
    _run(session, update(kind).where(kind.demo, name.in_(kept)).values(demo=False))
    return kept


def _has_own_posts() -> Any:
    """A demo item that was sent to a channel of the office's own."""
    return exists().where(Operation.item_id == Item.id, Operation.channel_id.not_in(DEMO_CHANNELS))


def _has_own_channels() -> Any:
    return exists().where(Channel.account_id == Account.id, ~Channel.demo)


def _is_used_desk() -> Any:
    """Called when demo items and channels are gone: whoever is left is the office's own."""
    return or_(
        exists().where(Item.desk_id == Desk.id),
        exists().where(Channel.desk_id == Desk.id),
        exists().where(Membership.desk_id == Desk.id, Membership.user_id.not_in(DEMO_USERS)),
    )


def _items_in_demo_channels(session: Session) -> list[int]:
    """The office's own items that were sent to demo channels."""
    query = (
        select(Operation.item_id)
        .join(Item)
        .where(~Item.demo, Operation.channel_id.in_(DEMO_CHANNELS))
        .distinct()
    )
    return list(session.scalars(query))


def _remove_operations(session: Session) -> None:
    gone = or_(Operation.channel_id.in_(DEMO_CHANNELS), Operation.item_id.in_(DEMO_ITEMS))
    operations = select(Operation.id).where(gone)
    _run(session, delete(Post).where(Post.operation_id.in_(operations)))
    _run(session, delete(Attempt).where(Attempt.operation_id.in_(operations)))
    _run(session, delete(Operation).where(gone))


def _free_items(session: Session, own_items: Sequence[int]) -> tuple[str, ...]:
    """Items that stand or wait nowhere any more are approved, not published."""
    out = (ItemStatus.SCHEDULED, ItemStatus.PUBLISHED, ItemStatus.CORRECTED)
    is_out = exists().where(Operation.item_id == Item.id, Operation.state.not_in(OVER))
    freed = session.execute(
        select(Item.id, Item.slug).where(Item.id.in_(own_items), Item.status.in_(out), ~is_out)
    ).all()
    _run(
        session,
        update(Item)
        .where(Item.id.in_([row.id for row in freed]))
        .values(status=ItemStatus.APPROVED, due=None, published_at=None),
    )
    return tuple(sorted(row.slug for row in freed))


def _remove_items(session: Session) -> int:
    versions = select(Version.id).where(Version.item_id.in_(DEMO_ITEMS))
    _run(session, delete(VersionMedia).where(VersionMedia.version_id.in_(versions)))
    gone = or_(EditionOverride.version_id.in_(versions), EditionOverride.channel_id.in_(DEMO_CHANNELS))
    _run(session, delete(EditionOverride).where(gone))
    _run(session, delete(Version).where(Version.item_id.in_(DEMO_ITEMS)))
    gone = or_(ItemChannel.item_id.in_(DEMO_ITEMS), ItemChannel.channel_id.in_(DEMO_CHANNELS))
    _run(session, delete(ItemChannel).where(gone))
    _run(session, delete(Draft).where(Draft.item_id.in_(DEMO_ITEMS)))
    return _run(session, delete(Item).where(Item.demo))


def _remove_media(session: Session) -> tuple[str, ...]:
    """Pictures that an own item uses stay and become the office's; the others' SHA-256."""
    used = exists().where(VersionMedia.media_id == Media.id)
    _run(session, update(Media).where(Media.demo, used).values(demo=False))
    files = tuple(session.scalars(select(Media.sha256).where(Media.demo)))
    _run(session, delete(Media).where(Media.demo))
    return files


def _remove_channels(session: Session) -> None:
    for kind, subjects in (("resolve_channel", DEMO_CHANNELS), ("check_account", DEMO_ACCOUNTS)):
        _run(session, delete(Request).where(Request.kind == kind, Request.subject_id.in_(subjects)))
    _run(session, delete(AudienceCount).where(AudienceCount.source == CountSource.DEMO))
    for table in (AudienceCount, AudienceDay):
        _run(session, delete(table).where(table.channel_id.in_(DEMO_CHANNELS)))
    _run(session, delete(Channel).where(Channel.demo))
    _run(session, delete(Account).where(Account.demo))


def _remove_people(session: Session) -> None:
    """What demo people wrote for the office stays without a name; the audit keeps the name."""
    for column in (
        Item.created_by_id, Version.created_by_id, Version.approved_by_id, Operation.created_by_id,
        Media.created_by_id, Installation.paused_by_id,
    ):  # fmt: skip
        _run(session, update(column.class_).where(column.in_(DEMO_USERS)).values({column.key: None}))
    _run(session, delete(Membership).where(Membership.user_id.in_(DEMO_USERS)))
    _run(session, delete(User).where(User.demo))
