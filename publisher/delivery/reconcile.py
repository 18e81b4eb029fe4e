"""Truth: read posts back after five minutes, an hour and a day, and mark what was deleted or altered."""

import logging
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from functools import partial
from itertools import groupby

from sqlalchemy.orm import Session

from publisher.channels.base import PostReading
from publisher.core.editions import edition_from_json
from publisher.core.states import PostState
from publisher.core.truth import compare_post
from publisher.delivery.adapters import Adapters
from publisher.errors import ChannelError
from publisher.store.posts import DuePost, list_due_posts, put_off_reading, record_reading
from publisher.store.thread import StoreThread

log = logging.getLogger(__name__)

# What else becomes of a reading: each post's elements by the post's id, in the transaction that records it.
OnRead = Callable[[Session, Mapping[int, Sequence[PostReading]], datetime], None]

POSTS_AT_ONCE = 200
PUT_OFF = timedelta(minutes=10)


async def reconcile(
    database: StoreThread,
    adapters: Adapters,
    accounts: frozenset[int],
    clock: Callable[[], datetime],
    on_read: OnRead,
) -> int:
    """Read every post that is due back, one request per channel; the number read."""
    find = partial(list_due_posts, account_ids=accounts & adapters.accounts, now=clock(), limit=POSTS_AT_ONCE)
    due = sorted(await database.read(find), key=lambda post: post.channel_id)
    read = 0
    for _, group in groupby(due, lambda post: post.channel_id):
        read += await _read_channel(database, adapters, list(group), clock, on_read)
    return read


async def _read_channel(
    database: StoreThread,
    adapters: Adapters,
    posts: Sequence[DuePost],
    clock: Callable[[], datetime],
    on_read: OnRead,
) -> int:
    adapter = adapters.find(posts[0].account_id)
    if adapter is None:
        return 0
    ids = [external_id for post in posts for external_id in post.external_ids]
    try:
        readings = {r.external_id: r for r in await adapter.read(posts[0].address, ids)}
    except ChannelError as error:
        log.warning("read-back failed: %s", error.code, extra={"channel": posts[0].channel_id})
        put_off = partial(put_off_reading, ids=[post.id for post in posts], until=clock() + PUT_OFF)
        await database.write(put_off)
        return 0
    await database.write(partial(_record, posts=posts, readings=readings, now=clock(), on_read=on_read))
    return len(posts)


def _record(
    session: Session,
    posts: Sequence[DuePost],
    readings: Mapping[int | str, PostReading],
    now: datetime,
    on_read: OnRead,
) -> None:
    on_read(session, {post.id: [readings[i] for i in post.external_ids] for post in posts}, now)
    for post in posts:
        shown = [readings[i].text if readings[i].exists else None for i in post.external_ids]
        state = compare_post(edition_from_json(post.edition), shown)
        record_reading(session, post, state, now)
        if state is not PostState.LIVE:
            log.warning("post %s is %s on the network", post.id, state)
