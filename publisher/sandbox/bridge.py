"""From the HTTP threads to the world, which lives on one event loop."""

import asyncio
from collections.abc import Callable
from typing import TypeVar

from flask import abort

from publisher.sandbox.telegram import Telegram
from publisher.sandbox.world import Channel

T = TypeVar("T")


class Bridge:
    """What the HTTP threads may do to the world: run a piece of work on its loop and wait for it."""

    def __init__(self, telegram: Telegram, loop: asyncio.AbstractEventLoop) -> None:
        self.telegram = telegram
        self.world = telegram.world
        self.faults = telegram.faults
        self._loop = loop

    def run(self, work: Callable[[], T]) -> T:
        """The result of the work, done on the loop; what it changed is kept."""

        async def call() -> T:
            try:
                return work()
            finally:
                self.world.flush()

        return asyncio.run_coroutine_threadsafe(call(), self._loop).result()

    def channel(self, handle: str) -> Channel:
        """The channel, or a 404."""
        return self.world.handles.get(handle.lower()) or abort(404)
