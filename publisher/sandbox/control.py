"""Control over HTTP in JSON, for tests, scripts and the demo city: by the control token and nothing else."""

import time
from dataclasses import asdict
from typing import Any

from flask import Blueprint, Response, abort, jsonify, make_response, request
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import HTTPException

from publisher.sandbox.access import Access
from publisher.sandbox.bridge import Bridge
from publisher.sandbox.hand import change_bot, change_post
from publisher.sandbox.letters import describe
from publisher.sandbox.wall import describe_channel

CHANNEL_FIELDS = {"about", "private", "opened", "subscribers"}


def control_pages(bridge: Bridge, access: Access) -> Blueprint:
    """All of /control."""
    control = Blueprint("control", __name__, url_prefix="/control")
    control.before_request(access.check_token)
    control.register_error_handler(HTTPException, _refuse)
    for wrong in (KeyError, TypeError, ValueError):
        control.register_error_handler(wrong, _explain)
    _add_accounts(control, bridge)
    _add_channels(control, bridge)
    _add_faults(control, bridge)
    _add_letters(control, bridge)
    return control


def _refuse(error: HTTPException) -> Response:
    return make_response(jsonify(error=error.description), error.code or 500)


def _explain(error: Exception) -> Response:
    return make_response(jsonify(error=f"{type(error).__name__}: {error}"), 400)


def _add_accounts(control: Blueprint, bridge: Bridge) -> None:
    @control.post("/telegram/bots")
    def add_bot() -> ResponseReturnValue:
        name = request.get_json()["name"]

        def work() -> dict[str, Any]:
            bot = bridge.world.add_bot(name)
            session = bridge.world.mint_session(bot, bridge.telegram.host, bridge.telegram.port)
            return {**asdict(bot), "session": session}

        return jsonify(bridge.run(work))

    @control.post("/telegram/bots/<int:number>/<any(revoke, restore):act>")
    def bot(number: int, act: str) -> ResponseReturnValue:
        found = bridge.world.bots.get(number) or abort(404)
        bridge.run(lambda: change_bot(bridge.world, found, act))
        return jsonify({})


def _add_channels(control: Blueprint, bridge: Bridge) -> None:
    @control.post("/telegram/channels")
    def add_channels() -> ResponseReturnValue:
        body = request.get_json()
        wanted = body if isinstance(body, list) else [body]
        made = bridge.run(lambda: [_add_channel(bridge, values) for values in wanted])
        return jsonify(made if isinstance(body, list) else made[0])

    @control.delete("/telegram/channels/<handle>")
    def remove_channel(handle: str) -> ResponseReturnValue:
        channel = bridge.channel(handle)
        bridge.run(lambda: bridge.world.remove_channel(channel))
        return jsonify({})

    @control.post("/telegram/channels/<handle>/rights")
    def set_rights(handle: str) -> ResponseReturnValue:
        channel, body = bridge.channel(handle), request.get_json()
        rights = {name: bool(body.get(name)) for name in ("post", "edit", "delete")}

        def work() -> None:
            channel.rights.pop(body["bot"], None)
            if any(rights.values()):
                channel.rights[body["bot"]] = rights
            bridge.world.keep_channel(channel)

        bridge.run(work)
        return jsonify({})

    @control.post("/telegram/channels/<handle>/subscribers")
    def set_subscribers(handle: str) -> ResponseReturnValue:
        channel, value = bridge.channel(handle), int(request.get_json()["value"])

        def work() -> None:
            channel.subscribers, channel.counted_at = value, time.time()
            bridge.world.keep_channel(channel)

        bridge.run(work)
        return jsonify({})

    @control.get("/telegram/posts")
    def all_posts() -> ResponseReturnValue:
        deleted = request.args.get("deleted") == "1"
        channels = list(bridge.world.channels.values())
        return jsonify(
            bridge.run(
                lambda: {c.handle: describe_channel(bridge.telegram, c, deleted=deleted) for c in channels}
            )
        )

    @control.post("/telegram/posts/age")
    def make_older() -> ResponseReturnValue:
        wanted = [(bridge.channel(older.pop("handle")), older) for older in request.get_json()]

        def work() -> None:
            for channel, older in wanted:
                change_post(bridge.world, channel, channel.posts[older.pop("post")], "age", **older)

        bridge.run(work)
        return jsonify({})

    @control.get("/telegram/channels/<handle>/posts")
    def posts(handle: str) -> ResponseReturnValue:
        channel, deleted = bridge.channel(handle), request.args.get("deleted") == "1"
        return jsonify(bridge.run(lambda: describe_channel(bridge.telegram, channel, deleted=deleted)))

    @control.post("/telegram/channels/<handle>/posts/<int:number>/<any(delete, edit, age):act>")
    def post(handle: str, number: int, act: str) -> ResponseReturnValue:
        channel, body = bridge.channel(handle), request.get_json(silent=True) or {}
        found = channel.posts.get(number) or abort(404)
        bridge.run(lambda: change_post(bridge.world, channel, found, act, **body))
        return jsonify({})


