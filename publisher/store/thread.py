"""The store as an event loop uses it: transactions run in a thread of their own, one after the other.

A locked or slow database then stops neither the links to the networks nor the clock of the leases.
"""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from sqlalchemy.orm import Session

from publisher.store.session import Store

T = TypeVar("T")


class StoreThread:
    """One thread, so that what was asked for first is done first."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="database")

    async def call(self, work: Callable[[], T]) -> T:
        """What the work gives; it opens its own transactions."""
        return await asyncio.get_running_loop().run_in_executor(self._thread, work)

    async def write(self, work: Callable[[Session], T]) -> T:
        """What the work gives, done in one transaction."""

        def write() -> T:
            with self.store.begin() as session:
                return work(session)

        return await self.call(write)

    async def read(self, work: Callable[[Session], T]) -> T:
        """What the work gives, from one consistent view."""

        def read() -> T:
            with self.store.reading() as session:
                return work(session)

        return await self.call(read)

    def close(self) -> None:
        """End the thread when it is through with what was asked for."""
        self._thread.shutdown()
