"""Who is asking: signing in by password or one-time link, sessions that can be ended, and who may see what.

Flask-Security checks passwords (Argon2) and keeps the session. It reads and writes people through our own
store in short transactions, so that no ORM session lives as long as a request and pages take no write lock.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, TypeVar

from flask import Flask, Response, abort, current_app, g, redirect, request, session, url_for
from flask_login import current_user, logout_user, user_logged_out
from flask_security import RoleMixin, Security, UserDatastore, UserMixin, login_user, user_authenticated
from flask_security.forms import LoginForm
from flask_wtf import CSRFProtect
from itsdangerous import BadSignature, URLSafeTimedSerializer
from sqlalchemy.exc import OperationalError
from werkzeug.wrappers import Response as BaseResponse

from publisher.actions.people import end_web_session, open_web_session, store_password, touch_web_session
from publisher.core.messages import N_
from publisher.core.permissions import Actor
from publisher.core.states import Role
from publisher.store.models import User
from publisher.store.people import (
    end_sessions,
    find_open_session,
    find_user_by_email,
    find_user_by_uniquifier,
)
from publisher.web.context import begin, now, parts, reading
from publisher.web.rate_limit import Attempts
from publisher.wording import TRANSLATIONS

View = TypeVar("View", bound=Callable[..., Any])

csrf = CSRFProtect()
TOUCH_EVERY = timedelta(minutes=10)
AUTHOR_TOKEN_LIFE = timedelta(days=30)
PASSWORD_LENGTH = 10


@dataclass(slots=True, kw_only=True, eq=False)
class Person(UserMixin):
    """A person as a request sees them: plain values, read once."""

    id: int
    email: str
    name: str
    role: Role
    language: str | None
    password: str | None
    active: bool
    fs_uniquifier: str
    desk_ids: frozenset[int]

    @property
    def actor(self) -> Actor:
        """The person as actions know them."""
        return Actor(user_id=self.id, name=self.name, role=self.role, desk_ids=self.desk_ids)


def person_of(user: User) -> Person:
    """The row as a value."""
    return Person(
        id=user.id, email=user.email, name=user.name, role=user.role, language=user.language,
        password=user.password, active=user.active, fs_uniquifier=user.fs_uniquifier,
        desk_ids=frozenset(desk.id for desk in user.desks),
    )  # fmt: skip


class People(UserDatastore):
    """Flask-Security's view of our store: it finds people, and stores a changed password."""

    def __init__(self) -> None:
        super().__init__(Person, RoleMixin)  # roles are words of ours; the library is never asked for one

    def find_user(self, case_insensitive: bool = False, **wanted: Any) -> Person | None:
        """The person with this `email`, or with the `fs_uniquifier` of a session."""
        with reading() as rows:
            if "email" in wanted:
                user = find_user_by_email(rows, wanted["email"])
            else:
                user = find_user_by_uniquifier(rows, wanted["fs_uniquifier"])
            return person_of(user) if user else None

    def put(self, person: Person) -> Person:
        """Store the password, the one thing that the library changes."""
        if person.password:
            with begin() as rows:
                store_password(rows, person.id, person.password, person.fs_uniquifier)
        return person

    def commit(self) -> None:
        """Nothing is left to do: `put` is a transaction of its own."""


class PasswordForm(LoginForm):
    """The library's form with a limit on guesses."""

    def validate(self, **kwargs: Any) -> bool:
        """Whether the password is right; guesses are counted per address and e-mail."""
        attempts: Attempts = current_app.extensions["sign_in_attempts"]
        who = (request.remote_addr or "", (self.email.data or "").strip().lower())
        if not attempts.allows(*who, now()):
            abort(429)
        valid = bool(super().validate(**kwargs))
        if valid:
            attempts.forget(*who)
        else:
            attempts.count(*who, now())
        return valid


def public(view: View) -> View:
    """Let everybody see a view; all others are behind the sign-in."""
    view.is_public = True  # type: ignore[attr-defined]  # a mark on the function, read by the guard below
    return view


