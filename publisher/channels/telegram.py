"""Telegram through Telethon: a bot token over MTProto (quirks: docs/developer/telegram.md).

Telethon sends again, by itself and without a word, what was pending when a link dropped; so a client object
that lost its link or a call is thrown away, and a new one is opened on the same session. Our stored random_id
makes every repeat harmless.
"""

import asyncio
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from telethon import TelegramClient
from telethon.crypto import rsa
from telethon.errors import AuthKeyNotFound, InvalidBufferError, RPCError, SecurityError
from telethon.sessions import StringSession
from telethon.tl import functions, types

from publisher.channels.base import (
    Address,
    Credentials,
    Finding,
    Identity,
    MediaFiles,
    PostReading,
    Receipt,
    Resolved,
    StandingPost,
)
from publisher.channels.telegram_errors import DUPLICATE, NOT_MODIFIED, name_of, translate
from publisher.channels.telegram_find import match_edition
from publisher.core.editions import Edition, MediaKind, MediaRef, Message
from publisher.core.messages import N_
from publisher.core.platforms import TELEGRAM
from publisher.core.receipts import Found
from publisher.core.richtext import Entity, Mark
from publisher.errors import ChannelError, Gone, Refused, SignedOut, Unconfirmed, Unreachable

CONNECT_SECONDS = 10.0
# Pictures go up over slow lines, too, and an upload may be repeated: it may take long.
UPLOAD_SECONDS = 300.0
IDS_AT_ONCE = 100
PROBES = 50
DUPLICATE_PAUSE = 1.0
# What Telethon raises when the link is gone: the outcome of whatever was under way is unknown.
LOST = (OSError, EOFError, TimeoutError, asyncio.CancelledError, InvalidBufferError, SecurityError)


def connect_telegram(
    credentials: Credentials,
    media: MediaFiles,
    *,
    server: tuple[str, int] | None,
    server_key: Path | None,
    timeout: timedelta,
) -> "TelegramChannel":
    """The adapter of one bot; `server` and `server_key` point it at another Telegram-compatible server."""
    if server_key is not None:
        rsa.add_key(server_key.read_text("ascii"), old=False)
    return TelegramChannel(credentials, media, server, timeout)


