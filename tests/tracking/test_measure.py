"""Measuring posts over the real protocol: what is kept is what the wall says."""

import asyncio
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select, update

from publisher.core.measuring import AGES
from publisher.core.platforms import Realm
from publisher.core.states import AccountState, OperationState, PostState
from publisher.store.metrics import list_item_metrics
from publisher.store.models import Account, Post, PostMetric
from publisher.tracking.measure import PUT_OFF, measure_posts
from publisher.worker import Worker
from tests.delivery.city import City, running_city

TEN_MINUTES, HOUR = AGES[:2]
MINUTE = timedelta(minutes=1)


@pytest.fixture(scope="module")
def whole_city(tmp_path_factory: pytest.TempPathFactory) -> Iterator[City]:
    """One city for all: starting it is what takes time."""
    with running_city(tmp_path_factory.mktemp("city"), channels=2) as made:
        for handle in made.handles:
            made.sandbox.set_subscribers(handle, 10_000)
        yield made


@pytest.fixture
def city(whole_city: City) -> Iterator[City]:
    """Two channels that have one new post each, dated on the walls an hour ago; no worker runs any more."""
    worker = whole_city.start_worker()
    item_id = whole_city.plan("Новость")
    states = whole_city.wait_until_settled()
    assert set(states) == {OperationState.SENT}
    whole_city.stop_worker(worker)
    for post in posts_of(whole_city, item_id):
        handle = whole_city.handles[whole_city.channel_ids.index(post.channel_id)]
        whole_city.sandbox.change_post(handle, post.external_ids[0], "age", hours=1)
    yield whole_city
    whole_city.sandbox.set_offline(on=False)
    with whole_city.store.begin() as session:
        session.execute(update(Post).values(next_measure_at=None))
        session.execute(update(Account).values(state=AccountState.OK))


def posts_of(city: City, item_id: int | None = None) -> list[Post]:
    """The item's posts, or the newest item's, by channel."""
    newest = select(Post.item_id).order_by(Post.item_id.desc()).limit(1).scalar_subquery()
    wanted = newest if item_id is None else item_id
    with city.store.reading() as session:
        query = select(Post).where(Post.item_id == wanted).order_by(Post.channel_id)
        return list(session.scalars(query))


def measure(city: City, at: datetime, do: Callable[[Worker], Any] | None = None) -> Any:
    """What a worker of its own measures when its clock shows this."""

    async def work() -> Any:
        worker = Worker(city.settings, Realm.SANDBOX, city.store)
        try:
            await worker.take_accounts()
            if do is not None:
                return await do(worker)
            adapters = {i: a for i in city.account_ids if (a := worker.adapters.find(i)) is not None}
            return await measure_posts(worker.database, adapters, lambda: at)
        finally:
            await worker.adapters.close()
            worker.database.close()

    return asyncio.run(work())


def metrics(city: City) -> list[tuple[int, timedelta, int | None, int | None, int | None]]:
    """(channel, age, views, forwards, reactions) of the newest item."""
    with city.store.reading() as session:
        return [
            (post.channel_id, age, figures.views, figures.forwards, figures.reactions)
            for post in list_item_metrics(session, posts_of(city)[0].item_id)
            for age, figures in post.by_age.items()
        ]


def on_the_wall(city: City, post: Post) -> tuple[int, int, int]:
    """Views, forwards and reactions as the network's own page shows them."""
    handle = city.handles[city.channel_ids.index(post.channel_id)]
    (shown,) = (wall for wall in city.sandbox.posts(handle) if wall["id"] == post.external_ids[0])
    return shown["views"], shown["forwards"], sum(shown["reactions"].values())


def reads(city: City) -> int:
    """How many requests for messages the network had."""
    return sum(entry["method"] == "channels.getMessages" for entry in city.sandbox.requests())


