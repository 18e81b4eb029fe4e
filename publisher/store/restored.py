"""Copies don't speak: what happens to an installation that wakes up in another place."""

from datetime import datetime

from sqlalchemy import update
from sqlalchemy.orm import Session

from publisher.core.states import OPEN_STATES, HoldReason, OperationState
from publisher.store.models import AccountLease, Installation, Operation, Worker


def hold_everything(session: Session, installation: Installation, now: datetime) -> None:
    """Pause all lanes; hold what was not sent, and check first what was under way."""
    installation.paused_at = now
    installation.pause_reason = HoldReason.RESTORED
    installation.paused_by_id = None
    session.execute(
        update(Operation)
        .where(Operation.state.in_(OPEN_STATES))
        .values(state=OperationState.HELD, hold_reason=HoldReason.RESTORED, wake_at=None)
    )
    session.execute(
        update(Operation)
        .where(Operation.state == OperationState.SENDING)
        .values(state=OperationState.CHECKING, wake_at=now, claimed_by=None)
    )
    session.execute(update(AccountLease).values(expires_at=now))
    session.execute(update(Worker).where(Worker.stopped_at.is_(None)).values(stopped_at=now))
