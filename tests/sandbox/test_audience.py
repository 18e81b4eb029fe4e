"""The seeded readers."""

import time

from publisher.sandbox.audience import HOUR, Readers
from publisher.sandbox.world import Channel, Post

BEGAN = 1_700_000_000.0
DAY = 24 * HOUR


def channel(posts: int = 0, *, apart: float = 3 * HOUR) -> Channel:
    made = Channel(id=7, handle="gorod", title="Город", subscribers=10_000, counted_at=BEGAN)
    for number in range(1, posts + 1):
        made.posts[number] = Post(id=number, date=int(BEGAN + number * apart), text="Новость")
    return made


def test_the_same_seed_and_time_have_the_same_readers() -> None:
    now = BEGAN + 40 * DAY
    step_by_step = Readers(1)
    for hours in range(0, 40 * 24, 7):
        step_by_step.count(channel(300), BEGAN + hours * HOUR)
    assert step_by_step.count(channel(300), now) == Readers(1).count(channel(300), now)
    assert Readers(1).impression(channel(9), channel(9).posts[3], now) == Readers(1).impression(
        channel(9), channel(9).posts[3], now
    )


def test_another_seed_has_other_readers() -> None:
    now = BEGAN + 40 * DAY
    assert Readers(1).count(channel(), now) != Readers(2).count(channel(), now)


def test_looking_back_in_time_gives_what_was_seen_then() -> None:
    readers = Readers(1)
    then = readers.count(channel(50), BEGAN + 5 * DAY)
    readers.count(channel(50), BEGAN + 50 * DAY)
    assert readers.count(channel(50), BEGAN + 5 * DAY) == then


def test_a_deleted_old_post_takes_back_whom_it_brought() -> None:
    here, readers = channel(50), Readers(1)
    before = readers.count(here, BEGAN + 50 * DAY)
    for post in here.posts.values():
        post.deleted_at = int(BEGAN + 49 * DAY)
    here.altered += 1
    assert readers.count(here, BEGAN + 50 * DAY) != before
    assert readers.count(here, BEGAN + 50 * DAY) == Readers(1).count(channel(), BEGAN + 50 * DAY)


def test_views_only_grow_and_stay_within_the_audience() -> None:
    here, readers = channel(1), Readers(1)
    post = here.posts[1]
    views = [readers.impression(here, post, post.date + hour * HOUR).views for hour in range(100)]
    assert views == sorted(views)
    assert views[0] == 1
    assert 1_000 < views[-1] < here.subscribers


def test_a_post_that_draws_more_is_seen_and_passed_on_more() -> None:
    here, readers = channel(2), Readers(1)
    now = BEGAN + 40 * DAY
    before = readers.impression(here, here.posts[1], now)
    here.posts[1].draw = 2.0
    after = readers.impression(here, here.posts[1], now)
    assert abs(after.views - 2 * before.views) <= 2
    assert after.forwards > 3 * before.forwards


def test_posts_that_were_up_when_the_base_was_counted_bring_nobody_twice() -> None:
    here = channel(50)
    here.counted_at = BEGAN + 30 * DAY
    assert Readers(1).count(here, here.counted_at) == here.subscribers


def test_posts_of_the_same_number_in_two_channels_are_read_differently() -> None:
    readers, other = Readers(1), channel(1)
    other.id = 8
    now = BEGAN + DAY
    first = readers.impression(channel(1), channel(1).posts[1], now)
    assert first != readers.impression(other, other.posts[1], now)


def test_a_channel_of_a_year_costs_no_more_than_a_new_one() -> None:
    readers, year_old, now = Readers(1), channel(3_000), BEGAN + 380 * DAY
    readers.count(year_old, now)
    costs = []
    for second in range(50):
        started = time.perf_counter()
        readers.count(year_old, now + second)
        costs.append(time.perf_counter() - started)
    # Adding all of it up anew takes over ten milliseconds each time.
    assert min(costs) < 0.002
