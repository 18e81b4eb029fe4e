"""The readers: a seeded model of who subscribes, who reads, who likes.

Everything follows from the seed, the channel's posts and the time: asked again, it answers the same.
"""

import hashlib
import math
import struct
from dataclasses import dataclass
from itertools import islice

from publisher.sandbox.world import Channel, Post

HOUR = 3600.0
# After two days a post has brought whom it brings.
SETTLED_AFTER = 48 * HOUR
EMOJI = ("👍", "❤", "🔥", "😢")


@dataclass(frozen=True, slots=True, kw_only=True)
class Impression:
    """What a post has earned by now."""

    views: int
    forwards: int
    reactions: dict[str, int]


@dataclass(slots=True)
class _Past:
    """What no longer changes of a channel's count: whole hours of drift, posts older than two days."""

    basis: tuple[float, int, int]
    hours: int = 0
    posts: int = 0
    gained: float = 0.0
    brought: float = 0.0


class Readers:
    """All channels' readers. It only ever works out what is new, so a channel of a year costs no more."""

    def __init__(self, seed: int) -> None:
        self._seed = seed
        self._pasts: dict[int, _Past] = {}

    def count(self, channel: Channel, now: float) -> int:
        """Subscribers: the base value, drifting by the hour, with what each post has brought since."""
        past = self._past(channel, now)
        young = islice(channel.posts.values(), past.posts, None)
        brought = past.brought + sum(self._brings(channel, post, now) for post in young)
        return max(0, round(channel.subscribers + past.gained + brought))

    def impression(self, channel: Channel, post: Post, now: float) -> Impression:
        """Views, forwards and reactions; they only grow."""
        reach, shares, *likes = self._chances("post", channel.id, post.id)
        seen = channel.subscribers * (0.15 + 0.4 * reach) * _risen(now - post.date, 4 * HOUR) * post.draw
        return Impression(
            views=1 + round(seen),
            forwards=round(seen * 0.02 * shares * post.draw),
            reactions={emoji: round(seen * 0.03 * like) for emoji, like in zip(EMOJI, likes, strict=False)},
        )

    def _past(self, channel: Channel, now: float) -> _Past:
        basis = (channel.counted_at, channel.subscribers, channel.altered)
        hours = max(0, int((now - channel.counted_at) / HOUR))
        past = self._pasts.get(channel.id)
        if past is None or past.basis != basis or hours < past.hours:
            past = self._pasts[channel.id] = _Past(basis)
        for hour in range(past.hours, hours):
            past.gained += (self._chances("hour", channel.id, hour)[0] - 0.42) * channel.subscribers * 2e-4
        past.hours = hours
        for post in islice(channel.posts.values(), past.posts, None):
            if now - post.date < SETTLED_AFTER:
                break
            past.brought += self._brings(channel, post, now)
            past.posts += 1
        return past

    def _brings(self, channel: Channel, post: Post, now: float) -> float:
        """How many readers a post has brought since the base was counted, or cost.

        An album counts once, by its caption.
        """
        if post.deleted_at is not None or post.date > now or (post.grouped_id and not post.text):
            return 0.0
        chance = self._chances("gain", channel.id, post.id)[0]
        before, after = (_risen(at - post.date, 6 * HOUR) for at in (channel.counted_at, now))
        return channel.subscribers * 1e-3 * (chance - 0.3) * (after - before)

    def _chances(self, *parts: object) -> tuple[float, ...]:
        """Eight numbers from 0 to 1 that belong to their parts for ever."""
        digest = hashlib.sha256(":".join(map(str, (self._seed, *parts))).encode()).digest()
        return tuple(number / 2**32 for number in struct.unpack("<8I", digest))


def _risen(age: float, pace: float) -> float:
    """How much of its effect a post has had at this age, from 0 to 1."""
    return 1.0 if age >= SETTLED_AFTER else 1 - math.exp(-max(0.0, age) / pace)
