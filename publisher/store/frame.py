"""What stands around every page: whether all is paused, who works, which realms there are."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from publisher.core.platforms import Realm
from publisher.store.channels import list_live_workers
from publisher.store.models import Account, Installation, User


@dataclass(frozen=True, slots=True, kw_only=True)
class Situation:
    """The office at a moment. `realms` are those of its accounts, `live_realms` those with a worker."""

    paused_at: datetime | None
    pause_reason: str | None
    paused_by: str | None
    realms: frozenset[Realm]
    live_realms: frozenset[Realm]


def read_situation(session: Session, now: datetime, silent_for: timedelta) -> Situation:
    """What the banners of every page say; a worker silent for longer than `silent_for` counts as gone."""
    paused_at, reason, paused_by = session.execute(
        select(Installation.paused_at, Installation.pause_reason, User.name).outerjoin(
            User, User.id == Installation.paused_by_id
        )
    ).one()
    return Situation(
        paused_at=paused_at,
        pause_reason=reason,
        paused_by=paused_by,
        realms=frozenset(session.scalars(select(Account.realm).distinct())),
        live_realms=frozenset(worker.realm for worker in list_live_workers(session, now, silent_for)),
    )
