"""Drills: the page's own controls, as forms. The same acts as the control in JSON, in a person's hands."""

import re
from typing import Any

from flask import Blueprint, Response, abort, make_response, redirect, render_template, request
from flask.typing import ResponseReturnValue

from publisher.sandbox.access import Access
from publisher.sandbox.bridge import Bridge
from publisher.sandbox.faults import CHANGING, KINDS, MOMENTS
from publisher.sandbox.hand import change_bot, change_post
from publisher.sandbox.page import PROCESS, back, mark, words

LOG_LINES = 40
OTHER_METHODS = (
    "channels.getMessages", "channels.getFullChannel", "upload.saveFilePart", "messages.uploadMedia",
    "auth.importBotAuthorization", "contacts.resolveUsername", "smtp.RCPT", "smtp.DATA",
)  # fmt: skip
# Errors worth trying, as Telegram writes them.
ERRORS = (
    "420 FLOOD_WAIT_30", "500 INTERNAL", "400 CHAT_ADMIN_REQUIRED", "403 CHAT_WRITE_FORBIDDEN",
    "400 CHANNEL_PRIVATE", "400 MESSAGE_TOO_LONG", "400 ENTITY_BOUNDS_INVALID",
    "400 PHOTO_INVALID_DIMENSIONS", "401 AUTH_KEY_UNREGISTERED",
    "451 TRY_LATER", "550 NO_SUCH_MAILBOX",
)  # fmt: skip


def drill_pages(bridge: Bridge, access: Access) -> Blueprint:
    """All of /drill."""
    drill = Blueprint("drill", __name__, url_prefix="/drill")
    drill.register_error_handler(ValueError, _explain)

    @drill.before_request
    def check() -> None:
        if request.method == "POST":
            access.check_form()

    _add_panel(drill, bridge, access)
    _add_network(drill, bridge)
    _add_faults(drill, bridge)
    _add_hand(drill, bridge)
    return drill


def _explain(_error: ValueError) -> Response:
    """What does not fit, at the panel or as a page."""
    say = words()
    if _is_quiet():
        return make_response(say("wrong_value"), 400)
    return make_response(render_template("error.html", key="wrong", detail=say("wrong_value")), 400)


def _add_panel(drill: Blueprint, bridge: Bridge, access: Access) -> None:
    @drill.get("/")
    def panel() -> ResponseReturnValue:
        template = "_drill.html" if "panel" in request.args else "drill.html"
        return render_template(template, **(_state(bridge) if access.may_control() else {}))

    @drill.get("/live")
    def live_panel() -> ResponseReturnValue:
        if not access.may_control():
            abort(403)
        html = render_template("_drill_state.html", **_state(bridge))
        answer = make_response(html)
        answer.set_etag(f"{PROCESS}-{mark(html)}")
        answer.headers["Cache-Control"] = "no-cache"
        return answer.make_conditional(request)


def _add_network(drill: Blueprint, bridge: Bridge) -> None:
    @drill.post("/latency")
    def latency() -> ResponseReturnValue:
        milliseconds = _number("ms")
        bridge.run(lambda: bridge.faults.delay_all(milliseconds))
        return _done()

    @drill.post("/<any(limits, offline):switch>")
    def turn(switch: str) -> ResponseReturnValue:
        on = request.form.get("on") == "1"
        bridge.run(lambda: bridge.telegram.turn(switch, on=on))
        return _done()

    @drill.post("/duplicates")
    def duplicates() -> ResponseReturnValue:
        answer = request.form.get("answer", "")
        bridge.run(lambda: bridge.faults.answer_duplicates(answer))
        return _done()

    @drill.post("/bots/<int:number>/<any(revoke, restore):act>")
    def bot(number: int, act: str) -> ResponseReturnValue:
        found = bridge.world.bots.get(number) or abort(404)
        bridge.run(lambda: change_bot(bridge.world, found, act))
        return _done()


def _add_faults(drill: Blueprint, bridge: Bridge) -> None:
    @drill.post("/faults")
    def plan() -> ResponseReturnValue:
        values = _fault()
        bridge.run(lambda: bridge.faults.plan(**values))
        return _done()

    @drill.post("/faults/remove")
    def remove() -> ResponseReturnValue:
        number = request.form.get("id", type=int)
        bridge.run(lambda: bridge.faults.forget_all() if number is None else bridge.faults.forget(number))
        return _done()


def _add_hand(drill: Blueprint, bridge: Bridge) -> None:
    @drill.post("/posts/<handle>/<int:number>/<any(delete, edit, age):act>")
    def post(handle: str, number: int, act: str) -> ResponseReturnValue:
        """An album is deleted and aged as a whole."""
        channel = bridge.channel(handle)
        chosen = channel.posts.get(number) or abort(404)
        text = request.form.get("text", "").replace("\r\n", "\n").strip()
        if act == "edit" and not (text or chosen.media):
            raise ValueError("a post without a text")

        def work() -> None:
            group = [
                p for p in channel.posts.values() if chosen.grouped_id and p.grouped_id == chosen.grouped_id
            ]
            for one in group if group and act != "edit" else [chosen]:
                change_post(bridge.world, channel, one, act, text=text, hours=49)

        bridge.run(work)
        return _done()


def _done() -> ResponseReturnValue:
    """Nothing for the page's script, which looks anew; the page itself for a browser without it."""
    return ("", 204) if _is_quiet() else redirect(back(request.form.get("back", "/")), 303)


def _is_quiet() -> bool:
    return request.headers.get("X-Requested-With") == "fetch"


def _state(bridge: Bridge) -> dict[str, Any]:
    def look() -> dict[str, Any]:
        faults = bridge.faults
        return {
            "faults": faults.describe(),
            "random_percent": round(faults.rate * 100) if faults.rng else 0,
            "log": faults.last_asked(LOG_LINES),
            "bots": list(bridge.world.bots.values()),
            "handles": [(channel.handle, channel.title) for channel in bridge.world.channels.values()],
        }

    choices = {"kinds": KINDS, "moments": MOMENTS, "errors": ERRORS, "methods": (*CHANGING, *OTHER_METHODS)}
    return {**bridge.run(look), **choices}


def _fault() -> dict[str, Any]:
    """The fault that the form describes. Raises ValueError."""
    form = request.form
    values: dict[str, Any] = {
        "kind": form.get("kind", ""),
        "when": form.get("when", ""),
        "method": form.get("method", "*"),
        "channel": form.get("channel") or None,
        "times": int(_number("times")) if form.get("times", "").strip() else None,
        "skip": int(_number("skip")),
        "seconds": _number("seconds"),
    }
    if values["kind"] == "error":
        told = re.fullmatch(r"\s*(\d{3})\s+([A-Z][A-Z0-9_]*)\s*", form.get("error", ""), re.ASCII)
        if told is None:
            raise ValueError("an error has a code and a name")
        values |= {"code": int(told[1]), "error": told[2]}
    return values


def _number(name: str) -> float:
    """A number of the form, with a comma or a point; nothing typed is 0."""
    return float(request.form.get(name, "").strip().replace(",", ".") or 0)
