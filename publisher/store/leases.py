"""Which worker speaks for which account. One account, one worker."""

from datetime import datetime, timedelta

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from publisher.core.platforms import Realm
from publisher.store.models import Account, AccountLease, UTCDateTime, Worker


def database_now(session: Session, now: datetime) -> datetime:
    """The clock that leases go by: the database's own on PostgreSQL, where workers' clocks may differ."""
    if session.get_bind().dialect.name == "postgresql":
        return session.execute(select(func.clock_timestamp(type_=UTCDateTime()))).scalar_one()
    return now


def start_worker(session: Session, uid: str, realm: Realm, host: str, pid: int, now: datetime) -> None:
    """Write the row of a worker process that starts."""
    session.add(Worker(uid=uid, realm=realm, host=host, pid=pid, started_at=now, heartbeat_at=now))


def stop_worker(session: Session, uid: str, now: datetime) -> None:
    """Give everything back: a clean stop leaves nothing to wait for."""
    session.execute(update(Worker).where(Worker.uid == uid).values(stopped_at=now))
    session.execute(update(AccountLease).where(AccountLease.worker == uid).values(expires_at=now))


def take_leases(
    session: Session, uid: str, realm: Realm, duration: timedelta, now: datetime, *, alone: bool
) -> tuple[frozenset[int], frozenset[int]]:
    """Renew our leases and take every free one of the realm. Returns (all ours, those that changed hands).

    `alone` tells that an operating-system lock proved every earlier worker dead: nothing needs to expire.
    """
    now = database_now(session, now)
    session.execute(update(Worker).where(Worker.uid == uid).values(heartbeat_at=now))
    accounts = session.scalars(select(Account.id).where(Account.realm == realm).with_for_update()).all()
    leases = {
        lease.account_id: lease
        for lease in session.scalars(select(AccountLease).where(AccountLease.account_id.in_(accounts)))
    }
    ours, new = set(), set()
    for account_id in accounts:
        lease = leases.get(account_id)
        if lease is not None and lease.worker != uid and lease.expires_at > now and not alone:
            continue
        if lease is None:
            lease = AccountLease(account_id=account_id, worker=uid, token=0, expires_at=now)
            session.add(lease)
        if lease.worker != uid or lease.token == 0:
            new.add(account_id)
            lease.token += 1
        lease.worker = uid
        lease.expires_at = now + duration
        ours.add(account_id)
    session.flush()
    return frozenset(ours), frozenset(new)
