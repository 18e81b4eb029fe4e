"""Control over HTTP, for tests, drills and the page: everything that touches the world runs on its loop."""

import asyncio
import hmac
import time
from collections.abc import Callable
from dataclasses import asdict
from typing import Any, TypeVar

from flask import Blueprint, Flask, abort, jsonify, request
from flask.typing import ResponseReturnValue

from publisher.sandbox.telegram import Telegram
from publisher.sandbox.wall import describe_channel
from publisher.sandbox.world import Channel, Post

T = TypeVar("T")
CHANNEL_FIELDS = {"about", "private", "opened", "subscribers"}
SWITCHES = {"latency", "limits", "offline"}


class Desk:
    """What the HTTP threads may do to the world: run a piece of work on its loop and wait for it."""

    def __init__(self, telegram: Telegram, loop: asyncio.AbstractEventLoop) -> None:
        self.telegram = telegram
        self.world = telegram.world
        self.faults = telegram.faults
        self._loop = loop

    def run(self, work: Callable[[], T]) -> T:
        """The result of the work, done on the loop."""

        async def call() -> T:
            return work()

        return asyncio.run_coroutine_threadsafe(call(), self._loop).result()

    def channel(self, handle: str) -> Channel:
        """The channel, or a 404."""
        return self.world.handles.get(handle.lower()) or abort(404)


def create_app(telegram: Telegram, loop: asyncio.AbstractEventLoop, token: str, hosts: set[str]) -> Flask:
    """The application; `hosts` are the Host headers that it answers to."""
    app = Flask(__name__)
    desk = Desk(telegram, loop)

    @app.before_request
    def check_host() -> None:
        if request.host not in hosts:
            abort(403)

    app.register_blueprint(_control(desk, token))
    return app


def _control(desk: Desk, token: str) -> Blueprint:
    control = Blueprint("control", __name__, url_prefix="/control")

    @control.before_request
    def check_token() -> None:
        given = request.headers.get("Authorization", "").removeprefix("Bearer ")
        if not hmac.compare_digest(given.encode(), token.encode()):
            abort(401)

    _add_accounts(control, desk)
    _add_channels(control, desk)
    _add_faults(control, desk)
    return control


def _add_accounts(control: Blueprint, desk: Desk) -> None:
    @control.post("/telegram/bots")
    def add_bot() -> ResponseReturnValue:
        name = request.get_json()["name"]

        def work() -> dict[str, Any]:
            bot = desk.world.add_bot(name)
            session = desk.world.mint_session(bot, desk.telegram.host, desk.telegram.port)
            desk.world.flush()
            return {**asdict(bot), "session": session}

        return jsonify(desk.run(work))

    @control.post("/telegram/bots/<int:number>/<any(revoke, restore):act>")
    def change_bot(number: int, act: str) -> ResponseReturnValue:
        def work() -> None:
            bot = desk.world.bots[number]
            bot.revoked = act == "revoke"
            desk.world.keep_bot(bot)

        if number not in desk.world.bots:
            abort(404)
        desk.run(work)
        return jsonify({})