class TelegramChannel:
    """One bot's link to Telegram. Safe for many calls at once on one event loop."""

    platform = TELEGRAM

    def __init__(
        self, credentials: Credentials, media: MediaFiles, server: tuple[str, int] | None, timeout: timedelta
    ) -> None:
        self._values = credentials.values
        self._session = credentials.session
        self._media = media
        self._server = server
        self._timeout = timeout.total_seconds()
        self._client: Any = None
        self._connecting = asyncio.Lock()
        self._closing: set[asyncio.Task[None]] = set()

    # The protocol

    async def check(self) -> Identity:
        """Connect and say who we are."""
        await self._connected()
        users = await self._call(functions.users.GetUsersRequest([types.InputUserSelf()]), vector=True)
        return Identity(name=users[0].first_name or users[0].username or "", session=self._session or "")

    async def resolve(self, handle: str) -> Resolved:
        """Find the channel by its public name; once, because that call is limited most tightly."""
        found = await self._call(functions.contacts.ResolveUsernameRequest(handle))
        channel = found.chats[0] if found.chats else None
        if not isinstance(channel, types.Channel):
            raise Gone("USERNAME_NOT_OCCUPIED")
        return Resolved(
            address={"channel_id": channel.id, "access_hash": channel.access_hash},
            title=channel.title,
            missing_rights=tuple(_missing_rights(channel.admin_rights)),
        )

    async def publish(
        self,
        address: Address,
        edition: Edition,
        keys: Sequence[int],
        handle: str,
        after: int | str | None = None,
    ) -> Receipt:
        """Upload everything first, then send each message once."""
        peer = _peer(address)
        ready = [(message, await self._upload_all(peer, message)) for message in edition.messages]
        sent: list[Any] = []
        place = 0
        for message, media in ready:
            chunk = keys[place : place + message.elements]
            place += message.elements
            try:
                sent += await self._send(peer, edition, message, media, chunk)
            except _Duplicate as error:
                return await self._find_duplicate(address, edition, after, handle, error)
        return _receipt(sent, address, handle)

    async def edit(self, address: Address, post: StandingPost, edition: Edition, handle: str) -> Receipt:
        """Make each part show the edition."""
        if edition.shape != post.edition.shape:
            raise Refused("MEDIA_PREV_INVALID")
        peer = _peer(address)
        ids = iter(post.external_ids)
        for old, new in zip(post.edition.messages, edition.messages, strict=True):
            await self._edit_message(peer, [int(next(ids)) for _ in range(new.elements)], old, new, edition)
        first = post.external_ids[0]
        return Receipt(
            external_ids=post.external_ids, permalink=_permalink(address, handle, first), at=datetime.now(UTC)
        )

    async def delete(self, address: Address, external_ids: Sequence[int | str]) -> None:
        """Take the post away; ids that are gone already are no error."""
        ids = [int(number) for number in external_ids]
        await self._call(functions.channels.DeleteMessagesRequest(_channel(address), ids), changes=True)

    async def find(
        self, address: Address, edition: Edition, after: int | str | None, since: datetime, handle: str
    ) -> Finding:
        """Probe the ids behind `after`: a bot may read by id only.

        A hundred missing ids in a row are taken for the end of the channel: Telegram leaves gaps of a few.
        """
        seen: list[Any] = []
        start = int(after or 0) + 1
        for probe in range(PROBES):
            first = start + probe * IDS_AT_ONCE
            found = await self._get(address, list(range(first, first + IDS_AT_ONCE)))
            standing = [message for message in found if isinstance(message, types.Message)]
            seen += standing
            matched = match_edition(edition, seen, since)
            if matched:
                return Finding(found=Found.STANDS, receipt=_receipt(matched, address, handle))
            if not standing:
                partial = any(
                    match_edition(Edition(messages=(message,)), seen, since) for message in edition.messages
                )
                return Finding(found=Found.UNKNOWN if partial else Found.ABSENT)
        return Finding(found=Found.UNKNOWN)

    async def read(self, address: Address, external_ids: Sequence[int | str]) -> tuple[PostReading, ...]:
        """What each id shows now."""
        readings: list[PostReading] = []
        for start in range(0, len(external_ids), IDS_AT_ONCE):
            ids = [int(number) for number in external_ids[start : start + IDS_AT_ONCE]]
            messages = {message.id: message for message in await self._get(address, ids)}
            readings += [_reading(number, messages.get(number)) for number in ids]
        return tuple(readings)

    async def audience(self, address: Address) -> int:
        """Subscribers now."""
        full = await self._call(functions.channels.GetFullChannelRequest(_channel(address)))
        return int(full.full_chat.participants_count)

    async def close(self) -> None:
        """Drop the link."""
        if self._client is not None:
            self._discard(self._client)
        await asyncio.gather(*self._closing, return_exceptions=True)

    # Sending

    async def _send(
        self, peer: Any, edition: Edition, message: Message, media: Sequence[Any], keys: Sequence[int]
    ) -> list[Any]:
        """The standing messages of one send, one per key, in order."""
        text, entities = message.text.text, _entities(message.text.entities)
        if not media:
            request: Any = functions.messages.SendMessageRequest(
                peer, text, random_id=keys[0], entities=entities, silent=edition.silent or None,
                no_webpage=(not edition.link_preview) or None,
            )  # fmt: skip
        elif len(media) == 1:
            request = functions.messages.SendMediaRequest(
                peer, media[0], text, random_id=keys[0], entities=entities, silent=edition.silent or None
            )
        else:
            singles = [
                types.InputSingleMedia(
                    file, random_id=key, message="" if place else text, entities=None if place else entities
                )
                for place, (file, key) in enumerate(zip(media, keys, strict=True))
            ]
            request = functions.messages.SendMultiMediaRequest(peer, singles, silent=edition.silent or None)
        return _sent_messages(await self._call_once_more(request), keys)

    async def _call_once_more(self, request: Any) -> Any:
        """The answer to a send. A duplicate that comes without its message is asked for once more."""
        try:
            return await self._call(request, changes=True)
        except _Duplicate:
            await asyncio.sleep(DUPLICATE_PAUSE)
            return await self._call(request, changes=True)

    async def _find_duplicate(
        self, address: Address, edition: Edition, after: int | str | None, handle: str, error: "_Duplicate"
    ) -> Receipt:
        """The network says that it stands, but not where: look for it."""
        long_ago = datetime.fromtimestamp(0, UTC)
        finding = await self.find(address, edition, after, long_ago, handle)
        if finding.receipt is None:
            raise Unconfirmed(DUPLICATE) from error
        return finding.receipt

    async def _edit_message(
        self, peer: Any, ids: Sequence[int], old: Message, new: Message, edition: Edition
    ) -> None:
        for place, number in enumerate(ids):
            changed = bool(new.media) and new.media[place].sha256 != old.media[place].sha256
            has_text = place == 0 and bool(new.text.text or old.text.text)
            if not (changed or has_text):
                continue
            media = await self._upload(new.media[place]) if changed else None
            request = functions.messages.EditMessageRequest(
                peer, number, message=new.text.text if place == 0 else "", media=media,
                entities=_entities(new.text.entities) if place == 0 else None,
                no_webpage=(not edition.link_preview) or None,
            )  # fmt: skip
            try:
                await self._call(request, changes=True)
            except _NotModified:
                continue

    # Files

    async def _upload_all(self, peer: Any, message: Message) -> list[Any]:
        """The files of one message as inputs; those of an album are stored on the network first."""
        uploaded = [await self._upload(ref) for ref in message.media]
        if len(uploaded) < 2:
            return uploaded
        return [await self._store(peer, file) for file in uploaded]

    async def _upload(self, ref: MediaRef) -> Any:
        file = self._media(ref.sha256)
        if not file.is_file():
            raise Refused("MEDIA_MISSING", ref.name)
        client = await self._connected()
        try:
            async with asyncio.timeout(UPLOAD_SECONDS):
                handle = await client.upload_file(str(file), file_name=ref.name)
        except RPCError as error:
            raise _surely_not_applied(translate(error)) from error
        except LOST as error:
            raise self._lost(client, error, changes=False) from error
        if ref.kind is MediaKind.PHOTO:
            return types.InputMediaUploadedPhoto(handle)
        name = types.DocumentAttributeFilename(ref.name)
        return types.InputMediaUploadedDocument(handle, ref.mime, [name], force_file=True)

    async def _store(self, peer: Any, file: Any) -> Any:
        stored = await self._call(functions.messages.UploadMediaRequest(peer, file))
        if isinstance(stored, types.MessageMediaPhoto):
            photo = stored.photo
            return types.InputMediaPhoto(types.InputPhoto(photo.id, photo.access_hash, photo.file_reference))
        document = stored.document
        return types.InputMediaDocument(
            types.InputDocument(document.id, document.access_hash, document.file_reference)
        )

    # The link

    async def _get(self, address: Address, ids: Sequence[int]) -> Sequence[Any]:
        wanted = [types.InputMessageID(number) for number in ids]
        found = await self._call(functions.channels.GetMessagesRequest(_channel(address), wanted))
        messages: Sequence[Any] = found.messages
        return messages

    async def _call(self, request: Any, *, changes: bool = False, vector: bool = False) -> Any:
        """One request, one answer. Telethon's own call would remember floods for all channels and sleep over
        server errors; its sender does neither."""
        client = await self._connected()
        # A vector cannot be read behind the wrapper.
        wrapped = request if vector else functions.InvokeWithoutUpdatesRequest(request)
        try:
            async with asyncio.timeout(self._timeout):
                return await client._sender.send(wrapped)
        except RPCError as error:
            raise _translated(error, changes=changes) from error
        except LOST as error:
            raise self._lost(client, error, changes=changes) from error

    def _lost(self, client: Any, error: BaseException, *, changes: bool) -> BaseException:
        """Throw the client away. What changes something may have been applied; the rest surely was not."""
        self._discard(client)
        task = asyncio.current_task()
        if isinstance(error, asyncio.CancelledError) and task is not None and task.cancelling():
            return error
        kind = Unconfirmed if changes else Unreachable
        return kind(type(error).__name__.upper())

    def _discard(self, client: Any) -> None:
        if self._client is client:
            self._client = None
        task = asyncio.ensure_future(_disconnect(client))
        self._closing.add(task)
        task.add_done_callback(self._closing.discard)

    async def _connected(self) -> Any:
        async with self._connecting:
            if self._client is not None and not self._client.is_connected():
                self._discard(self._client)
            if self._client is None:
                self._client = await self._connect()
            return self._client

    async def _connect(self) -> Any:
        """A new client on the kept session; where the network no longer knows it, a new sign-in."""
        if self._session is not None:
            try:
                return await self._open(self._session)
            except SignedOut:
                self._session = None
        return await self._open(None)

    async def _open(self, kept: str | None) -> Any:
        session = StringSession(kept)
        if self._server is not None:
            session.set_dc(2, *self._server)
        client = TelegramClient(
            session, int(self._values["api_id"]), self._values["api_hash"], auto_reconnect=False,
            request_retries=0, connection_retries=0, raise_last_call_error=True, flood_sleep_threshold=0,
            receive_updates=False, timeout=CONNECT_SECONDS,
        )  # fmt: skip
        try:
            async with asyncio.timeout(2 * CONNECT_SECONDS):
                await client.connect()
                if kept is None:
                    await self._sign_in(client)
                else:
                    await client._sender.send(functions.updates.GetStateRequest())
        except (RPCError, AuthKeyNotFound) as error:
            await _disconnect(client)
            raise _surely_not_applied(_translate_connect(error)) from error
        except LOST as error:
            self._discard(client)
            task = asyncio.current_task()
            if isinstance(error, asyncio.CancelledError) and task is not None and task.cancelling():
                raise
            raise Unreachable("CONNECT", type(error).__name__) from error
        self._session = session.save()
        return client

    async def _sign_in(self, client: Any) -> None:
        await client._sender.send(
            functions.auth.ImportBotAuthorizationRequest(
                flags=0,
                api_id=int(self._values["api_id"]),
                api_hash=self._values["api_hash"],
                bot_auth_token=self._values["bot_token"],
            )
        )


