"""Editions as Telegram's requests. Pure."""

from collections.abc import Mapping, Sequence
from typing import Any

from telethon.tl import functions, types

from publisher.channels.base import Address
from publisher.core.editions import Edition, Message
from publisher.core.richtext import Entity, Mark, RichText

ENTITIES = {
    Mark.BOLD: types.MessageEntityBold,
    Mark.ITALIC: types.MessageEntityItalic,
    Mark.UNDERLINE: types.MessageEntityUnderline,
    Mark.STRIKE: types.MessageEntityStrike,
    Mark.SPOILER: types.MessageEntitySpoiler,
    Mark.CODE: types.MessageEntityCode,
    Mark.QUOTE: types.MessageEntityBlockquote,
}


def input_peer(address: Address) -> Any:
    """The channel as the target of a send."""
    return types.InputPeerChannel(int(address["channel_id"]), int(address["access_hash"]))


def input_channel(address: Address) -> Any:
    """The channel as the subject of a call."""
    return types.InputChannel(int(address["channel_id"]), int(address["access_hash"]))


def send_request(
    address: Address, edition: Edition, message: Message, media: Sequence[Any], keys: Sequence[int]
) -> Any:
    """The one request that puts a message up; `media` are its files as stored on the network."""
    peer, text, entities = input_peer(address), message.text.text, input_entities(message.text)
    silent = edition.silent or None
    if not media:
        return functions.messages.SendMessageRequest(
            peer, text, random_id=keys[0], entities=entities, silent=silent,
            no_webpage=(not edition.link_preview) or None,
        )  # fmt: skip
    if len(media) == 1:
        return functions.messages.SendMediaRequest(
            peer, media[0], text, random_id=keys[0], entities=entities, silent=silent
        )
    first, *others = zip(media, keys, strict=True)
    singles = [
        types.InputSingleMedia(first[0], random_id=first[1], message=text, entities=entities),
        *(types.InputSingleMedia(file, random_id=key, message="") for file, key in others),
    ]
    return functions.messages.SendMultiMediaRequest(peer, singles, silent=silent)


def edit_requests(
    address: Address,
    ids: Sequence[int],
    old: Message,
    new: Message,
    media: Mapping[int, Any],
    *,
    link_preview: bool,
) -> list[Any]:
    """The requests that make one standing message, element by element, show another one of the same shape.

    `media` holds the files that change, by place. The text stands on the first element.
    """
    requests = []
    for place, number in enumerate(ids):
        has_text = place == 0 and bool(new.text.text or old.text.text)
        if not has_text and place not in media:
            continue
        text = new.text if place == 0 else RichText(text="")
        request = functions.messages.EditMessageRequest(
            input_peer(address), number, message=text.text, entities=input_entities(text),
            media=media.get(place), no_webpage=(not link_preview) or None,
        )  # fmt: skip
        requests.append(request)
    return requests


def input_entities(text: RichText) -> list[Any] | None:
    """The marks of a text; None where there are none."""
    return [_entity(entity) for entity in text.entities] or None


def _entity(entity: Entity) -> Any:
    place = entity.offset, entity.length
    match entity.mark:
        case Mark.LINK:
            return types.MessageEntityTextUrl(*place, url=entity.target)
        case Mark.EMOJI:
            return types.MessageEntityCustomEmoji(*place, document_id=int(entity.target or 0))
        case Mark.EXPANDABLE_QUOTE:
            return types.MessageEntityBlockquote(*place, collapsed=True)
    return ENTITIES[entity.mark](*place)
