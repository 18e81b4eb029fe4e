"""A model of a network: its walls know keys for an hour; a request may be applied and its answer lost."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from itertools import count
from typing import Any

from publisher.channels.base import Address, Finding, Identity, PostReading, Receipt, Resolved, StandingPost
from publisher.core.editions import Edition
from publisher.core.platforms import TELEGRAM
from publisher.core.receipts import Found
from publisher.errors import Gone, Limited, Refused, Scope, Unconfirmed, Unreachable
from tests.builders import NOW

KEY_IS_KNOWN_FOR = timedelta(hours=1)


class Answer(StrEnum):
    """What happens to a request."""

    GOOD = "applied and answered"
    LOST = "applied, the answer is lost"
    NEVER_CAME = "not applied, no answer"
    LIMITED = "not applied, told to wait"
    UNREACHABLE = "not applied, no link"
    REFUSED = "not applied, not taken"
    CHANNEL_GONE = "not applied, no such channel"


@dataclass(slots=True)
class Shown:
    """A post on the model's wall."""

    number: int
    text: str
    at: datetime
    deleted: bool = False


@dataclass(slots=True)
class Network:
    """The model: one wall per channel, keys that are known for a while."""

    now: datetime = NOW
    answer: Answer = Answer.GOOD
    walls: dict[int, list[Shown]] = field(default_factory=dict)
    keys: dict[int, tuple[datetime, Shown]] = field(default_factory=dict)
    numbers: "count[int]" = field(default_factory=lambda: count(1))

    platform = TELEGRAM

    async def publish(
        self, address: Address, edition: Edition, keys: Sequence[int], handle: str, after: Any = None
    ) -> Receipt:
        """Put it up, or find it up already."""
        self._before()
        since, post = self.keys.get(keys[0], (self.now, None))
        if post is None or self.now - since > KEY_IS_KNOWN_FOR:
            post = Shown(next(self.numbers), edition.messages[0].text.text, self.now)
            self.walls.setdefault(address["channel_id"], []).append(post)
            self.keys[keys[0]] = self.now, post
        self._after()
        return self._receipt(post)

    async def edit(self, address: Address, post: StandingPost, edition: Edition, handle: str) -> Receipt:
        """Change what stands."""
        self._before()
        shown = self._find(address, post.external_ids)
        if shown is None:
            raise Gone("MESSAGE_ID_INVALID")
        shown.text = edition.messages[0].text.text
        self._after()
        return self._receipt(shown)

    async def delete(self, address: Address, external_ids: Sequence[int | str]) -> None:
        """Take it away."""
        self._before()
        shown = self._find(address, external_ids)
        if shown is not None:
            shown.deleted = True
        self._after()

    async def find(
        self, address: Address, edition: Edition, after: Any, since: datetime, handle: str
    ) -> Finding:
        """As the real one: the same text behind the newest known id."""
        if self.answer is not Answer.REFUSED:
            self._before()
        wanted = edition.messages[0].text.text
        for post in self.walls.get(address["channel_id"], []):
            if post.number > (after or 0) and post.text == wanted and not post.deleted:
                return Finding(found=Found.STANDS, receipt=self._receipt(post))
        return Finding(found=Found.UNKNOWN if after is None else Found.ABSENT)

    async def prepare(self, address: Address, edition: Edition) -> None:
        """Nothing to upload."""

    async def check(self) -> Identity:
        """Not asked for here."""
        raise NotImplementedError

    async def resolve(self, handle: str, address: Address | None = None) -> Resolved:
        """Not asked for here."""
        raise NotImplementedError

    async def read(self, address: Address, external_ids: Sequence[int | str]) -> tuple[PostReading, ...]:
        """Not asked for here."""
        raise NotImplementedError

    async def audience(self, address: Address) -> int:
        """Not asked for here."""
        raise NotImplementedError

    async def close(self) -> None:
        """Nothing is open."""

    def _before(self) -> None:
        match self.answer:
            case Answer.NEVER_CAME:
                raise Unconfirmed("TIMEOUT")
            case Answer.LIMITED:
                raise Limited("FLOOD_WAIT", timedelta(seconds=30), Scope.ACCOUNT)
            case Answer.UNREACHABLE:
                raise Unreachable("CONNECT")
            case Answer.REFUSED:
                raise Refused("MESSAGE_TOO_LONG")
            case Answer.CHANNEL_GONE:
                raise Gone("CHANNEL_INVALID", is_channel=True)

    def _after(self) -> None:
        if self.answer is Answer.LOST:
            raise Unconfirmed("LINK_LOST")

    def _find(self, address: Address, ids: Sequence[int | str]) -> Shown | None:
        wall = self.walls.get(address["channel_id"], [])
        return next((post for post in wall if post.number == ids[0] and not post.deleted), None)

    def _receipt(self, post: Shown) -> Receipt:
        return Receipt(external_ids=(post.number,), permalink=f"https://t.me/x/{post.number}", at=post.at)
