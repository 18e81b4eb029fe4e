"""Telethon as it comes, without our adapter, on the sandbox's Telegram."""

import io
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from itertools import count
from typing import Any

from PIL import Image
from telethon import TelegramClient, utils
from telethon.crypto import rsa
from telethon.errors import RPCError
from telethon.sessions import StringSession
from telethon.tl import functions, types

from tests.sandbox_process import Bot, SandboxProcess

SETTINGS: dict[str, Any] = {
    "auto_reconnect": False, "request_retries": 0, "raise_last_call_error": True, "flood_sleep_threshold": 0,
    "receive_updates": False,
}  # fmt: skip
_random_id = count(1)


class Speaker:
    """A signed-in bot in one channel."""

    def __init__(self, client: TelegramClient, peer: Any) -> None:
        self.client = client
        self.peer = peer

    async def ask(self, request: Any) -> Any:
        """One request, past Telethon's own retries."""
        await request.resolve(self.client, utils)
        return await self.client._sender.send(request)

    async def refused(self, request: Any) -> tuple[int, str]:
        """The error that a request is answered with: code and name."""
        try:
            answer = await self.ask(request)
        except RPCError as error:
            return error.code, name_of(error)
        raise AssertionError(f"not refused: {answer}")

    async def say(self, text: str, *, random_id: int | None = None, entities: Sequence[Any] = ()) -> int:
        """Post a text; its id."""
        return first_id(await self.ask(self.text(text, random_id=random_id, entities=entities)))

    def text(self, text: str, *, random_id: int | None = None, **values: Any) -> Any:
        """A request to post a text."""
        number = next(_random_id) if random_id is None else random_id
        return functions.messages.SendMessageRequest(self.peer, text, random_id=number, **values)

    def photo(self, media: Any, text: str = "", **values: Any) -> Any:
        """A request to post a photo or a file."""
        return functions.messages.SendMediaRequest(
            self.peer, media, text, random_id=next(_random_id), **values
        )

    def album(self, media: Sequence[Any], *, random_ids: Sequence[int] = (), text: str = "") -> Any:
        """A request to post an album."""
        singles = [
            types.InputSingleMedia(
                media=one,
                random_id=random_ids[place] if random_ids else next(_random_id),
                message="" if place else text,
            )
            for place, one in enumerate(media)
        ]
        return functions.messages.SendMultiMediaRequest(self.peer, singles)

    async def store(self, data: bytes, name: str = "a.png", mime: str | None = None) -> Any:
        """A stored photo, or with a type a stored document, ready to be sent."""
        uploaded = await self.upload(data, name, mime)
        result = await self.ask(functions.messages.UploadMediaRequest(self.peer, uploaded))
        return utils.get_input_media(result.photo if mime is None else result.document)

    async def upload(self, data: bytes, name: str = "a.png", mime: str | None = None) -> Any:
        """An uploaded photo, or with a type an uploaded document."""
        handle = await self.client.upload_file(data, file_name=name)
        if mime is None:
            return types.InputMediaUploadedPhoto(handle)
        return types.InputMediaUploadedDocument(handle, mime, [types.DocumentAttributeFilename(name)])


@asynccontextmanager
async def speaking(sandbox: SandboxProcess, handle: str, bot: Bot | None = None) -> AsyncIterator[Speaker]:
    """A bot with all rights in a channel, both made where they are not there."""
    bot = bot or sandbox.add_bot()
    sandbox.add_channels([handle], bot)
    client = TelegramClient(StringSession(bot.session), bot.api_id, bot.api_hash, **SETTINGS)
    await client.connect()
    try:
        yield Speaker(client, await client.get_input_entity(handle))
    finally:
        await client.disconnect()


@asynccontextmanager
async def signing_in(sandbox: SandboxProcess, bot: Bot, token: str | None = None) -> AsyncIterator[Any]:
    """A client that shakes hands and signs in with the token."""
    rsa.add_key(sandbox.key.read_text("ascii"), old=False)
    session = StringSession()
    session.set_dc(2, *sandbox.server)
    client = TelegramClient(session, bot.api_id, bot.api_hash, **SETTINGS)
    try:
        await client.start(bot_token=token or bot.token)
        yield client
    finally:
        await client.disconnect()


def name_of(error: RPCError) -> str:
    """Telegram's own name of an error; Telethon keeps it apart for those that it knows."""
    from telethon.errors.rpcerrorlist import rpc_errors_dict

    names = [name for name, kind in rpc_errors_dict.items() if type(error) is kind]
    return names[0] if names else str(error.message)


def first_id(answer: Any) -> int:
    """The id that a send was answered with."""
    return next(int(u.id) for u in answer.updates if isinstance(u, types.UpdateMessageID))


def picture(colour: str = "navy", size: tuple[int, int] = (64, 48), form: str = "PNG") -> bytes:
    """A picture of one colour."""
    kept = io.BytesIO()
    Image.new("RGB", size, colour).save(kept, form)
    return kept.getvalue()
