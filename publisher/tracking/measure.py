"""Measuring: what every post has earned at 10 minutes, an hour, 6 hours, a day and a week."""

import asyncio
import logging
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from functools import partial
from itertools import groupby

from sqlalchemy.orm import Session

from publisher.channels.base import Channel as Adapter
from publisher.channels.base import PostReading
from publisher.core.measuring import Figures, age_due, next_measure, put_together
from publisher.errors import ChannelError, Limited
from publisher.store.metrics import (
    Reading,
    ToMeasure,
    end_measuring,
    is_anything_due,
    list_due_of,
    list_to_measure,
    put_off_measuring,
    record_figures,
    skip_missed,
)
from publisher.store.thread import StoreThread

log = logging.getLogger(__name__)

POSTS_AT_ONCE = 500
# Requests under way at once: measuring must not push publishing aside.
AT_ONCE = 4
# Short enough that the youngest age is tried again before its time is over.
PUT_OFF = timedelta(minutes=2)


async def measure_posts(
    database: StoreThread, adapters: Mapping[int, Adapter], clock: Callable[[], datetime]
) -> int:
    """Measure every post that is due, one request per channel; the number of posts read.

    An age that passed unread stays unknown, whatever the reason.
    """
    if not await database.read(partial(is_anything_due, now=clock())):
        return 0
    await database.write(partial(skip_missed, now=clock()))
    find = partial(list_to_measure, account_ids=list(adapters), now=clock(), limit=POSTS_AT_ONCE)
    due = sorted(await database.read(find), key=lambda post: post.channel_id)
    room = asyncio.Semaphore(AT_ONCE)

    async def one(posts: Sequence[ToMeasure]) -> int:
        async with room:
            return await _measure_channel(database, adapters[posts[0].account_id], posts, clock)

    groups = [list(group) for _, group in groupby(due, lambda post: post.channel_id)]
    return sum(await asyncio.gather(*(one(group) for group in groups)))


def note_readings(session: Session, read: Mapping[int, Sequence[PostReading]], now: datetime) -> None:
    """Write what was read of posts, by their id, as figures of those whose time to be measured has come.

    Whoever reads posts for another reason may hand it over too: it saves the network a request.
    """
    readings, gone = [], []
    for post_id, published_at in list_due_of(session, list(read), now):
        parts = [part for part in read[post_id] if part.exists]
        age = age_due(published_at, now)
        if not parts:
            gone.append(post_id)
        elif age is not None:
            readings.append(_reading(post_id, age, parts, published_at, now))
    record_figures(session, readings)
    end_measuring(session, gone, now)


async def _measure_channel(
    database: StoreThread, adapter: Adapter, posts: Sequence[ToMeasure], clock: Callable[[], datetime]
) -> int:
    ids = [external_id for post in posts for external_id in post.external_ids]
    try:
        found = {r.external_id: r for r in await adapter.read(posts[0].address, ids)}
    except ChannelError as error:
        log.warning("measuring failed: %s", error.code, extra={"channel": posts[0].channel_id})
        until = clock() + _wait(error)
        await database.write(partial(put_off_measuring, ids=[post.id for post in posts], until=until))
        return 0
    read = {post.id: [found[i] for i in post.external_ids] for post in posts}
    await database.write(partial(note_readings, read=read, now=clock()))
    return len(posts)


def _wait(error: ChannelError) -> timedelta:
    asked = error.retry_after if isinstance(error, Limited) else None
    return max(asked or timedelta(), PUT_OFF)


def _reading(
    post_id: int, age: timedelta, parts: Sequence[PostReading], published_at: datetime, now: datetime
) -> Reading:
    figures = put_together(
        [
            Figures(views=p.views, forwards=p.forwards, reactions=p.reactions, comments=p.comments)
            for p in parts
        ]
    )
    next_at = next_measure(published_at, now, after=age)
    return Reading(post_id=post_id, age=age, figures=figures, taken_at=now, next_at=next_at)
