"""The audit: who did what to what. Rows are only ever added."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import or_, select, tuple_
from sqlalchemy.orm import Session

from publisher.core.permissions import Actor
from publisher.store.models import Account, AuditEvent, Channel, Desk, Item, Operation, User, Version


@dataclass(frozen=True, slots=True, kw_only=True)
class ActFilter:
    """Which events a journal shows; empty means everything.

    `prefixes` are beginnings of actions such as "item."; `since` is the first moment, `until` the first one
    that no longer belongs.
    """

    user_id: int | None = None
    only_command_line: bool = False
    prefixes: tuple[str, ...] = ()
    subject: str = ""
    since: datetime | None = None
    until: datetime | None = None


def find_newest_act(session: Session) -> datetime | None:
    """When the newest event was written."""
    return session.scalar(select(AuditEvent.at).order_by(AuditEvent.id.desc()).limit(1))


def find_act(session: Session, action: str, subject: str) -> AuditEvent | None:
    """The newest event of this kind about a subject, if there is one."""
    return session.scalar(
        select(AuditEvent)
        .where(AuditEvent.subject == subject, AuditEvent.action == action)
        .order_by(AuditEvent.id.desc())
        .limit(1)
    )


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


def list_acts(
    session: Session, chosen: ActFilter, *, limit: int, before: int | None = None
) -> Sequence[AuditEvent]:
    """Events newest first; `before` is the id of the last one on the page before."""
    query = _narrow(select(AuditEvent), chosen)
    if before is not None:
        last = select(AuditEvent.at).where(AuditEvent.id == before).scalar_subquery()
        query = query.where(tuple_(AuditEvent.at, AuditEvent.id) < tuple_(last, before))
    return session.scalars(query.order_by(AuditEvent.at.desc(), AuditEvent.id.desc()).limit(limit)).all()


def find_newest_id(session: Session, prefix: str) -> int | None:
    """The id of the last event of these acts."""
    return session.scalar(
        select(AuditEvent.id)
        .where(AuditEvent.action.startswith(prefix, autoescape=True))
        .order_by(AuditEvent.id.desc())
        .limit(1)
    )


def _narrow(query: Any, chosen: ActFilter) -> Any:
    if chosen.only_command_line:
        query = query.where(AuditEvent.user_id.is_(None))
    elif chosen.user_id is not None:
        query = query.where(AuditEvent.user_id == chosen.user_id)
    if chosen.prefixes:
        query = query.where(or_(*(AuditEvent.action.startswith(prefix) for prefix in chosen.prefixes)))
    if chosen.subject:
        query = query.where(AuditEvent.subject == chosen.subject)
    if chosen.since is not None:
        query = query.where(AuditEvent.at >= chosen.since)
    if chosen.until is not None:
        query = query.where(AuditEvent.at < chosen.until)
    return query


NAMES = {
    "channel": (Channel.id, Channel.title),
    "account": (Account.id, Account.name),
    "desk": (Desk.id, Desk.title),
    "user": (User.id, User.name),
}


def name_subjects(session: Session, subjects: Iterable[str]) -> dict[str, tuple[str, ...]]:
    """What the subjects of events are called now; those that are gone are not there.

    An operation has two names: its item's and its channel's.
    """
    wanted: dict[str, set[int]] = {}
    for subject in subjects:
        kind, _, number = subject.partition(":")
        if number.isdecimal():
            wanted.setdefault(kind, set()).add(int(number))
    named: dict[str, tuple[str, ...]] = {}
    for kind, ids in wanted.items():
        named |= {f"{kind}:{row[0]}": tuple(row[1:]) for row in session.execute(_names(kind, ids))}
    return named


def _names(kind: str, ids: set[int]) -> Any:
    if kind == "item":
        newest = (Version.item_id == Item.id) & (Version.number == Item.head)
        return select(Item.id, Version.title).join(Version, newest).where(Item.id.in_(ids))
    if kind == "operation":
        return (
            select(Operation.id, Version.title, Channel.title)
            .join(Operation.version)
            .join(Operation.channel)
            .where(Operation.id.in_(ids))
        )
    id_, name = NAMES.get(kind, NAMES["user"])
    return select(id_, name).where(id_.in_(ids if kind in NAMES else ()))
