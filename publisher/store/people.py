"""Queries about people, their sign-in links and their signed-in browsers."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session, selectinload

from publisher.core.states import Role
from publisher.errors import NotFound
from publisher.store.models import SignInLink, User, UTCDateTime, WebSession


def list_users(session: Session) -> Sequence[User]:
    """Everybody with desks: who may sign in first, then by name."""
    return session.scalars(
        select(User).order_by(User.active.desc(), User.name).options(selectinload(User.desks))
    ).all()


def list_names(session: Session) -> Sequence[tuple[int, str]]:
    """Everybody who is or was here, by name: the id and the name."""
    return session.execute(select(User.id, User.name).order_by(User.name, User.id)).all()


def get_user(session: Session, user_id: int) -> User:
    """The person with desks. Raises NotFound."""
    user = session.scalar(select(User).where(User.id == user_id).options(selectinload(User.desks)))
    if user is None:
        raise NotFound("user", user_id)
    return user


def find_user_by_email(session: Session, email: str) -> User | None:
    """The person with this address, whatever its capitals."""
    return session.scalar(
        select(User).where(func.lower(User.email) == email.strip().lower()).options(selectinload(User.desks))
    )


def find_administrator(session: Session) -> User | None:
    """An administrator who may sign in: one of the office's own first, then the one who was there first."""
    return session.scalar(
        select(User).where(User.role == Role.ADMIN, User.active).order_by(User.demo, User.id).limit(1)
    )


def find_user_by_uniquifier(session: Session, uniquifier: str) -> User | None:
    """The person whose sessions carry this mark."""
    return session.scalar(
        select(User).where(User.fs_uniquifier == uniquifier).options(selectinload(User.desks))
    )


def find_open_session(session: Session, uid: str, user_id: int) -> WebSession | None:
    """The person's signed-in browser unless it was ended."""
    return session.scalar(
        select(WebSession).where(
            WebSession.uid == uid, WebSession.user_id == user_id, WebSession.ended_at.is_(None)
        )
    )


def list_open_sessions(session: Session, user_id: int, since: datetime) -> Sequence[WebSession]:
    """Browsers in which the person is signed in and was seen after `since`, last seen first."""
    return session.scalars(
        select(WebSession)
        .where(WebSession.user_id == user_id, WebSession.ended_at.is_(None), WebSession.seen_at > since)
        .order_by(WebSession.seen_at.desc())
    ).all()


def end_sessions(session: Session, user_id: int, now: datetime, *, keep: str | None = None) -> int:
    """End the person's sessions, all but `keep`; the number ended."""
    ended = session.scalars(
        update(WebSession)
        .where(WebSession.user_id == user_id, WebSession.ended_at.is_(None), WebSession.uid != (keep or ""))
        .values(ended_at=now)
        .returning(WebSession.uid)
    ).all()
    return len(ended)


def list_seen(session: Session) -> dict[int, datetime]:
    """When each person was last seen in any browser, by id; whoever never was is not there."""
    rows = session.execute(
        select(WebSession.user_id, func.max(WebSession.seen_at, type_=UTCDateTime())).group_by(
            WebSession.user_id
        )
    )
    return dict(rows.all())


def find_seen(session: Session, user_id: int) -> datetime | None:
    """When the person was last seen in any browser."""
    return session.scalar(
        select(WebSession.seen_at)
        .where(WebSession.user_id == user_id)
        .order_by(WebSession.seen_at.desc())
        .limit(1)
    )


def find_link_in_force(session: Session, user_id: int, now: datetime) -> SignInLink | None:
    """The person's newest sign-in link that still works."""
    return session.scalar(
        select(SignInLink)
        .where(SignInLink.user_id == user_id, SignInLink.used_at.is_(None), SignInLink.expires_at > now)
        .order_by(SignInLink.expires_at.desc())
        .limit(1)
    )
