"""Telegram through Telethon: a bot token over MTProto (quirks: docs/developer/telegram.md)."""

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from telethon.crypto import rsa
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
from publisher.channels.telegram.account import Account
from publisher.channels.telegram.answers import (
    missing_rights,
    permalink,
    read_element,
    read_receipt,
    sent_messages,
)
from publisher.channels.telegram.errors import Duplicate, NotModified
from publisher.channels.telegram.files import Files
from publisher.channels.telegram.finding import IDS_AT_ONCE, find_edition
from publisher.channels.telegram.link import Login
from publisher.channels.telegram.requests import edit_requests, input_channel, input_peer, send_request
from publisher.core.editions import Edition, Message
from publisher.core.platforms import TELEGRAM
from publisher.core.receipts import Found
from publisher.errors import ChannelError, ConfigError, Forbidden, Gone, Limited, Refused, Unreachable

# How long to wait for a send of the same key that the network is still busy with.
DUPLICATE_PAUSE = 1.0
LONG_AGO = datetime.fromtimestamp(0, UTC)


def connect_telegram(
    credentials: Credentials,
    media: MediaFiles,
    *,
    server: tuple[str, int] | None,
    server_key: Path | None,
    timeout: timedelta,
) -> "TelegramChannel":
    """The adapter of one bot; `server` and `server_key` point it at another Telegram-compatible server.

    A request without an answer for `timeout` has an unknown outcome. Telethon keeps the keys of servers for
    the whole process: another server and the real network never share one. Raises ConfigError for the key.
    """
    if server_key is not None:
        _add_key(server_key)
    login = Login(
        api_id=credentials.values.get("api_id", ""),
        api_hash=credentials.values.get("api_hash", ""),
        bot_token=credentials.values.get("bot_token", ""),
        server=server,
    )
    return TelegramChannel(Account(login, credentials.session, timeout.total_seconds()), media)


