"""What people look at: the list of channels, one channel as on a phone, all of them side by side, files.

Every view has a live part, asked for once a second with the ETag it has; the same template renders both.
"""

import re
import secrets
import time
import zlib
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from flask import (
    Blueprint,
    Response,
    abort,
    make_response,
    redirect,
    render_template,
    request,
    send_file,
    url_for,
)
from flask.typing import ResponseReturnValue
from markupsafe import Markup

from publisher.sandbox.access import Access, same
from publisher.sandbox.bridge import Bridge
from publisher.sandbox.markup import Labels, to_html
from publisher.sandbox.wall import Bubble, Tile, show_channel
from publisher.sandbox.words import LANGUAGES, Words

CHANNEL_POSTS, WALL_POSTS, LIST_POSTS = 30, 3, 20
MOST_CHANNELS, MOST_TILES = 200, 60
# Readers come while nothing is posted: the views are looked at anew so often.
COUNT_SECONDS = 10
LANGUAGE_COOKIE = "sandbox_language"
SHOWN_IN_PLACE = {"image/jpeg", "image/png", "image/gif", "image/webp"}
MEDIA_POLICY = "sandbox; default-src 'none'"
# Tells a page that this is not the process which made it.
PROCESS = secrets.token_hex(4)


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What the address asks to see."""

    deleted: bool
    before: int | None

    @classmethod
    def of_request(cls) -> "Wish":
        """From the query."""
        return cls(deleted=request.args.get("deleted") == "1", before=request.args.get("before", type=int))


def page_context(access: Access) -> dict[str, Any]:
    """What every template knows."""
    say = words()
    labels = Labels(hidden=say("hidden"), more=say("more"))
    may_control = access.may_control()
    here = request.full_path.removesuffix("?")
    return {
        "say": say,
        "may_control": may_control,
        "form_key": access.form_key if may_control else "",
        "here": here if request.method == "GET" and not here.startswith("/live") else "/",
        "html_of": lambda bubble: to_html(bubble.text, bubble.entities, labels),
        "content_mark": lambda bubble: mark(replace(bubble, views=0, forwards=0, reactions=())),
        "mark": mark,
        "preview": preview,
        "moment": moment,
    }


def words() -> Words:
    """The reader's language: Russian unless they chose the other."""
    chosen = request.cookies.get(LANGUAGE_COOKIE)
    return Words(next((language for language in LANGUAGES if language == chosen), LANGUAGES[0]))


def mark(*values: object) -> str:
    """Changes when what is shown changes."""
    return f"{zlib.crc32(repr(values).encode()):x}"


