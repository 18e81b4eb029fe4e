"""Recognising our own post among a channel's messages."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from publisher.core.editions import Edition, Message

# The network's clock and ours may differ a little.
CLOCK_SLACK = timedelta(minutes=2)


def match_edition(edition: Edition, messages: Sequence[Any], since: datetime) -> list[Any]:
    """The messages that together are the edition, one per element, or none.

    `messages` are Telethon messages in order of id; older than `since` do not count. A text and its number of
    files must be the same; the files themselves cannot be compared.
    """
    fresh = [message for message in messages if message.date >= since - CLOCK_SLACK]
    groups = _groups(fresh)
    found: list[Any] = []
    for wanted in edition.messages:
        place = next((i for i, group in enumerate(groups) if _is(wanted, group)), None)
        if place is None:
            return []
        found += groups[place]
        groups = groups[place + 1 :]
    return found


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


def _is(wanted: Message, group: Sequence[Any]) -> bool:
    with_media = sum(message.media is not None for message in group)
    # A link's preview is media to the network, too: only a post with files is told apart by their number.
    if wanted.media and with_media != len(wanted.media):
        return False
    return len(group) == wanted.elements and (group[0].message or "").strip() == wanted.text.text.strip()
