"""No lane speaks faster than the network lets it."""

from hypothesis import given
from hypothesis import strategies as st

from publisher.limits import Bucket, Limits


@given(
    st.floats(0.1, 30),
    st.lists(st.tuples(st.floats(0, 3), st.integers(1, 10)), min_size=1, max_size=60),
)
def test_a_bucket_lets_through_no_more_than_its_rate_and_one_burst(
    rate: float, tries: list[tuple[float, int]]
) -> None:
    now, taken, last = 0.0, 0, 0
    bucket = Bucket(rate=rate, filled_at=0.0)
    for pause, cost in tries:
        now += pause
        if bucket.ready_at(cost, now) <= now:
            bucket.take(cost, now)
            taken, last = taken + cost, cost
    assert taken <= rate * now + bucket.capacity + max(last, 10) + 1e-6


def test_an_album_silences_its_channel_for_as_long_as_its_pictures_count() -> None:
    limits = Limits(account_rate=0, channel_rate=1)
    assert limits.try_take(1, 1, 10, now=100.0)
    assert not limits.try_take(1, 1, 1, now=105.0)
    assert limits.ready_at(1, 1, 1, now=105.0) == 110.0
    assert limits.try_take(1, 2, 1, now=105.0)
    assert limits.try_take(1, 1, 1, now=110.0)


def test_a_wait_of_the_network_covers_what_it_was_asked_for() -> None:
    limits = Limits(account_rate=0, channel_rate=0)
    limits.wait_channel(1, until=50.0)
    assert not limits.try_take(1, 1, 1, now=49.9)
    assert limits.try_take(1, 2, 1, now=49.9)
    limits.wait_account(1, until=60.0)
    assert not limits.try_take(1, 2, 1, now=59.9)
    assert limits.try_take(2, 3, 1, now=59.9)


def test_a_shorter_wait_never_shortens_a_longer_one() -> None:
    limits = Limits(account_rate=0, channel_rate=0)
    limits.wait_account(1, until=60.0)
    limits.wait_account(1, until=50.0)
    assert not limits.try_take(1, 1, 1, now=55.0)
