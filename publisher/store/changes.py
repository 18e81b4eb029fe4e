"""Noticing what other processes committed: polling on SQLite, LISTEN on PostgreSQL."""

import asyncio
import logging
import sqlite3
from collections.abc import AsyncGenerator
from contextlib import aclosing

from sqlalchemy import Engine, make_url

log = logging.getLogger(__name__)

POLL_SECONDS = 0.05
RECONNECT_SECONDS = 1.0
# Where PostgreSQL's triggers announce changes by the table's name (first migration); workers announce there
# that leases changed hands.
CHANNEL = "publisher"
LEASES = "account_lease"


async def watch_changes(engine: Engine) -> AsyncGenerator[str]:
    """Yield after every commit that may concern a worker, until cancelled. Some may be announced twice.

    What is yielded is the table's name, or "" where nobody can tell.
    """
    watch = _watch_postgresql if engine.dialect.name == "postgresql" else _watch_sqlite
    while True:
        try:
            async with aclosing(watch(engine)) as changes:
                async for subject in changes:
                    yield subject
        except (ConnectionError, sqlite3.Error) as error:
            log.warning("cannot look for changes, trying again: %s", str(error).strip().split("\n")[0])
            await asyncio.sleep(RECONNECT_SECONDS)


async def _watch_sqlite(engine: Engine) -> AsyncGenerator[str]:
    """`PRAGMA data_version` changes when another connection has committed; reading it takes microseconds."""
    connection = sqlite3.connect(str(engine.url.database), isolation_level=None)
    try:
        seen = None
        while True:
            version = connection.execute("PRAGMA data_version").fetchone()[0]
            if version != seen:
                seen = version
                yield ""
            await asyncio.sleep(POLL_SECONDS)
    finally:
        connection.close()


async def _watch_postgresql(engine: Engine) -> AsyncGenerator[str]:
    """What was committed before the connection stood is a change, too. Raises ConnectionError at its end."""
    # Eight megabytes that an office on SQLite does without.
    import psycopg

    target = make_url(engine.url).set(drivername="postgresql").render_as_string(hide_password=False)
    try:
        async with await psycopg.AsyncConnection.connect(target, autocommit=True) as connection:
            await connection.execute(f"LISTEN {CHANNEL}")
            yield ""
            async for announced in connection.notifies():
                yield announced.payload
    except psycopg.Error as error:
        raise ConnectionError(str(error)) from error
    raise ConnectionError("the connection has ended")
