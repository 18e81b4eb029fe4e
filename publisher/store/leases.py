"""Which worker speaks for which account. One account, one worker."""

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from math import ceil

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from publisher.core.platforms import Realm
from publisher.core.states import IN_HAND_STATES
from publisher.store.changes import CHANNEL, LEASES
from publisher.store.models import Account, AccountLease, Channel, Operation, UTCDateTime, Worker


def database_now(session: Session, now: datetime) -> datetime:
    """The clock that leases go by: the database's own on PostgreSQL, where workers' clocks may differ."""
    if _is_postgresql(session):
        return session.execute(select(func.clock_timestamp(type_=UTCDateTime()))).scalar_one()
    return now


def start_worker(session: Session, uid: str, realm: Realm, host: str, pid: int, now: datetime) -> None:
    """Write the row of a worker process that starts, and ask the others for a share of their accounts."""
    now = database_now(session, now)
    session.add(Worker(uid=uid, realm=realm, host=host, pid=pid, started_at=now, heartbeat_at=now))
    _announce(session)


def stop_worker(session: Session, uid: str, now: datetime) -> None:
    """Give everything back: a clean stop leaves nothing to wait for."""
    now = database_now(session, now)
    session.execute(update(Worker).where(Worker.uid == uid).values(stopped_at=now))
    session.execute(update(AccountLease).where(AccountLease.worker == uid).values(expires_at=now))
    _announce(session)


def take_leases(
    session: Session, uid: str, realm: Realm, duration: timedelta, now: datetime, *, alone: bool
) -> frozenset[int]:
    """Renew our leases and take free ones of the realm, up to our share; the accounts that are ours now.

    What we have above our share goes to workers that have less, unless something of it is under way. `alone`
    tells that an operating-system lock proved every other worker dead: everything is ours at once.
    """
    now = database_now(session, now)
    session.execute(update(Worker).where(Worker.uid == uid).values(heartbeat_at=now))
    # Locked, so that workers share out one after the other.
    accounts = session.scalars(
        select(Account.id).where(Account.realm == realm).order_by(Account.id).with_for_update(key_share=True)
    ).all()
    rows = session.scalars(select(AccountLease).where(AccountLease.account_id.in_(accounts)))
    leases = {lease.account_id: lease for lease in rows}
    if alone:
        holders = dict.fromkeys(accounts, uid)
    else:
        held = {id_: lease.worker for id_, lease in leases.items() if lease.expires_at > now}
        workers = _live_workers(session, uid, realm, now - duration / 2)
        holders = share_out(accounts, held, workers, uid, _under_way(session, uid))
        if any(held[id_] != holders[id_] for id_ in held):
            _announce(session)
    for account_id, holder in holders.items():
        changes_hands = account_id not in leases or leases[account_id].worker != holder
        if holder == uid or changes_hands:
            _give(session, leases.get(account_id), account_id, holder, now + duration)
    return frozenset(account_id for account_id, holder in holders.items() if holder == uid)


def share_out(
    accounts: Sequence[int], held: Mapping[int, str], workers: Sequence[str], uid: str, under_way: set[int]
) -> dict[int, str]:
    """Who holds which account after the worker `uid` took its share of the free ones and gave away what it
    has too much; accounts left free are missing.
    """
    share = ceil(len(accounts) / len(workers))
    holders = dict(held)
    ours = [account_id for account_id in accounts if held.get(account_id) == uid]
    free = [account_id for account_id in accounts if account_id not in held]
    for account_id in free[: max(0, share - len(ours))]:
        holders[account_id] = uid
    counts = Counter(holders.values())
    for account_id in ours:
        poorest = min(workers, key=lambda worker: counts[worker])
        if counts[uid] > share > counts[poorest] and account_id not in under_way:
            holders[account_id] = poorest
            counts.update({poorest: 1, uid: -1})
    return holders


def _live_workers(session: Session, uid: str, realm: Realm, since: datetime) -> list[str]:
    others = session.scalars(
        select(Worker.uid).where(
            Worker.realm == realm,
            Worker.uid != uid,
            Worker.stopped_at.is_(None),
            Worker.heartbeat_at > since,
        )
    )
    return [uid, *others]


def _under_way(session: Session, uid: str) -> set[int]:
    """Accounts for which the worker has claimed something: those lanes do not change hands now."""
    return set(
        session.scalars(
            select(Channel.account_id)
            .join(Operation, Operation.channel_id == Channel.id)
            .where(Operation.claimed_by == uid, Operation.state.in_(sorted(IN_HAND_STATES)))
        )
    )


def _give(
    session: Session, lease: AccountLease | None, account_id: int, worker: str, expires_at: datetime
) -> None:
    if lease is None:
        lease = AccountLease(account_id=account_id, worker="", token=0)
        session.add(lease)
    lease.token += lease.worker != worker
    lease.worker = worker
    lease.expires_at = expires_at


def _announce(session: Session) -> None:
    """Let the workers look at the leases at once."""
    if _is_postgresql(session):
        session.execute(select(func.pg_notify(CHANNEL, LEASES)))


def _is_postgresql(session: Session) -> bool:
    return session.get_bind().dialect.name == "postgresql"