def _add_channels(control: Blueprint, desk: Desk) -> None:
    @control.post("/telegram/channels")
    def add_channels() -> ResponseReturnValue:
        body = request.get_json()
        wanted = body if isinstance(body, list) else [body]
        made = desk.run(lambda: [_add_channel(desk, values) for values in wanted])
        return jsonify(made if isinstance(body, list) else made[0])

    @control.delete("/telegram/channels/<handle>")
    def remove_channel(handle: str) -> ResponseReturnValue:
        channel = desk.channel(handle)
        desk.run(lambda: desk.world.remove_channel(channel))
        return jsonify({})

    @control.post("/telegram/channels/<handle>/rights")
    def set_rights(handle: str) -> ResponseReturnValue:
        channel, body = desk.channel(handle), request.get_json()
        rights = {name: bool(body.get(name)) for name in ("post", "edit", "delete")}

        def work() -> None:
            channel.rights.pop(body["bot"], None)
            if any(rights.values()):
                channel.rights[body["bot"]] = rights
            desk.world.keep_channel(channel)

        desk.run(work)
        return jsonify({})

    @control.post("/telegram/channels/<handle>/subscribers")
    def set_subscribers(handle: str) -> ResponseReturnValue:
        channel, value = desk.channel(handle), int(request.get_json()["value"])

        def work() -> None:
            channel.subscribers, channel.counted_at = value, time.time()
            desk.world.keep_channel(channel)

        desk.run(work)
        return jsonify({})

    @control.get("/telegram/posts")
    def all_posts() -> ResponseReturnValue:
        deleted = request.args.get("deleted") == "1"
        channels = list(desk.world.channels.values())
        return jsonify(
            desk.run(
                lambda: {c.handle: describe_channel(desk.telegram, c, deleted=deleted) for c in channels}
            )
        )

    @control.get("/telegram/channels/<handle>/posts")
    def posts(handle: str) -> ResponseReturnValue:
        channel, deleted = desk.channel(handle), request.args.get("deleted") == "1"
        return jsonify(desk.run(lambda: describe_channel(desk.telegram, channel, deleted=deleted)))

    @control.post("/telegram/channels/<handle>/posts/<int:number>/<any(delete, edit, age):act>")
    def change_post(handle: str, number: int, act: str) -> ResponseReturnValue:
        channel, body = desk.channel(handle), request.get_json(silent=True) or {}
        post = channel.posts.get(number) or abort(404)
        desk.run(lambda: _change_by_hand(desk, channel, post, act, body))
        return jsonify({})


def _add_faults(control: Blueprint, desk: Desk) -> None:
    @control.post("/faults")
    def plan() -> ResponseReturnValue:
        values = request.get_json()
        return jsonify({"id": desk.run(lambda: desk.faults.plan(**values)).id})

    @control.post("/faults/random")
    def randomly() -> ResponseReturnValue:
        body = request.get_json()
        kinds = tuple(body.get("kinds", ("error", "drop", "delay")))
        desk.run(lambda: desk.faults.randomly(int(body["seed"]), float(body["rate"]), kinds))
        return jsonify({})

    @control.get("/faults")
    def describe() -> ResponseReturnValue:
        return jsonify(desk.run(desk.faults.describe))

    @control.delete("/faults")
    def forget_all() -> ResponseReturnValue:
        desk.run(desk.faults.forget)
        return jsonify({})

    @control.delete("/faults/<int:number>")
    def forget(number: int) -> ResponseReturnValue:
        desk.run(lambda: desk.faults.planned.pop(number, None))
        return jsonify({})

    @control.post("/telegram/duplicates")
    def duplicates() -> ResponseReturnValue:
        answer = request.get_json()["answer"]
        if answer not in {"original", "error"}:
            abort(400)
        desk.run(lambda: setattr(desk.faults, "duplicates", answer))
        return jsonify({})

    @control.post("/latency")
    def latency() -> ResponseReturnValue:
        seconds = float(request.get_json()["ms"]) / 1000
        desk.run(lambda: setattr(desk.faults, "latency", seconds))
        return jsonify({})

    @control.post("/<any(limits, offline):switch>")
    def turn(switch: str) -> ResponseReturnValue:
        on = bool(request.get_json()["on"])
        desk.run(lambda: setattr(desk.faults, switch, on))
        return jsonify({})

    @control.get("/requests")
    def requests() -> ResponseReturnValue:
        since = int(request.args.get("since", 0))
        return jsonify(desk.run(lambda: [entry for entry in desk.faults.log if entry["n"] > since]))


def _add_channel(desk: Desk, wanted: dict[str, Any]) -> dict[str, Any]:
    values = {key: wanted[key] for key in CHANNEL_FIELDS & set(wanted)}
    channel = desk.world.add_channel(wanted["handle"], wanted["title"], **values)
    for bot in wanted.get("bots", []):
        channel.rights.setdefault(bot, {"post": True, "edit": True, "delete": True})
    desk.world.keep_channel(channel)
    return {"id": channel.id, "handle": channel.handle}


def _change_by_hand(desk: Desk, channel: Channel, post: Post, act: str, body: dict[str, Any]) -> None:
    """What a person does to a post on the network itself; `age` makes it older by hours."""
    match act:
        case "delete":
            post.deleted_at = int(time.time())
        case "edit":
            post.text, post.entities, post.edit_date = str(body["text"]), [], int(time.time())
        case "age":
            post.date -= int(float(body["hours"]) * 3600)
    desk.world.keep_post(channel, post)
