"""Truth: read posts back after five minutes, an hour and a day, and mark what was deleted or altered."""

import logging
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from itertools import groupby

from publisher.core.editions import edition_from_json
from publisher.core.states import PostState
from publisher.core.truth import compare_post
from publisher.delivery.adapters import Adapters
from publisher.errors import ChannelError
from publisher.store.posts import DuePost, list_due_posts, put_off_reading, record_reading
from publisher.store.session import Store

log = logging.getLogger(__name__)

POSTS_AT_ONCE = 200
PUT_OFF = timedelta(minutes=10)


async def reconcile(
    store: Store, adapters: Adapters, accounts: frozenset[int], clock: Callable[[], datetime]
) -> int:
    """Read every post that is due back, one request per channel; the number read."""
    with store.reading() as session:
        due = list_due_posts(session, accounts & adapters.accounts, clock(), POSTS_AT_ONCE)
    read = 0
    for _, group in groupby(sorted(due, key=lambda post: post.channel_id), lambda post: post.channel_id):
        read += await _read_channel(store, adapters, list(group), clock)
    return read


async def _read_channel(
    store: Store, adapters: Adapters, posts: Sequence[DuePost], clock: Callable[[], datetime]
) -> int:
    adapter = adapters.get(posts[0].account_id)
    ids = [external_id for post in posts for external_id in post.external_ids]
    try:
        readings = {r.external_id: r for r in await adapter.read(posts[0].address, ids)}
    except ChannelError as error:
        log.warning("read-back failed: %s", error.code, extra={"channel": posts[0].channel_id})
        with store.begin() as session:
            put_off_reading(session, [post.id for post in posts], clock() + PUT_OFF)
        return 0
    with store.begin() as session:
        for post in posts:
            shown = [readings[i].text if readings[i].exists else None for i in post.external_ids]
            state = compare_post(edition_from_json(post.edition), shown)
            record_reading(session, post, state, clock())
            if state is not PostState.LIVE:
                log.warning("post %s is %s on the network", post.id, state)
    return len(posts)
