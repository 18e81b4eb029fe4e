"""What readers of a channel see, as plain data."""

import time
from typing import Any

from publisher.sandbox.audience import forwards, reactions, views
from publisher.sandbox.telegram import Telegram
from publisher.sandbox.world import Channel, Post


def describe_channel(telegram: Telegram, channel: Channel, *, deleted: bool = False) -> list[dict[str, Any]]:
    """The channel's posts, oldest first; the deleted ones only when asked for."""
    audience = telegram.count(channel)
    return [
        _describe(telegram, post, audience)
        for post in channel.posts.values()
        if deleted or post.deleted_at is None
    ]


def _describe(telegram: Telegram, post: Post, audience: int) -> dict[str, Any]:
    now, seed = time.time(), telegram.world.seed
    media = [{**post.media, "url": f"/media/{post.media['sha256']}"}] if post.media else []
    return {
        "id": post.id,
        "date": post.date,
        "edit_date": post.edit_date,
        "text": post.text,
        "entities": post.entities,
        "media": media,
        "grouped_id": post.grouped_id,
        "views": views(post, audience, seed, now),
        "forwards": forwards(post, audience, seed, now),
        "reactions": reactions(post, audience, seed, now),
        "pinned": post.pinned,
        "silent": post.silent,
        "deleted_at": post.deleted_at,
    }
