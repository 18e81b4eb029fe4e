"""Index search: what was written before there was an index, or by another scheme, is put in bit by bit."""

import asyncio
from datetime import timedelta

from publisher.store.search_index import fill_piece, read_filling
from publisher.worker import Every, Job, Worker

PIECES = 20
# Whoever waits for the writer's lock gets it meanwhile.
REST_SECONDS = 0.1


async def run(worker: Worker) -> None:
    """The next pieces; nothing when everything is in."""
    if (await worker.database.read(read_filling)).is_complete:
        return
    for _ in range(PIECES):
        if (await worker.database.write(fill_piece)).is_complete:
            return
        await asyncio.sleep(REST_SECONDS)


JOB = Job(name="index_search", when=Every(period=timedelta(seconds=10)), run=run)