def test_a_post_is_measured_ten_minutes_after_it_went_out_with_what_the_wall_says(city: City) -> None:
    first, second = posts_of(city)
    assert first.next_measure_at == first.published_at + TEN_MINUTES
    at = max(first.published_at, second.published_at) + TEN_MINUTES
    assert measure(city, at) == 2
    found = metrics(city)
    assert {(channel_id, age) for channel_id, age, *_ in found} == {
        (post.channel_id, TEN_MINUTES) for post in (first, second)
    }
    for post in (first, second):
        views, forwards, reactions = on_the_wall(city, post)
        (kept,) = (rest for channel_id, _, *rest in found if channel_id == post.channel_id)
        assert kept == [pytest.approx(views, abs=3), forwards, pytest.approx(reactions, abs=3)]
        assert views > 100
    assert [post.next_measure_at for post in posts_of(city)] == [
        post.published_at + HOUR for post in (first, second)
    ]


def test_nothing_is_read_before_the_time_has_come(city: City) -> None:
    before = reads(city)
    assert measure(city, posts_of(city)[0].published_at + 5 * MINUTE) == 0
    assert reads(city) == before


def test_a_reading_that_comes_too_late_is_of_no_age_and_the_next_one_is_waited_for(city: City) -> None:
    first, _ = posts_of(city)
    assert measure(city, first.published_at + 20 * MINUTE) == 0
    assert metrics(city) == []
    assert posts_of(city)[0].next_measure_at == first.published_at + HOUR


def test_a_post_that_was_wiped_on_the_network_is_measured_no_more_and_looked_at_at_once(city: City) -> None:
    wiped, _ = posts_of(city)
    city.sandbox.change_post(city.handles[0], wiped.external_ids[0], "delete")
    at = wiped.published_at + TEN_MINUTES + MINUTE
    measure(city, at)
    assert {channel_id for channel_id, *_ in metrics(city)} == {city.channel_ids[1]}
    ended = posts_of(city)[0]
    assert (ended.next_measure_at, ended.next_check_at) == (None, at)


def test_what_the_network_does_not_answer_is_tried_again_while_its_age_lasts(city: City) -> None:
    first, second = posts_of(city)
    at = max(first.published_at, second.published_at) + TEN_MINUTES
    city.sandbox.set_offline(on=True)
    assert measure(city, at) == 0
    assert posts_of(city)[0].next_measure_at == at + PUT_OFF
    city.sandbox.set_offline(on=False)
    assert measure(city, at + PUT_OFF) == 2
    assert {age for _, age, *_ in metrics(city)} == {TEN_MINUTES}


def test_the_wait_that_the_network_asks_for_is_kept(city: City) -> None:
    first, second = posts_of(city)
    at = max(first.published_at, second.published_at) + TEN_MINUTES
    for handle in city.handles:
        city.sandbox.plan_fault(
            method="channels.getMessages", channel=handle, code=420, error="FLOOD_WAIT_3600"
        )
    assert measure(city, at) == 0
    waits = [post.next_measure_at - at for post in posts_of(city) if post.next_measure_at]
    assert len(waits) == 2
    assert all(HOUR <= wait < HOUR + MINUTE for wait in waits)


def test_an_account_that_is_down_is_not_asked(city: City) -> None:
    before, at = reads(city), posts_of(city)[0].published_at + TEN_MINUTES + MINUTE
    with city.store.begin() as session:
        session.execute(update(Account).values(state=AccountState.DOWN))
    assert measure(city, at) == 0
    assert reads(city) == before


def test_a_read_back_that_comes_at_the_same_time_serves_both(city: City) -> None:
    now = datetime.now(UTC)
    with city.store.begin() as session:
        session.execute(
            update(Post)
            .where(Post.item_id == posts_of(city)[0].item_id)
            .values(published_at=now - HOUR, next_measure_at=now, next_check_at=now)
        )
    before = reads(city)
    measure(city, now, Worker.reconcile)
    assert measure(city, now + MINUTE) == 0
    assert reads(city) - before == 2
    assert {age for _, age, *_ in metrics(city)} == {HOUR}


def test_a_withdrawn_post_is_measured_no_more(city: City) -> None:
    with city.store.begin() as session:
        session.execute(
            update(Post).where(Post.item_id == posts_of(city)[0].item_id).values(state=PostState.WITHDRAWN)
        )
    assert measure(city, posts_of(city)[0].published_at + TEN_MINUTES + MINUTE) == 0
    with city.store.reading() as session:
        known = select(PostMetric).join(Post).where(Post.item_id == posts_of(city)[0].item_id)
        assert not session.scalars(known).all()