def preview(bubble: Bubble, length: int = 120) -> str:
    """The beginning of a post in one line, without its hidden stretches."""
    units = bytearray(bubble.text.encode("utf-16-le"))
    for entity in bubble.entities:
        if entity["type"] == "spoiler":
            start, end = 2 * entity["offset"], 2 * (entity["offset"] + entity["length"])
            units[start:end] = "▒".encode("utf-16-le") * (len(units[start:end]) // 2)
    return re.sub(r"\s+", " ", units.decode("utf-16-le", "replace"))[:length]


def moment(seconds: int) -> Markup:
    """A time; the page's script writes it in the reader's zone."""
    at = time.gmtime(seconds)
    return Markup('<time datetime="{}">{}</time>').format(
        time.strftime("%Y-%m-%dT%H:%M:%SZ", at), time.strftime("%d.%m.%Y %H:%M UTC", at)
    )


def look_pages(bridge: Bridge, access: Access) -> Blueprint:
    """All that is only looked at."""
    look = Blueprint("look", __name__)
    _add_channels(look, bridge, access)
    _add_wall(look, bridge, access)
    _add_media(look, bridge)
    _add_choices(look, access)
    return look


def _add_channels(look: Blueprint, bridge: Bridge, access: Access) -> None:
    @look.get("/")
    def channels() -> ResponseReturnValue:
        given = request.args.get("key")
        if given is not None:
            return _take_key(access, given)
        return render_template("channels.html", etag=etag(bridge, access), **_list(bridge))

    @look.get("/live/channels")
    def live_channels() -> ResponseReturnValue:
        return live(bridge, access, lambda: render_template("_list.html", **_list(bridge)))

    @look.get("/channels/<handle>")
    def channel(handle: str) -> ResponseReturnValue:
        known, wish = etag(bridge, access), Wish.of_request()
        return render_template(
            "channel.html", etag=known, wish=wish, tile=_tile(bridge, handle, wish), **_list(bridge)
        )

    @look.get("/live/channels/<handle>")
    def live_channel(handle: str) -> ResponseReturnValue:
        wish = Wish.of_request()

        def render() -> str:
            return render_template("_posts.html", wish=wish, tile=_tile(bridge, handle, wish))

        return live(bridge, access, render)


def _add_wall(look: Blueprint, bridge: Bridge, access: Access) -> None:
    @look.get("/wall")
    def wall() -> ResponseReturnValue:
        known, wish = etag(bridge, access), Wish.of_request()
        return render_template("wall.html", etag=known, wish=wish, **_wall(bridge, wish))

    @look.get("/live/wall")
    def live_wall() -> ResponseReturnValue:
        wish = Wish.of_request()
        return live(bridge, access, lambda: render_template("_wall.html", wish=wish, **_wall(bridge, wish)))


def _add_media(look: Blueprint, bridge: Bridge) -> None:
    @look.get("/media/<int:number>")
    def media(number: int) -> ResponseReturnValue:
        """A file as it was sent. Whatever it is, it cannot run here: only pictures are shown in place."""
        found = bridge.world.media.get(number) or abort(404)
        in_place = found.kind == "photo" and found.mime in SHOWN_IN_PLACE
        known = re.fullmatch(r"[\w.+-]+/[\w.+-]+", found.mime, re.ASCII)
        answer = send_file(
            bridge.world.folder.resolve() / "media" / found.sha256,
            mimetype=found.mime if known else "application/octet-stream",
            as_attachment=not in_place,
            download_name=found.name or f"{number}",
            max_age=3600,
        )
        answer.headers["Content-Security-Policy"] = MEDIA_POLICY
        return answer


def _add_choices(look: Blueprint, access: Access) -> None:
    @look.get("/language/<any(ru, en):code>")
    def choose_language(code: str) -> ResponseReturnValue:
        answer = redirect(back(request.args.get("back", "/")), 303)
        answer.set_cookie(LANGUAGE_COOKIE, code, samesite="Lax", max_age=365 * 24 * 3600)
        return answer

    @look.post("/key")
    def enter_key() -> ResponseReturnValue:
        return _take_key(access, request.form.get("token", ""))


def _take_key(access: Access, given: str) -> ResponseReturnValue:
    if not same(given.strip(), access.token):
        return render_template("drill.html", wrong_key=True), 403
    return access.remember(redirect(url_for("look.channels"), 303))


def back(address: str) -> str:
    """A page of ours to return to."""
    is_ours = address.startswith("/") and not address.startswith(("//", "/\\"))
    return address if is_ours else "/"


def etag(bridge: Bridge, access: Access) -> str:
    """Changes with the world, and now and then by itself for the sake of the counts."""
    tick = int(time.time() / COUNT_SECONDS)
    who = f"{words().language}{access.may_control():d}"
    return f"{PROCESS}-{bridge.world.revision}-{tick}-{who}"


def live(bridge: Bridge, access: Access, render: Callable[[], str]) -> Response:
    """A fragment, unless the page has it already."""
    known = etag(bridge, access)
    has_it = request.if_none_match.contains_weak(known)
    answer = make_response(("", 304) if has_it else render())
    answer.set_etag(known)
    answer.headers["Cache-Control"] = "no-cache"
    return answer


def _list(bridge: Bridge) -> dict[str, Any]:
    tiles = bridge.run(lambda: _tiles(bridge, MOST_CHANNELS, LIST_POSTS, deleted=False))
    newest_first = sorted(tiles, key=lambda tile: -(tile.bubbles[-1].date if tile.bubbles else 0))
    return {"tiles": newest_first, "cut": len(bridge.world.channels) > len(tiles), "most": MOST_CHANNELS}


def _wall(bridge: Bridge, wish: Wish) -> dict[str, Any]:
    tiles = bridge.run(lambda: _tiles(bridge, MOST_TILES, WALL_POSTS, deleted=wish.deleted))
    return {"tiles": tiles, "cut": len(bridge.world.channels) > len(tiles), "most": MOST_TILES}


def _tiles(bridge: Bridge, most: int, posts: int, *, deleted: bool) -> list[Tile]:
    channels = list(bridge.world.channels.values())[:most]
    return [show_channel(bridge.telegram, channel, posts, deleted=deleted) for channel in channels]


def _tile(bridge: Bridge, handle: str, wish: Wish) -> Tile:
    channel = bridge.channel(handle)
    return bridge.run(
        lambda: show_channel(
            bridge.telegram, channel, CHANNEL_POSTS, deleted=wish.deleted, before=wish.before
        )
    )
