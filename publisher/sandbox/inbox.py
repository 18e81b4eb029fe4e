"""The inbox: the letters that the mail server took, and each as its reader sees it."""

from dataclasses import dataclass
from typing import Any

from flask import Blueprint, abort, make_response, render_template
from flask.typing import ResponseReturnValue

from publisher.sandbox.access import Access
from publisher.sandbox.bridge import Bridge
from publisher.sandbox.letters import LETTER_POLICY, Read, framed_html, read_letter
from publisher.sandbox.page import etag, live
from publisher.sandbox.world import Letter

MOST_ROWS = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """A letter of the list."""

    letter: Letter
    read: Read


def inbox_pages(bridge: Bridge, access: Access) -> Blueprint:
    """All of /letters."""
    inbox = Blueprint("inbox", __name__, url_prefix="/letters")

    @inbox.get("")
    def letters() -> ResponseReturnValue:
        return render_template("letters.html", etag=etag(bridge, access), **_rows(bridge))

    @inbox.get("/live")
    def live_letters() -> ResponseReturnValue:
        return live(bridge, access, lambda: render_template("_letters.html", **_rows(bridge)))

    @inbox.get("/<int:number>")
    def letter(number: int) -> ResponseReturnValue:
        found = bridge.world.letters.get(number) or abort(404)
        return render_template("letter.html", letter=found, read=read_letter(_content(bridge, found)))

    @inbox.get("/<int:number>/body")
    def body(number: int) -> ResponseReturnValue:
        """The HTML for its frame. Whatever is in it, it cannot run here."""
        found = bridge.world.letters.get(number) or abort(404)
        answer = make_response(framed_html(_content(bridge, found)))
        answer.headers["Content-Security-Policy"] = LETTER_POLICY
        answer.headers["X-Frame-Options"] = "SAMEORIGIN"
        return answer

    return inbox


def _rows(bridge: Bridge) -> dict[str, Any]:
    newest = sorted(bridge.run(lambda: list(bridge.world.letters.values())), key=lambda one: -one.id)
    return {"rows": [Row(letter=one, read=read_letter(_content(bridge, one))) for one in newest[:MOST_ROWS]]}


def _content(bridge: Bridge, letter: Letter) -> bytes:
    try:
        return bridge.world.letter_file(letter.id).read_bytes()
    except FileNotFoundError:
        abort(404)
