"""One link to Telegram: a Telethon client from its connect to its end, never used again after that.

Telethon sends again, by itself and without a word, what was pending when a link dropped. So a client that
lost its link or a call ends here, with everything under way, and a new one is opened on the same session.
"""

import asyncio
import struct
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from telethon import TelegramClient
from telethon.errors import (
    AuthKeyNotFound,
    BadMessageError,
    NetworkMigrateError,
    PhoneMigrateError,
    RPCError,
    SecurityError,
    TypeNotFoundError,
    UserMigrateError,
)
from telethon.sessions import StringSession
from telethon.tl import functions

from publisher.channels.telegram.errors import translate
from publisher.errors import SignedOut, Unreachable

CONNECT_SECONDS = 10.0
END_SECONDS = 5.0
# What Telethon raises when an answer will not come or cannot be read. CancelledError belongs to them, too:
# it cancels what is pending when it disconnects or misses a pong.
LOST = (OSError, EOFError, TimeoutError, BufferError, SecurityError, BadMessageError, TypeNotFoundError)

DataCentre = tuple[int, str, int]


class NotSent(Exception):
    """The link was down already: the request did not leave."""


class Lost(Exception):
    """The request left and no answer will come; the link is of no use any more."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Login:
    """What opens a link. `server` stands in for Telegram's own addresses; without a token only a kept
    session opens it."""

    api_id: str
    api_hash: str = field(repr=False)
    bot_token: str = field(repr=False)
    server: tuple[str, int] | None


class Link:
    """An open link. Many calls may be under way at once."""

    def __init__(self, client: Any, on_lost: Callable[["Link"], None]) -> None:
        self._client = client
        self._on_lost = on_lost
        self._waiting: set[asyncio.Future[Any]] = set()
        self.is_open = True
        self.session: str = client.session.save()
        client._sender._disconnected.add_done_callback(self._lost)

    async def call(self, request: Any, seconds: float) -> Any:
        """The answer to one request. Raises RPCError, NotSent and Lost.

        Telethon's own call remembers floods for all channels and sleeps over server errors; its sender does
        neither.
        """
        try:
            future = self._client._sender.send(request)
        except ConnectionError as error:
            raise NotSent from error
        self._waiting.add(future)
        try:
            async with asyncio.timeout(seconds):
                return await future
        except (*LOST, AuthKeyNotFound) as error:
            raise Lost(type(error).__name__) from error
        except asyncio.CancelledError as error:
            if is_task_cancelled():
                raise
            raise Lost("LinkLost") from error
        finally:
            self._waiting.discard(future)

    def break_off(self) -> None:
        """Nothing more goes out here; everything under way ends as Lost, also what is still queued."""
        self.is_open = False
        for future in self._waiting:
            future.cancel()

    async def drain(self) -> None:
        """Wait for what is under way; each call has its own time."""
        if self._waiting:
            await asyncio.wait(set(self._waiting))

    async def end(self) -> None:
        """Close the connection."""
        await _end(self._client)

    def _lost(self, disconnected: "asyncio.Future[None]") -> None:
        _take_note(disconnected)
        if self.is_open:
            self._on_lost(self)


async def open_link(login: Login, kept: str | None, on_lost: Callable[[Link], None]) -> Link:
    """Connect on the kept session, or shake hands and sign the bot in.

    Raises SignedOut for dead credentials, Limited, and Unreachable for everything that may pass.
    """
    try:
        return Link(await _open_client(login, kept), on_lost)
    except RPCError as error:
        raise translate(error, changes=False) from error
    except AuthKeyNotFound as error:
        raise SignedOut("AUTH_KEY_NOT_FOUND") from error
    except LOST as error:
        raise Unreachable("CONNECT", type(error).__name__) from error
    except asyncio.CancelledError as error:
        if is_task_cancelled():
            raise
        raise Unreachable("CONNECT", "LinkLost") from error


async def _open_client(login: Login, kept: str | None, home: DataCentre | None = None) -> Any:
    client = _client(login, _session(login, kept, home))
    moved = None
    opened = False
    try:
        async with asyncio.timeout(CONNECT_SECONDS):
            await client.connect()
            if kept is None:
                moved = await _sign_in(client, login, may_move=home is None)
            else:
                await client._sender.send(functions.updates.GetStateRequest())
        opened = moved is None
    finally:
        if not opened:
            await _end(client)
    return client if moved is None else await _open_client(login, None, moved)


def _client(login: Login, session: StringSession) -> Any:
    try:
        api_id = int(login.api_id)
    except ValueError as error:
        raise SignedOut("API_ID_INVALID") from error
    client = TelegramClient(
        session, api_id, login.api_hash, auto_reconnect=False, request_retries=0, connection_retries=0,
        retry_delay=0, raise_last_call_error=True, flood_sleep_threshold=0, receive_updates=False,
        timeout=CONNECT_SECONDS,
    )  # fmt: skip
    # Telethon follows the updates in our own answers and fetches, behind our back, what it thinks it missed.
    client._sender._updates_queue = _Nowhere()
    return client


def _session(login: Login, kept: str | None, home: DataCentre | None) -> StringSession:
    try:
        session = StringSession(kept)
    except (ValueError, struct.error) as error:
        raise SignedOut("SESSION_INVALID") from error
    if home is not None:
        session.set_dc(*home)
    elif login.server is not None:
        session.set_dc(session.dc_id or 2, *login.server)
    return session


async def _sign_in(client: Any, login: Login, *, may_move: bool) -> DataCentre | None:
    """Sign the bot in; where it is at home in another data centre, that one instead."""
    if not login.bot_token:
        raise SignedOut("BOT_TOKEN_MISSING")
    request = functions.auth.ImportBotAuthorizationRequest(
        flags=0, api_id=client.api_id, api_hash=login.api_hash, bot_auth_token=login.bot_token
    )
    try:
        await client._sender.send(request)
    except (UserMigrateError, NetworkMigrateError, PhoneMigrateError) as error:
        if not may_move:
            raise
        return await _find_data_centre(client, error.new_dc)
    return None


async def _find_data_centre(client: Any, number: int) -> DataCentre:
    config = await client._sender.send(functions.help.GetConfigRequest())
    for option in config.dc_options:
        usual = not (option.ipv6 or option.media_only or option.cdn or option.tcpo_only)
        if option.id == number and usual:
            return number, option.ip_address, option.port
    raise Unreachable("DC_UNKNOWN", str(number))


async def _end(client: Any) -> None:
    try:
        async with asyncio.timeout(END_SECONDS):
            await client.disconnect()
    except LOST:
        # The link is broken anyway; there is nothing left to close.
        return
    finally:
        _take_note(client._sender._disconnected)


def _take_note(disconnected: "asyncio.Future[None]") -> None:
    """Look at why a connection ended, or asyncio would complain that nobody did."""
    if disconnected.done() and not disconnected.cancelled():
        disconnected.exception()


def is_task_cancelled() -> bool:
    """Whether the running task itself was cancelled, and not only what it waits for."""
    task = asyncio.current_task()
    return task is not None and task.cancelling() > 0


class _Nowhere:
    """A queue for updates that nobody reads."""

    def put_nowait(self, update: Any) -> None:
        """Forget it."""
