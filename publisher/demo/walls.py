"""The sandbox's control, as far as the demo city needs it: bots, channels, older posts."""

import json
from collections.abc import Iterable
from contextlib import closing
from dataclasses import dataclass
from datetime import timedelta
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from typing import Any

from publisher.core.measuring import Figures
from publisher.core.messages import N_
from publisher.demo.city import Place
from publisher.errors import RuleError

TIMEOUT = 30


@dataclass(frozen=True, slots=True, kw_only=True)
class Bot:
    """An account that the sandbox made."""

    id: int
    credentials: dict[str, str]
    session: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Older:
    """A post that was put up just now and is to be older, with `draw` times as many readers as usual."""

    handle: str
    post: int
    by: timedelta
    draw: float


class Walls:
    """A running sandbox. Every call raises RuleError when it cannot be reached or refuses."""

    def __init__(self, folder: Path) -> None:
        try:
            about = json.loads((folder / "sandbox.json").read_bytes())
        except OSError as error:
            raise RuleError("", NOT_RUNNING) from error
        self.telegram: tuple[str, int] = (about["host"], about["telegram_port"])
        self.telegram_key = Path(about["telegram_key"])
        self._host: str = about["host"]
        self._port: int = about["http_port"]
        self._token: str = about["control_token"]

    def add_bot(self, name: str) -> Bot:
        """A new bot with a session that needs no handshake."""
        made = self._call("POST", "/telegram/bots", {"name": name})
        values = {"api_id": str(made["api_id"]), "api_hash": made["api_hash"], "bot_token": made["token"]}
        return Bot(id=made["id"], credentials=values, session=made["session"])

    def add_channels(self, places: Iterable[tuple[Place, str, Bot]]) -> None:
        """Empty channels with their readers (place, day of opening, bot); those that exist are emptied."""
        chosen = list(places)
        self._call(
            "POST", "/telegram/channels",
            [
                {
                    "handle": place.handle, "title": place.title, "about": "Демонстрационный канал",
                    "opened": opened, "subscribers": place.readers, "bots": [bot.id],
                }
                for place, opened, bot in chosen
            ],
        )  # fmt: skip
        for place, _, _ in chosen:
            self._call("POST", f"/telegram/channels/{place.handle}/subscribers", {"value": place.readers})
            for post in self._call("GET", f"/telegram/channels/{place.handle}/posts"):
                self._call("POST", f"/telegram/channels/{place.handle}/posts/{post['id']}/delete")

    def make_older(self, posts: Iterable[Older]) -> None:
        """Move the posts' dates into the past."""
        self._call(
            "POST", "/telegram/posts/age",
            [
                {
                    "handle": older.handle, "post": older.post, "draw": older.draw,
                    "hours": older.by / timedelta(hours=1),
                }
                for older in posts
            ],
        )  # fmt: skip

    def shown(self) -> dict[tuple[str, int], Figures]:
        """What readers see now of every message, by its channel's handle and its number."""
        return {
            (handle, post["id"]): Figures(
                views=post["views"], forwards=post["forwards"], reactions=sum(post["reactions"].values())
            )
            for handle, posts in self._call("GET", "/telegram/posts").items()
            for post in posts
        }

    def remove_channels(self, handles: Iterable[str]) -> None:
        """Take the channels and their posts away; those that are gone already stay gone."""
        for handle in handles:
            self._call("DELETE", f"/telegram/channels/{handle}", missing_is_fine=True)

    def _call(self, method: str, path: str, body: object = None, *, missing_is_fine: bool = False) -> Any:
        headers = {"Authorization": f"Bearer {self._token}", "Content-Type": "application/json"}
        try:
            with closing(HTTPConnection(self._host, self._port, timeout=TIMEOUT)) as connection:
                connection.request(method, f"/control{path}", json.dumps(body or {}), headers)
                answer = connection.getresponse()
                content = answer.read()
        except (OSError, HTTPException) as error:
            raise RuleError("", NOT_RUNNING) from error
        if answer.status == 404 and missing_is_fine:
            return None
        if answer.status >= 300:
            message = N_("The sandbox refused {path} ({status}).")
            raise RuleError("", message, path=path, status=str(answer.status))
        return json.loads(content)


NOT_RUNNING = N_("The sandbox does not run: start it with `publisher run` or `publisher sandbox`.")
