"""Counting: how many subscribers each channel has, taken at moments aligned to the clock."""

import asyncio
import logging
from collections.abc import Mapping
from datetime import datetime
from functools import partial
from zoneinfo import ZoneInfo

from publisher.channels.base import Channel as Adapter
from publisher.errors import ChannelError
from publisher.store.audience import Count, add_counts
from publisher.store.claims import Lane, list_open_channels
from publisher.store.thread import StoreThread

log = logging.getLogger(__name__)

# Requests under way at once per account: counting must not push publishing aside.
AT_ONCE = 4


async def count_audience(
    database: StoreThread,
    adapters: Mapping[int, Adapter],
    zone: ZoneInfo,
    taken_at: datetime,
) -> tuple[int, int]:
    """Count every channel of these accounts once; (counted, failed). What failed stays a gap."""
    lanes = await database.read(partial(list_open_channels, account_ids=adapters))
    room = asyncio.Semaphore(AT_ONCE)

    async def one(lane: Lane) -> Count | None:
        async with room:
            return await _count(adapters[lane.account_id], lane, taken_at)

    counts = [c for c in await asyncio.gather(*(one(lane) for lane in lanes)) if c is not None]
    if counts:
        await database.write(partial(add_counts, counts=counts, zone=zone))
    return len(counts), len(lanes) - len(counts)


async def _count(adapter: Adapter, lane: Lane, taken_at: datetime) -> Count | None:
    try:
        value = await adapter.audience(lane.address)
    except ChannelError as error:
        log.warning("count failed: %s", error.code, extra={"channel": lane.handle})
        return None
    return Count(channel_id=lane.channel_id, taken_at=int(taken_at.timestamp()), value=value)
