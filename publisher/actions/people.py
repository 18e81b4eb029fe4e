"""People of the office: who they are, how they get in, and how they are kept out again."""

import re
import secrets
import uuid
from collections.abc import Iterable
from datetime import datetime, timedelta
from hashlib import sha256

from sqlalchemy import update
from sqlalchemy.orm import Session

from publisher.core.messages import N_
from publisher.core.permissions import Act, Actor, require
from publisher.core.states import Role
from publisher.errors import RuleError
from publisher.store.audit import record_act
from publisher.store.models import Desk, SignInLink, User, WebSession
from publisher.store.people import end_sessions, find_user_by_email, get_user

LINK_LIFE = timedelta(days=3)
EMAIL = re.compile(r"(?=.{1,255}\Z)[^@\s]+@[^@\s]+\Z")
NAME_LENGTH = 200
LANGUAGES = frozenset({"ru", "en"})
# Who gets the week's digest unless somebody says otherwise.
DIGEST_READERS = frozenset({Role.CHIEF, Role.ADMIN})


def add_user(
    session: Session,
    actor: Actor,
    email: str,
    name: str,
    role: Role,
    desks: Iterable[Desk],
    now: datetime,
    *,
    demo: bool = False,
) -> User:
    """A person without a password: a sign-in link lets them in. Raises RuleError at the wrong field."""
    require(actor, Act.ADMINISTER)
    email, name = email.strip(), name.strip()
    if not EMAIL.match(email):
        raise RuleError("email", N_("Write the address as name@example.org."))
    if find_user_by_email(session, email):
        raise RuleError("email", N_("Somebody else has this address."))
    chosen = _checked(name, role, desks)
    user = User(
        email=email, name=name, role=role, desks=chosen, fs_uniquifier=uuid.uuid4().hex,
        created_at=now, demo=demo, gets_digest=role in DIGEST_READERS,
    )  # fmt: skip
    session.add(user)
    session.flush()
    record_act(session, actor, "user.add", f"user:{user.id}", now, role=role, desks=_slugs(chosen))
    return user


def change_user(
    session: Session, actor: Actor, user_id: int, name: str, role: Role, desks: Iterable[Desk], now: datetime
) -> User:
    """Another name, role or other desks. Administrators cannot take their own role away."""
    require(actor, Act.ADMINISTER)
    user = get_user(session, user_id)
    if user.id == actor.user_id and role is not Role.ADMIN:
        raise RuleError("role", N_("You cannot take the administrator's role from yourself."))
    user.desks = _checked(name, role, desks)
    user.name, user.role = name.strip(), role
    record_act(session, actor, "user.change", f"user:{user.id}", now, role=role, desks=_slugs(user.desks))
    return user


def deactivate_user(session: Session, actor: Actor, user_id: int, now: datetime) -> None:
    """Let the person in no more: sessions end at once, unused links die."""
    require(actor, Act.ADMINISTER)
    if user_id == actor.user_id:
        raise RuleError("", N_("You cannot switch yourself off."))
    user = get_user(session, user_id)
    user.active = False
    user.fs_uniquifier = uuid.uuid4().hex
    end_sessions(session, user.id, now)
    _void_links(session, user, now)
    record_act(session, actor, "user.deactivate", f"user:{user.id}", now)


def activate_user(session: Session, actor: Actor, user_id: int, now: datetime) -> None:
    """Let a person who was switched off in again."""
    require(actor, Act.ADMINISTER)
    get_user(session, user_id).active = True
    record_act(session, actor, "user.activate", f"user:{user_id}", now)


def invite_user(session: Session, actor: Actor, user_id: int, now: datetime) -> str:
    """A new sign-in link for an active person; older unused ones die. The token is shown once."""
    require(actor, Act.ADMINISTER)
    user = get_user(session, user_id)
    if not user.active:
        raise RuleError("", N_("This person is switched off: switch them on first."))
    _void_links(session, user, now)
    record_act(session, actor, "user.invite", f"user:{user.id}", now)
    return make_sign_in_link(session, user, now)


def make_sign_in_link(session: Session, user: User, now: datetime) -> str:
    """The token of a new link that signs the person in once within three days; only its hash is kept."""
    token = secrets.token_urlsafe(32)
    session.add(SignInLink(token_hash=_hash(token), user_id=user.id, expires_at=now + LINK_LIFE))
    session.flush()
    return token


