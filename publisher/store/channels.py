"""Queries about desks, accounts, channels and the requests left for a worker."""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload

from publisher.core.platforms import Network, Realm
from publisher.core.states import ChannelState
from publisher.errors import NotFound
from publisher.store.models import Account, Channel, Desk, Request, Worker

HEARTBEAT = timedelta(seconds=5)


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


def find_oldest_desk(session: Session) -> Desk | None:
    """The desk that was there first: where an item goes that names none."""
    return session.scalar(select(Desk).order_by(Desk.id).limit(1))


def list_accounts(session: Session, realm: Realm | None = None) -> Sequence[Account]:
    """Accounts by name, of one realm or both."""
    query = select(Account).order_by(Account.name)
    return session.scalars(query if realm is None else query.where(Account.realm == realm)).all()


def get_account(session: Session, name: str) -> Account:
    """The account with this name. Raises NotFound."""
    account = session.scalar(select(Account).where(Account.name == name))
    if account is None:
        raise NotFound("account", name)
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


def list_requests(session: Session, realm: Realm) -> Sequence[Request]:
    """Requests of the realm that no worker has answered yet, oldest first."""
    return session.scalars(
        select(Request).where(Request.done_at.is_(None), Request.realm == realm).order_by(Request.id)
    ).all()


def find_newest_request(session: Session, kind: str, realm: Realm, subject_id: int | None) -> Request | None:
    """What was asked last about this, answered or not."""
    return session.scalar(
        select(Request)
        .where(Request.kind == kind, Request.realm == realm, Request.subject_id == subject_id)
        .order_by(Request.id.desc())
        .limit(1)
    )


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


def answer_request(session: Session, request_id: int, result: dict[str, Any], now: datetime) -> None:
    """Write a worker's answer."""
    request = session.get_one(Request, request_id)
    request.done_at = now
    request.result = result


def list_unsettled_channels(session: Session, account_ids: Iterable[int]) -> Sequence[Channel]:
    """Channels of these accounts that are new or were not in order when last seen."""
    return session.scalars(
        select(Channel)
        .where(
            Channel.account_id.in_(list(account_ids)),
            Channel.state != ChannelState.OK,
            Channel.retired_at.is_(None),
        )
        .order_by(Channel.id)
    ).all()
