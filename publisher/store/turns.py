"""Periodic jobs that one worker does for all: whoever takes a period's turn first does it."""

from datetime import datetime, timedelta

from sqlalchemy import and_, or_, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from publisher.store.models import Turn


def take_turn(
    session: Session, job: str, period: datetime, worker: str, now: datetime, longest: timedelta
) -> bool:
    """Take the job's run for the period that began then; False when it is done or somebody is at it.

    A turn that was taken longer ago than `longest` and never ended is free again: its worker has died.
    """
    is_postgresql = session.get_bind().dialect.name == "postgresql"
    insert = postgresql.insert(Turn) if is_postgresql else sqlite.insert(Turn)
    is_free = or_(
        Turn.period < period,
        and_(
            Turn.period == period,
            Turn.done_at.is_(None),
            or_(Turn.taken_at.is_(None), Turn.taken_at < now - longest),
        ),
    )
    taken = {"period": period, "worker": worker, "taken_at": now, "done_at": None}
    upsert = insert.values(job=job, **taken).on_conflict_do_update(
        index_elements=["job"], set_=taken, where=is_free
    )
    result = session.execute(upsert.returning(Turn.job))
    return result.one_or_none() is not None


def end_turn(session: Session, job: str, period: datetime, worker: str, now: datetime) -> None:
    """The period's run has come to its end. A turn that went to another worker meanwhile stays its."""
    session.execute(
        update(Turn).where(Turn.job == job, Turn.period == period, Turn.worker == worker).values(done_at=now)
    )


def give_turn_back(session: Session, job: str, period: datetime, worker: str) -> None:
    """The run failed: whoever ticks next may try again at once."""
    session.execute(
        update(Turn)
        .where(Turn.job == job, Turn.period == period, Turn.worker == worker, Turn.done_at.is_(None))
        .values(taken_at=None)
    )
