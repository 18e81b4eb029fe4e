"""What stands around every page: the banners, the navigation's marks, the words of states, the theme."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum
from urllib.parse import urlsplit

from flask import Flask, request
from flask_babel import gettext

from publisher.core.permissions import Act, may
from publisher.core.platforms import Realm
from publisher.store.frame import Situation, read_situation
from publisher.store.models import Channel, Post
from publisher.web.context import language, now, parts, person, reading, settings
from publisher.wording import translate_reason, word

SILENT_FOR = timedelta(seconds=20)
THEMES = ("light", "dark")
LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Frame:
    """What the base template needs besides the page itself."""

    situation: Situation
    paused_by: str
    paused_at: datetime | None
    idle_realms: tuple[Realm, ...]
    is_training: bool


def frame() -> Frame:
    """The office's situation at this moment, for the banners."""
    with reading() as session:
        situation = read_situation(session, now(), SILENT_FOR)
    idle = tuple(realm for realm in sorted(situation.realms) if realm not in situation.live_realms)
    return Frame(
        situation=situation,
        paused_by=situation.paused_by or gettext("the desk itself"),
        paused_at=situation.paused_at,
        idle_realms=idle,
        is_training=situation.realms == {Realm.SANDBOX},
    )


def is_stopped() -> bool:
    """Whether everything is paused, so that nothing goes out at its time."""
    return frame().paused_at is not None


def may_do(act: str, desk_id: int | None = None) -> bool:
    """Whether the person who asks may do it, for showing buttons; actions check again."""
    somebody = person()
    return somebody is not None and may(somebody.actor, Act(act), desk_id)


def theme() -> str:
    """light, dark, or nothing for what the system says."""
    chosen = request.cookies.get("theme", "")
    return chosen if chosen in THEMES else ""


def state_word(member: Enum) -> str:
    """The interface's word for a state, role or kind."""
    return word(member, language())


def reason_text(reason: dict[str, object] | None) -> str:
    """A stored reason in the person's language."""
    return translate_reason(reason, language())


def sandbox_address() -> str | None:
    """Where the sandbox shows its channels; None for a browser on another machine, which cannot look."""
    if urlsplit(request.host_url).hostname not in LOOPBACK:
        return None
    return f"http://127.0.0.1:{settings().sandbox.port}/"


def post_address(post: Post, channel: Channel) -> str:
    """Where readers find the post; empty when nobody can tell. Training channels are the sandbox's."""
    return address_of(post.permalink, channel.account.realm, channel.handle)


def address_of(permalink: str, realm: Realm, handle: str) -> str:
    """The same for a post whose rows are not at hand."""
    if realm is Realm.REAL:
        return permalink
    sandbox = sandbox_address()
    return f"{sandbox}channels/{handle}" if sandbox else ""


def here() -> str:
    """This page's own path, for forms that come back to it."""
    return request.full_path.rstrip("?")


def init_app(app: Flask) -> None:
    """Put these into templates."""
    app.jinja_env.globals.update(
        frame=frame, may=may_do, sandbox_address=sandbox_address, post_address=post_address,
        address_of=address_of, theme=theme, language=language, person=person, here=here, now=now,
        office=lambda: settings().office, undo_seconds=lambda: parts().settings.delivery.undo_seconds,
    )  # fmt: skip
    app.jinja_env.filters.update(word=state_word, reason=reason_text)
