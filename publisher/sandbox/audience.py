"""The readers: a seeded model of who subscribes, who reads, who likes. Pure functions of seed and time."""

import hashlib
import math

from publisher.sandbox.world import Channel, Post

HOUR = 3600.0
EMOJI = ("👍", "❤", "🔥", "😢")


def _chance(*parts: object) -> float:
    """A number from 0 to 1 that belongs to its parts for ever."""
    digest = hashlib.sha256(":".join(map(str, parts)).encode()).digest()
    return int.from_bytes(digest[:8], "big") / 2**64


def subscribers(channel: Channel, seed: int, now: float) -> int:
    """The base value, drifting by the hour, with a bump that each post of the last days brings."""
    hours = max(0.0, (now - channel.counted_at) / HOUR)
    drift = sum(
        (_chance(seed, channel.id, "drift", hour) - 0.42) * channel.subscribers * 2e-4
        for hour in range(int(min(hours, 24 * 60)))
    )
    bump = sum(
        (1 - math.exp(-(now - post.date) / (6 * HOUR)))
        * channel.subscribers
        * 1e-3
        * (_chance(seed, channel.id, post.id) - 0.3)
        for post in channel.posts.values()
        if post.deleted_at is None and post.grouped_id is None and post.date <= now
    )
    return max(0, round(channel.subscribers + drift + bump))


def _reach(post: Post, seed: int, now: float) -> float:
    """The share of the audience that has seen the post by now."""
    share = 0.15 + 0.4 * _chance(seed, "reach", post.random_id, post.id)
    return share * (1 - math.exp(-max(0.0, now - post.date) / (4 * HOUR)))


def views(post: Post, audience: int, seed: int, now: float) -> int:
    """Views by now; at least the sender's own."""
    return 1 + round(audience * _reach(post, seed, now))


def forwards(post: Post, audience: int, seed: int, now: float) -> int:
    """Forwards by now."""
    return round(audience * _reach(post, seed, now) * 0.02 * _chance(seed, "forwards", post.id))


def reactions(post: Post, audience: int, seed: int, now: float) -> dict[str, int]:
    """Reactions by now, by emoji."""
    reached = audience * _reach(post, seed, now)
    return {emoji: round(reached * 0.03 * _chance(seed, emoji, post.id)) for emoji in EMOJI}