def sign_in(user: User, via: str) -> None:
    """Start a session for the person in this browser."""
    login_user(person_of(user), remember=False, authn_via=[via])


def safe_path(text: str | None) -> str | None:
    """The text if it is a path of this desk, to go (back) to."""
    if text and text.startswith("/") and not text.startswith(("//", "/\\")) and text.isprintable():
        return text
    return None


def author_token(user_id: int) -> str:
    """A signed note of who writes, put into the composer: it outlives the session, and saves drafts only."""
    return _author_serializer().dumps(user_id)


def read_author_token(text: str) -> int | None:
    """The writer's id, or None for a token that is forged, damaged or older than 30 days."""
    try:
        return int(_author_serializer().loads(text, max_age=int(AUTHOR_TOKEN_LIFE.total_seconds())))
    except BadSignature:
        return None


def _author_serializer() -> URLSafeTimedSerializer:
    return URLSafeTimedSerializer(parts().vault.derive("author token"))


def init_app(app: Flask, secure: bool) -> None:
    """Wire signing in, CSRF and the guard into the app. `secure`: people reach the desk by https."""
    session_hours = app.extensions["publisher"].settings.web.session_hours
    app.config.update(
        SECRET_KEY=app.extensions["publisher"].vault.derive("web session").hex(),
        SESSION_COOKIE_NAME="desk",
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Lax",
        SESSION_COOKIE_SECURE=secure,
        PERMANENT_SESSION_LIFETIME=timedelta(hours=session_hours),
        WTF_CSRF_TIME_LIMIT=None,
        WTF_CSRF_SSL_STRICT=False,
        **FLASK_SECURITY,
    )
    app.extensions["sign_in_attempts"] = Attempts()
    # Before CSRF: a form of a session that ended is an ended session, not a forged request.
    app.before_request(guard)
    csrf.init_app(app)
    security = Security(app, People(), login_form=PasswordForm)
    security.want_json(lambda _request: False)
    # The library also takes tokens from headers and addresses; this desk gives none out.
    app.login_manager.request_loader(lambda _request: None)  # type: ignore[attr-defined]  # set by the library
    for endpoint in ("security.login", "security.logout"):
        public(app.view_functions[endpoint])
    user_authenticated.connect(_note_session, app)
    user_logged_out.connect(_end_session, app)


