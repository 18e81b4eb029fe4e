"""The audit: who did what to what. Rows are only ever added."""

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from publisher.core.permissions import Actor
from publisher.store.models import AuditEvent


def find_newest_act(session: Session) -> datetime | None:
    """When the newest event was written."""
    return session.scalar(select(AuditEvent.at).order_by(AuditEvent.id.desc()).limit(1))


def record_act(
    session: Session, actor: Actor, action: str, subject: str, now: datetime, **detail: object
) -> None:
    """Add an event; `subject` is a word and an id such as "item:12", `detail` must be JSON."""
    session.add(
        AuditEvent(
            at=now,
            user_id=actor.user_id,
            actor=actor.name,
            action=action,
            subject=subject,
            detail=dict(detail),
        )
    )
