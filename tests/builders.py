"""Rows as tests need them: plain functions that add one thing and give it back."""

import uuid
from datetime import UTC, datetime, timedelta
from itertools import count

from sqlalchemy.orm import Session

from publisher.core.editions import Edition, MediaKind, MediaRef, Message, edition_to_json
from publisher.core.permissions import Actor
from publisher.core.platforms import Network, Realm
from publisher.core.richtext import RichText
from publisher.core.states import (
    AccountState,
    ChannelState,
    OperationKind,
    OperationState,
    PostState,
    Priority,
    Role,
)
from publisher.store.models import Account, Channel, Desk, Item, Operation, Post, User, Version

NOW = datetime(2026, 12, 1, 6, 0, tzinfo=UTC)
_number = count(1)


def text_edition(text: str = "Текст новости") -> Edition:
    """A finished edition of plain text."""
    return Edition(messages=(Message(text=RichText(text=text)),))


def picture_edition(count: int, *, text_after: bool = False) -> Edition:
    """A finished edition of so many pictures; the text under the first, or as a message after them."""
    pictures = tuple(
        MediaRef(
            sha256=f"{number:064x}", kind=MediaKind.PHOTO, mime="image/jpeg", name=f"{number}.jpg", size=9
        )
        for number in range(count)
    )
    text, nothing = RichText(text="Текст новости"), RichText(text="")
    if text_after:
        return Edition(messages=(Message(text=nothing, media=pictures), Message(text=text)))
    return Edition(messages=(Message(text=text, media=pictures),))


def add_desk(session: Session, slug: str = "", title: str = "Пресс-служба") -> Desk:
    """A desk."""
    desk = Desk(slug=slug or f"desk-{next(_number)}", title=title)
    session.add(desk)
    session.flush()
    return desk


def add_user(session: Session, role: Role = Role.EDITOR, *desks: Desk, name: str = "Дежурный") -> User:
    """A person on these desks."""
    user = User(
        email=f"person{next(_number)}@example.org",
        name=name,
        role=role,
        fs_uniquifier=uuid.uuid4().hex,
        created_at=NOW,
        desks=list(desks),
    )
    session.add(user)
    session.flush()
    return user


def actor_for(user: User) -> Actor:
    """The person as actions see it."""
    return Actor(
        user_id=user.id, name=user.name, role=user.role, desk_ids=frozenset(desk.id for desk in user.desks)
    )


def add_account(
    session: Session, name: str = "", realm: Realm = Realm.SANDBOX, credentials: bytes = b"", **values: object
) -> Account:
    """An account in order."""
    account = Account(
        network=Network.TELEGRAM,
        realm=realm,
        name=name or f"account-{next(_number)}",
        credentials=credentials,
        state=AccountState.OK,
        created_at=NOW,
        **values,
    )
    session.add(account)
    session.flush()
    return account


def add_channel(
    session: Session, account: Account, desk: Desk | None = None, handle: str = "", **values: object
) -> Channel:
    """A channel in order."""
    handle = handle or f"channel_{next(_number)}"
    defaults: dict[str, object] = {
        "address": {"channel_id": next(_number), "access_hash": 1},
        "state": ChannelState.OK,
        "title": handle,
        "created_at": NOW,
    }
    channel = Channel(
        account_id=account.id,
        desk_id=desk.id if desk else None,
        network=account.network,
        handle=handle,
        **{**defaults, **values},
    )
    session.add(channel)
    session.flush()
    return channel


def add_item(
    session: Session, desk: Desk, *channels: Channel, title: str = "Новость", body: str = "<p>Текст</p>"
) -> tuple[Item, Version]:
    """A draft with one version, for these channels."""
    item = Item(
        slug=f"item-{next(_number)}",
        desk_id=desk.id,
        head=1,
        created_at=NOW,
        updated_at=NOW,
        channels=list(channels),
    )
    session.add(item)
    session.flush()
    version = Version(
        item_id=item.id, number=1, title=title, body=body, tags=[], hash=uuid.uuid4().hex, created_at=NOW
    )
    session.add(version)
    session.flush()
    return item, version


def add_operation(
    session: Session,
    version: Version,
    channel: Channel,
    kind: OperationKind = OperationKind.PUBLISH,
    state: OperationState = OperationState.PLANNED,
    *,
    due: datetime = NOW,
    priority: Priority = Priority.NORMAL,
    text: str = "Текст новости",
    **values: object,
) -> Operation:
    """An operation; the open and the checking ones wake at their due time."""
    wakes = state in {OperationState.PLANNED, OperationState.RETRYING, OperationState.CHECKING}
    defaults: dict[str, object] = {
        "latest": due + timedelta(hours=2) if kind is OperationKind.PUBLISH else None,
        "wake_at": due if wakes else None,
    }
    operation = Operation(
        item_id=version.item_id,
        version_id=version.id,
        channel_id=channel.id,
        kind=kind,
        state=state,
        priority=priority,
        key=uuid.uuid4().hex,
        edition=edition_to_json(text_edition(text)),
        due=due,
        created_at=NOW,
        **{**defaults, **values},
    )
    session.add(operation)
    session.flush()
    return operation


def add_post(session: Session, operation: Operation, *external_ids: int, **values: object) -> Post:
    """What stands as the result of a sent publish."""
    post = Post(
        operation_id=operation.id,
        standing_id=operation.id,
        item_id=operation.item_id,
        channel_id=operation.channel_id,
        external_ids=list(external_ids) or [next(_number)],
        state=PostState.LIVE,
        published_at=NOW,
        **values,
    )
    session.add(post)
    session.flush()
    return post
