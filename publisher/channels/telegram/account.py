"""An account's calls: one open link at a time, opened when needed, replaced when lost."""

import asyncio
import time
from collections.abc import Coroutine
from datetime import timedelta
from typing import Any

from telethon.errors import RPCError
from telethon.tl import functions

from publisher.channels.telegram.errors import translate
from publisher.channels.telegram.link import Link, Login, Lost, NotSent, is_task_cancelled, open_link
from publisher.errors import Limited, Scope, SignedOut, Unconfirmed, Unreachable


class Account:
    """Safe for many calls at once on one event loop."""

    def __init__(self, login: Login, session: str | None, timeout: float) -> None:
        self.session = session or None
        self._login = login
        self._timeout = timeout
        self._link: Link | None = None
        self._opening: asyncio.Task[Link] | None = None
        self._endings: set[asyncio.Task[None]] = set()
        # Waits that cover one method, in monotonic seconds; delivery keeps those that cover more.
        self._waits: dict[type, tuple[str, float]] = {}
        self._is_closed = False

    async def call(
        self, request: Any, *, changes: bool = False, vector: bool = False, seconds: float | None = None
    ) -> Any:
        """One request, one answer; every error is one of ours.

        A lost link makes a request that `changes` something Unconfirmed; any other is Unreachable, for it
        leaves nothing to settle. A `vector` for an answer cannot be read behind Telethon's usual wrapper.
        A method that the network has told to wait is not asked for before its time.
        """
        self._obey_wait(type(request))
        link = await self.link()
        wrapped = request if vector else functions.InvokeWithoutUpdatesRequest(request)
        try:
            return await link.call(wrapped, seconds or self._timeout)
        except RPCError as error:
            translated = translate(error, changes=changes)
            if isinstance(translated, SignedOut):
                self._retire(link)
            if isinstance(translated, Limited) and translated.scope is Scope.METHOD:
                until = time.monotonic() + translated.retry_after.total_seconds()
                self._waits[type(request)] = translated.code, until
            raise translated from error
        except NotSent as error:
            self._drop(link)
            raise Unreachable("LINK_LOST") from error
        except Lost as error:
            self._drop(link)
            raise (Unconfirmed if changes else Unreachable)("LINK_LOST", str(error)) from error

    async def link(self) -> Link:
        """The open link; callers that need one at the same time share one attempt to open it."""
        if self._link is not None and self._link.is_open:
            return self._link
        if self._is_closed:
            raise Unreachable("CLOSED")
        if self._opening is None:
            self._opening = asyncio.create_task(self._open())
        try:
            return await asyncio.shield(self._opening)
        except asyncio.CancelledError as error:
            if is_task_cancelled():
                raise
            raise Unreachable("CLOSED") from error

    async def close(self) -> None:
        """Drop the link for good; calls under way end as after a lost link."""
        self._is_closed = True
        if self._opening is not None:
            self._opening.cancel()
            await asyncio.wait([self._opening])
        if self._link is not None:
            self._drop(self._link)
        if self._endings:
            await asyncio.wait(set(self._endings))

    def _obey_wait(self, method: type) -> None:
        code, until = self._waits.get(method, ("", 0.0))
        rest = until - time.monotonic()
        if rest > 0:
            raise Limited(code, timedelta(seconds=rest), Scope.METHOD)

    async def _open(self) -> Link:
        try:
            link = self._link = await self._sign_in()
            self.session = link.session
            return link
        finally:
            self._opening = None

    async def _sign_in(self) -> Link:
        """On the kept session; where the network no longer knows it, anew by the token."""
        if self.session is not None:
            try:
                return await open_link(self._login, self.session, self._drop)
            except SignedOut:
                if not self._login.bot_token:
                    raise
        return await open_link(self._login, None, self._drop)

    def _drop(self, link: Link) -> None:
        """End a link with everything under way."""
        if self._link is link:
            self._link = None
        if link.is_open:
            link.break_off()
            self._finish(link.end())

    def _retire(self, link: Link) -> None:
        """The session is dead: new calls sign in again, those under way get their own answers."""
        if self._link is link:
            self._link = None
            self._finish(self._end_when_idle(link))

    async def _end_when_idle(self, link: Link) -> None:
        await link.drain()
        self._drop(link)

    def _finish(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self._endings.add(task)
        task.add_done_callback(self._endings.discard)
