"""What a view may reach for: the parts of this process, the transaction, who asks, and the language."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from flask import current_app, g, request
from sqlalchemy.orm import Session

from publisher.config import Settings
from publisher.core.permissions import Actor
from publisher.secrets import Vault
from publisher.store.session import Store
from publisher.wording import LANGUAGES


@dataclass(frozen=True, slots=True, kw_only=True)
class Parts:
    """What one desk process works with. `clock` gives the present instant, aware and in UTC."""

    settings: Settings
    store: Store
    vault: Vault
    clock: Callable[[], datetime]


def parts() -> Parts:
    """The parts given to `create_app`."""
    found: Parts = current_app.extensions["publisher"]
    return found


def settings() -> Settings:
    """The settings of this process."""
    return parts().settings


def now() -> datetime:
    """The instant of this request: the same one wherever the request asks."""
    if "now" not in g:
        g.now = parts().clock()
    instant: datetime = g.now
    return instant


@contextmanager
def begin() -> Iterator[Session]:
    """The one transaction of a request that writes."""
    with parts().store.begin() as session:
        yield session


@contextmanager
def reading() -> Iterator[Session]:
    """One consistent view for a page; render inside it."""
    with parts().store.reading() as session:
        yield session


def person() -> Any:
    """Who is signed in (web/auth.py `Person`), or None. Set by the guard before every view."""
    return g.get("person")


def actor() -> Actor:
    """Whoever asks. Only for views behind the sign-in."""
    asking: Actor = g.person.actor
    return asking


def zone() -> ZoneInfo:
    """The city's zone."""
    return settings().office.zone


def language() -> str:
    """The person's language; before signing in the browser's choice; else the office's."""
    somebody = person()
    chosen = somebody.language if somebody else request.cookies.get("language")
    return chosen if chosen in LANGUAGES else settings().office.language
