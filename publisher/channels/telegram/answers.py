"""Telegram's answers as receipts and readings. Pure."""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from typing import Any

from telethon.tl import types

from publisher.channels.base import Address, PostReading, Receipt
from publisher.core.messages import N_
from publisher.core.platforms import TELEGRAM
from publisher.errors import Unconfirmed


def sent_messages(answer: Any, keys: Sequence[int]) -> list[Any]:
    """The messages that a send put up, in the order of their keys; an album's may come in any order."""
    ids = {u.random_id: u.id for u in answer.updates if isinstance(u, types.UpdateMessageID)}
    new = types.UpdateNewChannelMessage | types.UpdateNewMessage
    messages = {u.message.id: u.message for u in answer.updates if isinstance(u, new)}
    try:
        return [messages[ids[key]] for key in keys]
    except KeyError as error:
        # The answer came, but without the message: it stands, we do not know where.
        raise Unconfirmed("NO_MESSAGE_IN_ANSWER") from error


def read_receipt(messages: Sequence[Any], address: Address, handle: str) -> Receipt:
    """The receipt of messages that stand; one deleted meanwhile has lost its date."""
    return Receipt(
        external_ids=tuple(message.id for message in messages),
        permalink=permalink(address, handle, messages[0].id),
        at=getattr(messages[0], "date", None) or datetime.now(UTC),
    )


def permalink(address: Address, handle: str, number: int | str) -> str:
    """The address of a post: by the public name, else the private form, which only members can open."""
    if handle:
        return TELEGRAM.permalink.format(handle=handle, id=number)
    return f"https://t.me/c/{address['channel_id']}/{number}"


def read_element(number: int, message: Any) -> PostReading:
    """What one id shows; a deleted one and a service message show nothing of ours."""
    if not isinstance(message, types.Message):
        return PostReading(external_id=number, exists=False)
    reactions = message.reactions.results if message.reactions else None
    discussion = message.replies if message.replies and message.replies.comments else None
    return PostReading(
        external_id=number,
        exists=True,
        text=message.message or "",
        views=message.views,
        forwards=message.forwards,
        reactions=sum(reaction.count for reaction in reactions) if reactions is not None else None,
        comments=discussion.replies if discussion else None,
        edited_at=message.edit_date,
    )


def missing_rights(channel: Any) -> Iterator[str]:
    """What the account may not do in the channel, in an administrator's words."""
    rights = channel.admin_rights
    if channel.creator:
        return
    if rights is None:
        yield N_("The account is no administrator of the channel.")
        return
    if not rights.post_messages:
        yield N_("The account may not post in the channel.")
    if not rights.edit_messages:
        yield N_("The account may not edit posts in the channel.")
    if not rights.delete_messages:
        yield N_("The account may not delete posts in the channel.")
