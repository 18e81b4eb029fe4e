"""Looking for our own post among a channel's messages. A bot may read by id only, so ids are probed."""

from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime, timedelta
from typing import Any

from telethon.tl import types

from publisher.core.editions import Edition, MediaKind, Message
from publisher.core.receipts import Found

# Telegram answers up to a hundred ids at once; a hundred missing ones in a row are no gap but the end.
IDS_AT_ONCE = 100
MOST_PROBES = 50
# The network's clock and ours may differ a little.
CLOCK_SLACK = timedelta(minutes=2)

# From ids to the messages that the network has for them, MessageEmpty for what is missing.
Fetch = Callable[[Sequence[int]], Awaitable[Sequence[Any]]]


async def find_edition(
    fetch: Fetch, edition: Edition, after: int | None, since: datetime
) -> tuple[Found, list[Any]]:
    """Probe the ids behind `after` for a post that shows the edition; its messages when it stands.

    ABSENT is said only if the probe surely looked where the post would be: it began at a known id (or met a
    message of that time), then found the end of the channel, and no part of the edition on the way. A post
    that somebody deleted meanwhile is absent, too. UNKNOWN is everything else.
    """
    seen: list[Any] = []
    has_place = after is not None
    for probe in range(MOST_PROBES):
        start = (after or 0) + 1 + probe * IDS_AT_ONCE
        present = [message for message in await fetch(range(start, start + IDS_AT_ONCE)) if _exists(message)]
        has_place = has_place or any(message.date >= since for message in present)
        seen += (message for message in present if isinstance(message, types.Message))
        matched = match_edition(edition, seen, since)
        if matched:
            return Found.STANDS, matched
        if not present and has_place:
            return (Found.UNKNOWN if _has_part(edition, seen, since) else Found.ABSENT), []
    return Found.UNKNOWN, []


def match_edition(edition: Edition, messages: Sequence[Any], since: datetime) -> list[Any]:
    """The messages that together are the edition, one per element, or none.

    `messages` are Telethon messages in order of id; older than `since` do not count. The text and the kinds
    of its files must be the same; the files themselves cannot be compared.
    """
    fresh = [message for message in messages if message.date >= since - CLOCK_SLACK]
    groups = _groups(fresh)
    found: list[Any] = []
    for wanted in edition.messages:
        place = next((i for i, group in enumerate(groups) if _shows(wanted, group)), None)
        if place is None:
            return []
        found += groups[place]
        groups = groups[place + 1 :]
    return found


def _exists(message: Any) -> bool:
    return isinstance(message, types.Message | types.MessageService)


def _has_part(edition: Edition, messages: Sequence[Any], since: datetime) -> bool:
    return any(match_edition(Edition(messages=(part,)), messages, since) for part in edition.messages)


def _groups(messages: Sequence[Any]) -> list[list[Any]]:
    """Messages as posts: the pictures of an album together."""
    groups: list[list[Any]] = []
    for message in messages:
        same = groups and message.grouped_id is not None and groups[-1][0].grouped_id == message.grouped_id
        if same:
            groups[-1].append(message)
        else:
            groups.append([message])
    return groups


def _shows(wanted: Message, group: Sequence[Any]) -> bool:
    kinds = [kind for kind in map(_kind, group) if kind is not None]
    return (
        len(group) == wanted.elements
        and kinds == [ref.kind for ref in wanted.media]
        and (group[0].message or "").strip() == wanted.text.text.strip()
    )


def _kind(message: Any) -> MediaKind | None:
    """A link's preview is media to the network, but not to us."""
    match message.media:
        case types.MessageMediaPhoto():
            return MediaKind.PHOTO
        case types.MessageMediaDocument():
            return MediaKind.DOCUMENT
    return None
