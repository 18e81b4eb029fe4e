"""Noticing what other processes committed: polling on SQLite, LISTEN on PostgreSQL."""

import asyncio
import logging
import sqlite3
from collections.abc import AsyncGenerator

import psycopg
from sqlalchemy import Engine, make_url

log = logging.getLogger(__name__)

POLL_SECONDS = 0.05
RECONNECT_SECONDS = 1.0


async def watch_changes(engine: Engine) -> AsyncGenerator[None]:
    """Yield after every commit that may concern a worker, until cancelled. Some may be announced twice."""
    watch = _watch_postgresql if engine.dialect.name == "postgresql" else _watch_sqlite
    async for _ in watch(engine):
        yield


async def _watch_sqlite(engine: Engine) -> AsyncGenerator[None]:
    """`PRAGMA data_version` changes when another connection has committed; reading it takes microseconds."""
    connection = sqlite3.connect(str(engine.url.database), isolation_level=None)
    try:
        seen = None
        while True:
            version = connection.execute("PRAGMA data_version").fetchone()[0]
            if version != seen:
                seen = version
                yield
            await asyncio.sleep(POLL_SECONDS)
    finally:
        connection.close()


async def _watch_postgresql(engine: Engine) -> AsyncGenerator[None]:
    """Triggers notify the channel `publisher` (first migration). A lost connection is a change, too."""
    target = make_url(engine.url).set(drivername="postgresql").render_as_string(hide_password=False)
    while True:
        try:
            async with await psycopg.AsyncConnection.connect(target, autocommit=True) as connection:
                await connection.execute("LISTEN publisher")
                yield
                async for _ in connection.notifies():
                    yield
        except psycopg.OperationalError:
            log.warning("lost the connection that listens for changes; connecting again")
            await asyncio.sleep(RECONNECT_SECONDS)
            yield
