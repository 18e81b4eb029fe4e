"""Queries about desks, accounts, channels and the requests left for a worker."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session, joinedload

from publisher.core.platforms import Network, Realm
from publisher.errors import NotFound
from publisher.store.models import Account, Channel, Desk, Item, Membership, Request, Worker


@dataclass(frozen=True, slots=True, kw_only=True)
class DeskUses:
    """How much belongs to a desk."""

    people: int = 0
    channels: int = 0
    items: int = 0


NO_USES = DeskUses()


def count_desk_uses(session: Session) -> dict[int, DeskUses]:
    """What belongs to each desk, by its id; people who were switched off and retired channels count too."""
    kinds: dict[str, Any] = {
        "people": Membership.desk_id,
        "channels": Channel.desk_id,
        "items": Item.desk_id,
    }
    found: dict[int, dict[str, int]] = {}
    for kind, desk_id in kinds.items():
        query = select(desk_id, func.count()).where(desk_id.is_not(None)).group_by(desk_id)
        for desk, count in session.execute(query):
            found.setdefault(desk, {})[kind] = count
    return {desk: DeskUses(**counts) for desk, counts in found.items()}


def list_desks(session: Session) -> Sequence[Desk]:
    """All desks by title."""
    return session.scalars(select(Desk).order_by(Desk.title)).all()


def find_desk(session: Session, slug: str) -> Desk | None:
    """The desk with this slug, if any."""
    return session.scalar(select(Desk).where(Desk.slug == slug))


def get_desk(session: Session, slug: str) -> Desk:
    """The desk with this slug. Raises NotFound."""
    desk = find_desk(session, slug)
    if desk is None:
        raise NotFound("desk", slug)
    return desk


def get_desk_by_id(session: Session, desk_id: int) -> Desk:
    """The desk. Raises NotFound."""
    desk = session.get(Desk, desk_id)
    if desk is None:
        raise NotFound("desk", desk_id)
    return desk


def find_oldest_desk(session: Session) -> Desk | None:
    """The desk that was there first: where an item goes that names none."""
    return session.scalar(select(Desk).order_by(Desk.id).limit(1))


def list_accounts(session: Session, realm: Realm | None = None) -> Sequence[Account]:
    """Accounts by name, of one realm or both."""
    query = select(Account).order_by(Account.name)
    return session.scalars(query if realm is None else query.where(Account.realm == realm)).all()


def find_account(session: Session, name: str) -> Account | None:
    """The account with this name, if any."""
    return session.scalar(select(Account).where(Account.name == name))


def get_account(session: Session, name: str) -> Account:
    """The account with this name. Raises NotFound."""
    account = find_account(session, name)
    if account is None:
        raise NotFound("account", name)
    return account


def get_account_by_id(session: Session, account_id: int) -> Account:
    """The account. Raises NotFound."""
    account = session.get(Account, account_id)
    if account is None:
        raise NotFound("account", account_id)
    return account


def list_channels(session: Session, *, retired: bool = False) -> Sequence[Channel]:
    """Channels with desk and account, by title; the retired ones only when asked for."""
    query = (
        select(Channel).order_by(Channel.title).options(joinedload(Channel.account), joinedload(Channel.desk))
    )
    return session.scalars(query if retired else query.where(Channel.retired_at.is_(None))).all()


def list_counted_channels(session: Session, realm: Realm, desk_id: int | None = None) -> Sequence[Channel]:
    """The channels of a realm that are in use, of one desk or of all, with their desks, by title."""
    query = (
        select(Channel)
        .join(Channel.account)
        .where(Account.realm == realm, Channel.retired_at.is_(None))
        .order_by(Channel.title)
        .options(joinedload(Channel.desk))
    )
    return session.scalars(query if desk_id is None else query.where(Channel.desk_id == desk_id)).all()


def list_realms_in_use(session: Session) -> Sequence[Realm]:
    """The realms that have channels in use, the real one first."""
    rows = session.scalars(
        select(Account.realm).join(Account.channels).where(Channel.retired_at.is_(None)).distinct()
    )
    return sorted(rows)


def get_channel(session: Session, channel_id: int) -> Channel:
    """A channel, retired or not, with account and desk. Raises NotFound."""
    channel = session.get(
        Channel, channel_id, options=[joinedload(Channel.account), joinedload(Channel.desk)]
    )
    if channel is None:
        raise NotFound("channel", channel_id)
    return channel


def find_channel_by_handle(session: Session, network: Network, handle: str) -> Channel | None:
    """Our channel of this name, retired or not; networks do not tell capitals apart."""
    return session.scalar(
        select(Channel).where(Channel.network == network, func.lower(Channel.handle) == handle.lower())
    )


def list_channel_titles(session: Session) -> Sequence[tuple[int, str]]:
    """The channels in use, by title: the id and the title."""
    query = select(Channel.id, Channel.title).where(Channel.retired_at.is_(None)).order_by(Channel.title)
    return session.execute(query).all()


def get_channels(session: Session, ids: Iterable[int]) -> Sequence[Channel]:
    """The channels with these ids. Raises NotFound for one that is missing or retired."""
    wanted = list(dict.fromkeys(ids))
    rows = {c.id: c for c in list_channels(session) if c.id in set(wanted)}
    for channel_id in wanted:
        if channel_id not in rows:
            raise NotFound("channel", channel_id)
    return [rows[channel_id] for channel_id in wanted]


def get_channel_by_address(session: Session, address: str) -> Channel:
    """The channel named as on the command line, `network:handle`. Raises NotFound."""
    network, _, handle = address.partition(":")
    channel = None
    if network in set(Network):
        channel = session.scalar(
            select(Channel).where(
                Channel.network == Network(network),
                Channel.handle == handle.lstrip("@"),
                Channel.retired_at.is_(None),
            )
        )
    if channel is None:
        raise NotFound("channel", address)
    return channel


def leave_request(
    session: Session, kind: str, realm: Realm, subject_id: int | None, now: datetime
) -> Request:
    """Ask a worker of the realm for something; the answer comes in the same row."""
    request = Request(kind=kind, realm=realm, subject_id=subject_id, created_at=now)
    session.add(request)
    session.flush()
    return request


def get_request(session: Session, request_id: int) -> Request:
    """A request with its answer, if there is one yet. Raises NotFound."""
    request = session.get(Request, request_id)
    if request is None:
        raise NotFound("request", request_id)
    return request


def find_newest_request(session: Session, kind: str, realm: Realm, subject_id: int | None) -> Request | None:
    """What was asked last about this, answered or not."""
    return session.scalar(
        select(Request)
        .where(Request.kind == kind, Request.realm == realm, Request.subject_id == subject_id)
        .order_by(Request.id.desc())
        .limit(1)
    )


def delete_requests(session: Session, kind: str, subject_id: int) -> None:
    """Drop what was asked about something that is going away."""
    session.execute(delete(Request).where(Request.kind == kind, Request.subject_id == subject_id))


def list_live_workers(session: Session, now: datetime, silent_for: timedelta) -> Sequence[Worker]:
    """Workers whose heartbeat is younger than `silent_for`."""
    return session.scalars(
        select(Worker).where(Worker.stopped_at.is_(None), Worker.heartbeat_at > now - silent_for)
    ).all()


def find_live_worker(session: Session, realm: Realm, pid: int) -> Worker | None:
    """The worker of the realm that runs as this process, if it has begun."""
    return session.scalar(
        select(Worker).where(Worker.realm == realm, Worker.pid == pid, Worker.stopped_at.is_(None))
    )


def has_accounts(session: Session, realm: Realm) -> bool:
    """Whether the realm has an account to speak for."""
    return session.scalar(select(Account.id).where(Account.realm == realm).limit(1)) is not None