class _Duplicate(Unconfirmed):
    """The network knows the random_id but does not say which message it became."""


class _NotModified(ChannelError):
    """The post already shows exactly this."""


async def _disconnect(client: Any) -> None:
    try:
        async with asyncio.timeout(CONNECT_SECONDS):
            await client.disconnect()
    except (OSError, EOFError, TimeoutError):
        # The link is broken anyway; there is nothing left to close.
        return


def _translated(error: RPCError, *, changes: bool) -> ChannelError:
    name = name_of(error)
    if name == DUPLICATE:
        return _Duplicate(name)
    if name == NOT_MODIFIED:
        return _NotModified(name)
    translated = translate(error)
    return translated if changes else _surely_not_applied(translated)


def _surely_not_applied(error: ChannelError) -> ChannelError:
    """A read or an upload that failed leaves nothing to settle."""
    return Unreachable(error.code, error.detail) if isinstance(error, Unconfirmed) else error


def _translate_connect(error: RPCError | AuthKeyNotFound) -> ChannelError:
    if isinstance(error, RPCError):
        return translate(error)
    return SignedOut("AUTH_KEY_NOT_FOUND")


def _peer(address: Address) -> Any:
    return types.InputPeerChannel(int(address["channel_id"]), int(address["access_hash"]))


