"""Copies don't speak: what happens to an installation that wakes up in another place."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import case, update
from sqlalchemy.orm import Session

from publisher.core.messages import N_
from publisher.core.states import OPEN_STATES, HoldReason, LetterState, OperationState
from publisher.store.models import AccountLease, DigestLetter, Installation, Operation, Worker
from publisher.store.outbox import may_stand

PERHAPS_SENT: Mapping[str, Any] = {
    "code": "MAIL_RESTORED", "message": N_("The original of this copy may have sent the letter."),
    "params": {}, "detail": "",
}  # fmt: skip


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
    # Letters have no read-back: whether the original sent them, a person finds out.
    session.execute(
        update(DigestLetter)
        .where(DigestLetter.state.in_([LetterState.WAITING, LetterState.SENDING]))
        .values(state=LetterState.UNCONFIRMED, error=PERHAPS_SENT, changed_at=now)
    )
    session.execute(update(AccountLease).values(expires_at=now))
    session.execute(update(Worker).where(Worker.stopped_at.is_(None)).values(stopped_at=now))


def release_restored(session: Session, now: datetime) -> int:
    """Give back to their lanes what a restore held; the number of operations.

    What was due by now is checked first: the original may have put it up. What surely does not stand and is
    no longer news stays held, as stale.
    """
    released = session.scalars(
        update(Operation)
        .where(Operation.state == OperationState.HELD, Operation.hold_reason == HoldReason.RESTORED)
        .values(
            state=case((may_stand(now), OperationState.CHECKING), else_=OperationState.PLANNED),
            first_sent_at=case((may_stand(now), Operation.due), else_=Operation.first_sent_at),
            wake_at=case((Operation.due <= now, now), else_=Operation.due),
            hold_reason=None,
        )
        .returning(Operation.id)
        .execution_options(synchronize_session=False)
    ).all()
    return len(released)
