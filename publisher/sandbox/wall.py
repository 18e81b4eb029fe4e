"""What readers of a channel see, as plain data: for tests and drills in full, for the page as bubbles."""

import time
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import groupby, islice
from typing import Any

from publisher.sandbox.telegram import Telegram
from publisher.sandbox.world import Channel, Media, Post

FIRST_LETTERS = 2


def describe_channel(telegram: Telegram, channel: Channel, *, deleted: bool = False) -> list[dict[str, Any]]:
    """The channel's posts, oldest first; the deleted ones only when asked for."""
    now = time.time()
    return [
        _describe(telegram, channel, post, now)
        for post in channel.posts.values()
        if deleted or post.deleted_at is None
    ]


def _describe(telegram: Telegram, channel: Channel, post: Post, now: float) -> dict[str, Any]:
    earned = telegram.readers.impression(channel, post, now)
    media = [{**post.media, "url": f"/media/{post.media['id']}"}] if post.media else []
    return {
        "id": post.id,
        "date": post.date,
        "edit_date": post.edit_date,
        "text": post.text,
        "entities": post.entities,
        "media": media,
        "grouped_id": post.grouped_id,
        "views": earned.views,
        "forwards": earned.forwards,
        "reactions": earned.reactions,
        "pinned": post.pinned,
        "silent": post.silent,
        "deleted_at": post.deleted_at,
    }


@dataclass(frozen=True, slots=True, kw_only=True)
class Bubble:
    """One post as readers see it; an album is one. `text_id` is the message that holds the text."""

    id: int
    text_id: int
    date: int
    edit_date: int | None
    text: str
    entities: tuple[dict[str, Any], ...]
    photos: tuple[Media, ...]
    files: tuple[Media, ...]
    views: int
    forwards: int
    reactions: tuple[tuple[str, int], ...]
    pinned: bool
    silent: bool
    deleted_at: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Tile:
    """A channel with its last posts, the newest last. `older` says that there are more before them."""

    id: int
    handle: str
    title: str
    about: str
    subscribers: int
    bubbles: tuple[Bubble, ...]
    older: bool = False

    @property
    def letters(self) -> str:
        """What stands in its round picture."""
        words = [word for word in self.title.split() if word[0].isalnum()]
        return "".join(word[0] for word in words[:FIRST_LETTERS]).upper() or "#"

    @property
    def hue(self) -> int:
        """Which of the eight colours its round picture has."""
        return self.id % 8


def show_channel(
    telegram: Telegram, channel: Channel, last: int, *, deleted: bool = False, before: int | None = None
) -> Tile:
    """The channel and the last so many posts of it, or the last before a post."""
    now = time.time()
    newest_first = _bubbles(telegram, channel, deleted=deleted, before=before, now=now)
    bubbles = list(islice(newest_first, last + 1))
    return Tile(
        id=channel.id,
        handle=channel.handle,
        title=channel.title,
        about=channel.about,
        subscribers=telegram.readers.count(channel, now),
        bubbles=tuple(reversed(bubbles[:last])),
        older=len(bubbles) > last,
    )


def _bubbles(
    telegram: Telegram, channel: Channel, *, deleted: bool, before: int | None, now: float
) -> Iterator[Bubble]:
    posts = (
        post
        for post in reversed(channel.posts.values())
        if (deleted or post.deleted_at is None) and (before is None or post.id < before)
    )
    for _, group in groupby(posts, key=lambda post: post.grouped_id or -post.id):
        yield _bubble(telegram, channel, list(group)[::-1], now)


def _bubble(telegram: Telegram, channel: Channel, posts: list[Post], now: float) -> Bubble:
    """A post, or the pictures of an album in one. What is deleted of an album counts when all of it is."""
    first = posts[0]
    told = next((post for post in posts if post.text), first)
    media = [Media(**post.media) for post in posts if post.media]
    earned = telegram.readers.impression(channel, first, now)
    deletions = [post.deleted_at for post in posts]
    return Bubble(
        id=first.id,
        text_id=told.id,
        date=first.date,
        edit_date=max((post.edit_date or 0 for post in posts), default=0) or None,
        text=told.text,
        entities=tuple(told.entities),
        photos=tuple(one for one in media if one.kind == "photo"),
        files=tuple(one for one in media if one.kind != "photo"),
        views=earned.views,
        forwards=earned.forwards,
        reactions=tuple((emoji, count) for emoji, count in earned.reactions.items() if count),
        pinned=any(post.pinned for post in posts),
        silent=first.silent,
        deleted_at=max(at for at in deletions if at) if all(deletions) else None,
    )