def _channel(address: Address) -> Any:
    return types.InputChannel(int(address["channel_id"]), int(address["access_hash"]))


def _missing_rights(rights: Any) -> Iterator[str]:
    if rights is None:
        yield N_("The account is no administrator of the channel.")
        return
    if not rights.post_messages:
        yield N_("The account may not post in the channel.")
    if not rights.edit_messages:
        yield N_("The account may not edit posts in the channel.")
    if not rights.delete_messages:
        yield N_("The account may not delete posts in the channel.")


def _sent_messages(result: Any, keys: Sequence[int]) -> list[Any]:
    """The messages of an answer in the order of their keys; an album's may come in any order."""
    ids = {u.random_id: u.id for u in result.updates if isinstance(u, types.UpdateMessageID)}
    new = types.UpdateNewChannelMessage | types.UpdateNewMessage
    messages = {u.message.id: u.message for u in result.updates if isinstance(u, new)}
    try:
        return [messages[ids[key]] for key in keys]
    except KeyError as error:
        # The answer came, but without the message: it stands, we do not know where.
        raise Unconfirmed("NO_MESSAGE_IN_ANSWER") from error


def _receipt(messages: Sequence[Any], address: Address, handle: str) -> Receipt:
    return Receipt(
        external_ids=tuple(message.id for message in messages),
        permalink=_permalink(address, handle, messages[0].id),
        at=messages[0].date or datetime.now(UTC),
    )


def _permalink(address: Address, handle: str, number: int | str) -> str:
    if handle:
        return TELEGRAM.permalink.format(handle=handle, id=number)
    return f"https://t.me/c/{address['channel_id']}/{number}"


def _reading(number: int, message: Any) -> PostReading:
    if not isinstance(message, types.Message):
        return PostReading(external_id=number, exists=False)
    reactions = message.reactions.results if message.reactions else None
    return PostReading(
        external_id=number,
        exists=True,
        text=message.message or "",
        views=message.views,
        forwards=message.forwards,
        reactions=sum(reaction.count for reaction in reactions) if reactions is not None else None,
        edited_at=message.edit_date,
    )


ENTITIES = {
    Mark.BOLD: types.MessageEntityBold,
    Mark.ITALIC: types.MessageEntityItalic,
    Mark.UNDERLINE: types.MessageEntityUnderline,
    Mark.STRIKE: types.MessageEntityStrike,
    Mark.SPOILER: types.MessageEntitySpoiler,
    Mark.CODE: types.MessageEntityCode,
}


def _entities(entities: Sequence[Entity]) -> list[Any] | None:
    return [_entity(entity) for entity in entities] or None


def _entity(entity: Entity) -> Any:
    place = entity.offset, entity.length
    match entity.mark:
        case Mark.LINK:
            return types.MessageEntityTextUrl(*place, url=entity.target)
        case Mark.EMOJI:
            return types.MessageEntityCustomEmoji(*place, document_id=int(entity.target or 0))
        case Mark.QUOTE:
            return types.MessageEntityBlockquote(*place)
        case Mark.EXPANDABLE_QUOTE:
            return types.MessageEntityBlockquote(*place, collapsed=True)
    return ENTITIES[entity.mark](*place)