FLASK_SECURITY = {
    "SECURITY_PASSWORD_HASH": "argon2",
    "SECURITY_PASSWORD_SCHEMES": ["argon2"],
    # Argon2 salts by itself; a second hash with a site-wide salt would tie passwords to the key file.
    "SECURITY_PASSWORD_SINGLE_HASH": True,
    "SECURITY_PASSWORD_LENGTH_MIN": PASSWORD_LENGTH,
    "SECURITY_LOGIN_URL": "/sign-in",
    "SECURITY_LOGOUT_URL": "/sign-out",
    # A link on another site must not sign anybody out.
    "SECURITY_LOGOUT_METHODS": ["POST"],
    "SECURITY_CHANGE_URL": "/me/password",
    "SECURITY_POST_CHANGE_VIEW": "/",
    "SECURITY_CHANGEABLE": True,
    "SECURITY_SEND_PASSWORD_CHANGE_EMAIL": False,
    "SECURITY_RETURN_GENERIC_RESPONSES": True,
    "SECURITY_DEFAULT_REMEMBER_ME": False,
    # A negative freshness keeps the library's "verify" screen away.
    "SECURITY_FRESHNESS": timedelta(minutes=-1),
    "SECURITY_EMAIL_VALIDATOR_ARGS": {"check_deliverability": False},
    "SECURITY_STATIC_FOLDER": None,
    "SECURITY_CLI_USERS_NAME": None,
    "SECURITY_CLI_ROLES_NAME": None,
    "SECURITY_LOGIN_USER_TEMPLATE": "sign-in/password.html",
    "SECURITY_CHANGE_PASSWORD_TEMPLATE": "me/password.html",
    # The library's texts that our screens can show, in our own catalogue.
    "SECURITY_I18N_DOMAIN": "messages",
    "SECURITY_I18N_DIRNAME": str(TRANSLATIONS),
    "SECURITY_MSG_GENERIC_AUTHN_FAILED": (N_("The address or the password is wrong."), "error"),
    "SECURITY_MSG_EMAIL_NOT_PROVIDED": (N_("Write your address."), "error"),
    "SECURITY_MSG_INVALID_EMAIL_ADDRESS": (N_("Write the address as name@example.org."), "error"),
    "SECURITY_MSG_PASSWORD_NOT_PROVIDED": (N_("Write the password."), "error"),
    "SECURITY_MSG_INVALID_PASSWORD": (N_("This is not your present password."), "error"),
    "SECURITY_MSG_PASSWORD_IS_THE_SAME": (N_("This is the password you already have."), "error"),
    "SECURITY_MSG_RETYPE_PASSWORD_MISMATCH": (N_("The two passwords differ."), "error"),
    "SECURITY_MSG_PASSWORD_INVALID_LENGTH": (
        N_("A password has at least %(length)s characters."),
        "error",
    ),
    "SECURITY_MSG_PASSWORD_CHANGE": (
        N_("The password is changed. Other browsers are signed out."),
        "success",
    ),
    "SECURITY_MSG_LOGIN": (N_("You are signed in."), "success"),
    "SECURITY_MSG_DISABLED_ACCOUNT": (N_("This person may no longer sign in."), "error"),
    "SECURITY_MSG_UNAUTHENTICATED": (N_("Sign in to go on."), "info"),
}


def guard() -> BaseResponse | None:
    """Turn away whoever is not signed in, except from public views; let ended sessions end."""
    if request.endpoint == "static":
        return None
    if current_user.is_authenticated and not _session_stands():
        session.clear()
        logout_user()
    g.person = current_user if current_user.is_authenticated else None
    if g.person or _is_public():
        return None
    if request.method == "GET" and request.headers.get("Sec-Fetch-Mode", "navigate") == "navigate":
        return redirect(url_for("security.login", next=request.full_path.rstrip("?")))
    abort(401)


def _is_public() -> bool:
    view = current_app.view_functions.get(request.endpoint or "")
    # No view: a page that does not exist may say so.
    return view is None or getattr(view, "is_public", False)


def _session_stands() -> bool:
    uid = session.get("web_session", "")
    with reading() as rows:
        found = find_open_session(rows, uid, current_user.id)
    if found is None or now() - found.seen_at > current_app.permanent_session_lifetime:
        return False
    if now() - found.seen_at > TOUCH_EVERY:
        _touch(uid)
    return True


def _touch(uid: str) -> None:
    try:
        with begin() as rows:
            touch_web_session(rows, uid, now())
    except OperationalError:
        # A busy database must not keep people from reading; the next page notes the moment.
        current_app.logger.info("session not touched: database busy")


def _note_session(_app: Flask, user: Person, authn_via: list[str], **_rest: object) -> None:
    """A browser signed in; after a change of password it stays in and all others are out."""
    session.permanent = True
    with begin() as rows:
        if authn_via == ["change"]:
            end_sessions(rows, user.id, now(), keep=session.get("web_session"))
        else:
            session["web_session"] = open_web_session(rows, user.id, str(request.user_agent), now())


def _end_session(_app: Flask, user: Person, **_rest: object) -> None:
    """Whoever signs out ends the session for good: a copy of its cookie is worth nothing."""
    if uid := session.pop("web_session", None):
        with begin() as rows:
            end_web_session(rows, user.actor, uid, now())


def no_store(response: Response) -> Response:
    """Keep an answer with something secret on it out of every cache."""
    response.headers["Cache-Control"] = "no-store"
    return response