def check_sign_in_link(session: Session, token: str, now: datetime) -> User:
    """Whom the link would sign in, without using it. Raises RuleError for one that no longer works."""
    link = session.get(SignInLink, _hash(token))
    if link is None:
        raise RuleError("", N_("This sign-in link is not known. Was it copied as a whole?"))
    if link.used_at is not None:
        raise RuleError("", N_("This sign-in link was already used: it works once."))
    if link.expires_at <= now:
        raise RuleError("", N_("This sign-in link has expired."))
    user = get_user(session, link.user_id)
    if not user.active:
        raise RuleError("", N_("This person may no longer sign in."))
    return user


def use_sign_in_link(session: Session, token: str, now: datetime) -> User:
    """The person whom the link signs in, this one time. Raises RuleError as `check_sign_in_link` does."""
    user = check_sign_in_link(session, token, now)
    # Two presses at the same moment: only one of the updates finds the link unused.
    taken = session.scalar(
        update(SignInLink)
        .where(SignInLink.token_hash == _hash(token), SignInLink.used_at.is_(None))
        .values(used_at=now)
        .returning(SignInLink.user_id)
    )
    if taken is None:
        raise RuleError("", N_("This sign-in link was already used: it works once."))
    return user


def open_web_session(session: Session, user_id: int, agent: str, now: datetime) -> str:
    """Note down a browser that signed in; the uid to keep in its cookie."""
    uid = secrets.token_hex(32)
    session.add(WebSession(uid=uid, user_id=user_id, created_at=now, seen_at=now, agent=agent[:200]))
    return uid


def end_web_session(session: Session, actor: Actor, uid: str, now: datetime) -> None:
    """End one of one's own sessions; a second press changes nothing."""
    session.execute(
        update(WebSession)
        .where(WebSession.uid == uid, WebSession.user_id == actor.user_id, WebSession.ended_at.is_(None))
        .values(ended_at=now)
    )


def touch_web_session(session: Session, uid: str, now: datetime) -> None:
    """The browser was seen just now."""
    session.execute(update(WebSession).where(WebSession.uid == uid).values(seen_at=now))


def store_password(session: Session, user_id: int, hashed: str, uniquifier: str) -> None:
    """A new password hash, and a new mark that ends every session which carries the old one."""
    session.execute(update(User).where(User.id == user_id).values(password=hashed, fs_uniquifier=uniquifier))


def choose_language(session: Session, actor: Actor, language: str) -> None:
    """The language in which the person reads the desk."""
    if language not in LANGUAGES:
        raise RuleError("language", N_("The desk does not speak this language."))
    session.execute(update(User).where(User.id == actor.user_id).values(language=language))


def choose_digest(session: Session, actor: Actor, user_id: int, now: datetime, *, gets_it: bool) -> None:
    """Whether the person gets the week's digest as a letter: for oneself, or by an administrator."""
    if user_id != actor.user_id:
        require(actor, Act.ADMINISTER)
    user = get_user(session, user_id)
    if user.gets_digest is gets_it:
        return
    user.gets_digest = gets_it
    action = "user.digest_on" if gets_it else "user.digest_off"
    record_act(session, actor, action, f"user:{user.id}", now)


def _checked(name: str, role: Role, desks: Iterable[Desk]) -> list[Desk]:
    if not name.strip():
        raise RuleError("name", N_("Write the name."))
    if len(name.strip()) > NAME_LENGTH:
        raise RuleError("name", N_("A name has at most {length} signs."), length=NAME_LENGTH)
    chosen = list(desks)
    if not chosen and role in {Role.AUTHOR, Role.EDITOR}:
        raise RuleError("desks", N_("Authors and editors need a desk to work for."))
    return chosen


def _slugs(desks: Iterable[Desk]) -> list[str]:
    return [desk.slug for desk in desks]


def _void_links(session: Session, user: User, now: datetime) -> None:
    session.execute(
        update(SignInLink)
        .where(SignInLink.user_id == user.id, SignInLink.used_at.is_(None), SignInLink.expires_at > now)
        .values(expires_at=now)
    )


def _hash(token: str) -> str:
    return sha256(token.encode()).hexdigest()
