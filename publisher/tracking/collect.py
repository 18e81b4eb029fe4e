"""Counting: how many subscribers each channel has, taken at moments aligned to the clock."""

import asyncio
import logging
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from publisher.channels.base import Channel as Adapter
from publisher.core.receipts import cause_of
from publisher.errors import ChannelError
from publisher.store.audience import Count, add_counts
from publisher.store.claims import Lane, list_open_channels
from publisher.store.misses import add_misses, list_unreachable
from publisher.store.thread import StoreThread

log = logging.getLogger(__name__)

# Every quarter of an hour by the clock.
PERIOD = timedelta(minutes=15)
# Requests under way at once per account: counting must not push publishing aside.
AT_ONCE = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class Taken:
    """What one tick brought: counts, and (channel, cause) of those that could not be counted."""

    counts: tuple[Count, ...]
    misses: tuple[tuple[int, str], ...]


async def count_audience(
    database: StoreThread,
    accounts: Iterable[int],
    adapters: Mapping[int, Adapter],
    zone: ZoneInfo,
    taken_at: datetime,
) -> tuple[int, int]:
    """Count every channel of these accounts once; (counted, failed). What failed leaves its cause."""
    lanes = await database.read(partial(list_open_channels, account_ids=accounts))
    unreachable = await database.read(partial(list_unreachable, account_ids=accounts))
    room = asyncio.Semaphore(AT_ONCE)

    async def one(lane: Lane) -> Count | tuple[int, str]:
        async with room:
            return await _count(adapters.get(lane.account_id), lane, taken_at)

    answers = await asyncio.gather(*(one(lane) for lane in lanes))
    taken = Taken(
        counts=tuple(answer for answer in answers if isinstance(answer, Count)),
        misses=(*unreachable, *(answer for answer in answers if not isinstance(answer, Count))),
    )
    await database.write(partial(_store, taken=taken, zone=zone, taken_at=int(taken_at.timestamp())))
    return len(taken.counts), len(taken.misses)


async def _count(adapter: Adapter | None, lane: Lane, taken_at: datetime) -> Count | tuple[int, str]:
    """The count, or the channel with the cause why there is none."""
    if adapter is None:
        return lane.channel_id, "ACCOUNT_NEW"
    try:
        value = await adapter.audience(lane.address)
    except ChannelError as error:
        log.warning("count failed: %s", error.code, extra={"channel": lane.handle})
        return lane.channel_id, cause_of(error)
    return Count(channel_id=lane.channel_id, taken_at=int(taken_at.timestamp()), value=value)


def _store(session: Session, taken: Taken, zone: ZoneInfo, taken_at: int) -> None:
    add_counts(session, taken.counts, zone)
    add_misses(session, taken.misses, taken_at, PERIOD)
