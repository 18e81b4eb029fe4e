"""Carrying a plan out while workers move operations at the same moment."""

from collections.abc import Callable, Iterable
from datetime import datetime

from sqlalchemy.orm import Session

from publisher.core.plan import Step
from publisher.store.models import Version
from publisher.store.outbox import Carried, Timing, carry_out


def carry_beside_workers(
    session: Session,
    steps: Iterable[Step],
    plan_again: Callable[[], Iterable[Step]],
    version: Version,
    timing: Timing,
    user_id: int | None,
    now: datetime,
) -> Carried:
    """Carry the steps out; when a worker took one of them in hand since the plan, plan once more."""
    carried = carry_out(session, steps, version, timing, user_id, now)
    if not carried.missed:
        return carried
    # The worker's change went past the rows that the session has in hand.
    session.expire_all()
    return carried.followed_by(carry_out(session, plan_again(), version, timing, user_id, now))