class TelegramChannel:
    """One bot on Telegram. Safe for many calls at once on one event loop."""

    platform = TELEGRAM

    def __init__(self, account: Account, media: MediaFiles) -> None:
        self._account = account
        self._files = Files(media, account.call)

    async def check(self) -> Identity:
        """Connect and say who we are."""
        request = functions.users.GetUsersRequest([types.InputUserSelf()])
        me = (await self._account.call(request, vector=True))[0]
        return Identity(name=me.first_name or me.username or "", session=self._account.session or "")

    async def resolve(self, handle: str, address: Address | None = None) -> Resolved:
        """By the address where one is known: finding by name is what Telegram limits most tightly.

        An address belongs to its bot; where it is no longer good, the name is asked for once more.
        """
        found = await self._look(address) if address else None
        found = found or await self._account.call(functions.contacts.ResolveUsernameRequest(handle))
        channel = found.chats[0] if found.chats else None
        if isinstance(channel, types.ChannelForbidden):
            raise Forbidden("CHANNEL_PRIVATE")
        if not isinstance(channel, types.Channel):
            raise Gone("USERNAME_NOT_OCCUPIED", is_channel=True)
        return Resolved(
            address={"channel_id": channel.id, "access_hash": channel.access_hash},
            title=channel.title,
            missing_rights=tuple(missing_rights(channel)),
        )

    async def prepare(self, address: Address, edition: Edition) -> None:
        """Each file once, whatever channel it is for."""
        for message in edition.messages:
            await self._store_all(address, message)

    async def publish(
        self,
        address: Address,
        edition: Edition,
        keys: Sequence[int],
        handle: str,
        after: int | str | None = None,
    ) -> Receipt:
        """Upload everything first, then send each message once."""
        ready = [(message, await self._store_all(address, message)) for message in edition.messages]
        sent: list[Any] = []
        for message, media in ready:
            chunk = keys[len(sent) : len(sent) + message.elements]
            newest = sent[-1].id if sent else after
            try:
                sent += await self._send(address, edition, message, media, chunk, newest)
            except ChannelError as error:
                if not sent:
                    raise
                raise await self._settle_half(address, sent, error) from error
        return read_receipt(sent, address, handle)

    async def edit(self, address: Address, post: StandingPost, edition: Edition, handle: str) -> Receipt:
        """Make each part show the edition."""
        if edition.shape != post.edition.shape:
            raise Refused("MEDIA_PREV_INVALID")
        at = datetime.now(UTC)
        for request in await self._edits(address, post, edition):
            try:
                at = (await self._account.call(request, changes=True)).date
            except NotModified:
                continue
        return Receipt(
            external_ids=post.external_ids,
            permalink=permalink(address, handle, post.external_ids[0]),
            at=at,
        )

    async def delete(self, address: Address, external_ids: Sequence[int | str]) -> None:
        """Take the post away; ids that are gone already are no error."""
        ids = [int(number) for number in external_ids]
        request = functions.channels.DeleteMessagesRequest(input_channel(address), ids)
        await self._account.call(request, changes=True)

    async def find(
        self, address: Address, edition: Edition, after: int | str | None, since: datetime, handle: str
    ) -> Finding:
        """Probe the ids behind `after` (telegram/finding.py says when the answer is sure)."""
        found, messages = await self._find(address, edition, after, since)
        receipt = read_receipt(messages, address, handle) if messages else None
        return Finding(found=found, receipt=receipt)

    async def read(self, address: Address, external_ids: Sequence[int | str]) -> tuple[PostReading, ...]:
        """What each id shows now."""
        ids = [int(number) for number in external_ids]
        messages: dict[int, Any] = {}
        for start in range(0, len(ids), IDS_AT_ONCE):
            found = await self._fetch(address, ids[start : start + IDS_AT_ONCE])
            messages |= {message.id: message for message in found}
        return tuple(read_element(number, messages.get(number)) for number in ids)

    async def audience(self, address: Address) -> int:
        """Subscribers now."""
        full = await self._account.call(functions.channels.GetFullChannelRequest(input_channel(address)))
        count = full.full_chat.participants_count
        if count is None:
            # Telegram leaves it out where the account may not see it.
            raise Forbidden("CHAT_ADMIN_REQUIRED")
        return int(count)

    async def close(self) -> None:
        """Drop the link."""
        await self._account.close()

    async def _look(self, address: Address) -> Any:
        try:
            return await self._account.call(functions.channels.GetChannelsRequest([input_channel(address)]))
        except Gone:
            return None

    async def _store_all(self, address: Address, message: Message) -> list[Any]:
        return [await self._files.store(input_peer(address), ref) for ref in message.media]

    async def _send(
        self,
        address: Address,
        edition: Edition,
        message: Message,
        media: Sequence[Any],
        keys: Sequence[int],
        after: int | str | None,
    ) -> list[Any]:
        """The standing messages of one send, one per key, in order."""
        request = send_request(address, edition, message, media, keys)
        try:
            answer = await self._call_twice(request)
        except Duplicate:
            found, messages = await self._find(address, Edition(messages=(message,)), after, LONG_AGO)
            if found is not Found.STANDS:
                raise
            return messages
        except Unreachable as error:
            if error.code.startswith("FILE_REFERENCE"):
                self._files.forget(message.media)
            raise
        return sent_messages(answer, keys)

    async def _call_twice(self, request: Any) -> Any:
        """The answer to a send. A duplicate that comes without its message is asked for once more."""
        try:
            return await self._account.call(request, changes=True)
        except Duplicate:
            await asyncio.sleep(DUPLICATE_PAUSE)
            return await self._account.call(request, changes=True)

    async def _settle_half(self, address: Address, sent: Sequence[Any], error: ChannelError) -> ChannelError:
        """What to raise when the first message stands and the second one failed.

        Where a repeat with the same keys may complete the post, the error says that something stands. Where
        the network will never take the second message, the first is taken away again.
        """
        if not isinstance(error, Refused):
            return _with_something_standing(error)
        try:
            await self.delete(address, [message.id for message in sent])
        except ChannelError:
            return _with_something_standing(error)
        return error

    async def _edits(self, address: Address, post: StandingPost, edition: Edition) -> list[Any]:
        """All requests of an edit, its new files uploaded."""
        ids = [int(number) for number in post.external_ids]
        requests: list[Any] = []
        for old, new in zip(post.edition.messages, edition.messages, strict=True):
            changed = {
                place: await self._files.store(input_peer(address), ref)
                for place, ref in enumerate(new.media)
                if ref.sha256 != old.media[place].sha256
            }
            own, ids = ids[: new.elements], ids[new.elements :]
            requests += edit_requests(address, own, old, new, changed, link_preview=edition.link_preview)
        return requests

    async def _find(
        self, address: Address, edition: Edition, after: int | str | None, since: datetime
    ) -> tuple[Found, list[Any]]:
        async def fetch(ids: Sequence[int]) -> Sequence[Any]:
            return await self._fetch(address, ids)

        return await find_edition(fetch, edition, None if after is None else int(after), since)

    async def _fetch(self, address: Address, ids: Sequence[int]) -> Sequence[Any]:
        wanted = [types.InputMessageID(number) for number in ids]
        request = functions.channels.GetMessagesRequest(input_channel(address), wanted)
        messages: Sequence[Any] = (await self._account.call(request)).messages
        return messages


def _with_something_standing(error: ChannelError) -> ChannelError:
    """The same error, saying that a part of the post stands."""
    copy = (
        Limited(error.code, error.retry_after, error.scope, error.detail)
        if isinstance(error, Limited)
        else type(error)(error.code, error.detail)
    )
    copy.may_have_applied = True
    return copy


def _add_key(file: Path) -> None:
    try:
        rsa.add_key(file.read_text("ascii"), old=False)
    except (OSError, ValueError) as error:
        raise ConfigError("telegram.server_key", str(file), "a public RSA key in PEM, PKCS#1") from error