def _add_faults(control: Blueprint, bridge: Bridge) -> None:
    @control.post("/faults")
    def plan() -> ResponseReturnValue:
        values = request.get_json()
        return jsonify({"id": bridge.run(lambda: bridge.faults.plan(**values)).id})

    @control.post("/faults/random")
    def randomly() -> ResponseReturnValue:
        body = request.get_json()
        kinds = tuple(body.get("kinds", ("error", "drop", "delay")))
        bridge.run(lambda: bridge.faults.randomly(int(body["seed"]), float(body["rate"]), kinds))
        return jsonify({})

    @control.get("/faults")
    def describe_faults() -> ResponseReturnValue:
        return jsonify(bridge.run(bridge.faults.describe))

    @control.delete("/faults")
    def forget_all() -> ResponseReturnValue:
        bridge.run(bridge.faults.forget_all)
        return jsonify({})

    @control.delete("/faults/<int:number>")
    def forget(number: int) -> ResponseReturnValue:
        bridge.run(lambda: bridge.faults.forget(number))
        return jsonify({})

    @control.post("/telegram/duplicates")
    def duplicates() -> ResponseReturnValue:
        answer = request.get_json()["answer"]
        bridge.run(lambda: bridge.faults.answer_duplicates(answer))
        return jsonify({})

    @control.post("/latency")
    def latency() -> ResponseReturnValue:
        milliseconds = float(request.get_json()["ms"])
        bridge.run(lambda: bridge.faults.delay_all(milliseconds))
        return jsonify({})

    @control.post("/<any(limits, offline):switch>")
    def turn(switch: str) -> ResponseReturnValue:
        on = bool(request.get_json()["on"])
        bridge.run(lambda: bridge.telegram.turn(switch, on=on))
        return jsonify({})

    @control.get("/requests")
    def requests() -> ResponseReturnValue:
        since = int(request.args.get("since", 0))
        return jsonify(bridge.run(lambda: bridge.faults.asked_since(since)))


def _add_letters(control: Blueprint, bridge: Bridge) -> None:
    @control.get("/letters")
    def letters() -> ResponseReturnValue:
        """Oldest first, each as its reader sees it."""
        kept = bridge.run(lambda: list(bridge.world.letters.values()))
        return jsonify(
            [{**asdict(one), **describe(bridge.world.letter_file(one.id).read_bytes())} for one in kept]
        )


def _add_channel(bridge: Bridge, wanted: dict[str, Any]) -> dict[str, Any]:
    values = {key: wanted[key] for key in CHANNEL_FIELDS & set(wanted)}
    channel = bridge.world.add_channel(wanted["handle"], wanted["title"], **values)
    for bot in wanted.get("bots", []):
        channel.rights.setdefault(bot, {"post": True, "edit": True, "delete": True})
    bridge.world.keep_channel(channel)
    return {"id": channel.id, "handle": channel.handle}
