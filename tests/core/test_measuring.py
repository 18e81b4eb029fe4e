"""When a post is measured, and what its figures come to."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from publisher.core.measuring import (
    AGES,
    Figures,
    age_due,
    grace,
    next_measure,
    per_thousand,
    put_together,
)

PUBLISHED = datetime(2026, 12, 1, 6, 0, tzinfo=UTC)
LAST = AGES[-1] + grace(AGES[-1])
distances = st.timedeltas(min_value=timedelta(), max_value=timedelta(days=30))


@given(distance=distances)
def test_what_is_planned_can_still_be_met(distance: timedelta) -> None:
    planned = next_measure(PUBLISHED, PUBLISHED + distance)
    if planned is None:
        assert distance > LAST
    else:
        age = planned - PUBLISHED
        assert age in AGES
        assert distance <= age + grace(age)


@given(distance=distances)
def test_no_age_that_can_still_be_met_is_left_out(distance: timedelta) -> None:
    planned = next_measure(PUBLISHED, PUBLISHED + distance)
    earlier = [age for age in AGES if planned is None or age < planned - PUBLISHED]
    assert all(distance > age + grace(age) for age in earlier)


@given(distance=distances)
def test_a_reading_is_of_the_age_that_was_planned(distance: timedelta) -> None:
    now = PUBLISHED + distance
    age, planned = age_due(PUBLISHED, now), next_measure(PUBLISHED, now)
    assert (age is not None) == (planned is not None and planned <= now)
    if age is not None:
        assert planned == PUBLISHED + age
        assert age <= distance <= age + grace(age)


@given(distance=distances)
def test_after_a_reading_the_next_one_lies_ahead(distance: timedelta) -> None:
    now = PUBLISHED + distance
    age = age_due(PUBLISHED, now)
    if age is not None:
        following = next_measure(PUBLISHED, now, after=age)
        assert (following is None) == (age == AGES[-1])
        assert following is None or following > now


def test_every_age_is_met_once_when_somebody_looks_all_the_time() -> None:
    met, planned = [], next_measure(PUBLISHED, PUBLISHED)
    while planned is not None:
        age = age_due(PUBLISHED, planned)
        assert age is not None
        met.append(age)
        planned = next_measure(PUBLISHED, planned, after=age)
    assert met == list(AGES)


@pytest.mark.parametrize(
    ("age", "latest"),
    [
        (timedelta(minutes=10), timedelta(minutes=15)),
        (timedelta(hours=1), timedelta(minutes=75)),
        (timedelta(hours=24), timedelta(hours=30)),
    ],
)
def test_a_reading_that_is_too_late_is_of_no_age(age: timedelta, latest: timedelta) -> None:
    assert age_due(PUBLISHED, PUBLISHED + latest) == age
    assert age_due(PUBLISHED, PUBLISHED + latest + timedelta(seconds=1)) is None


def test_a_post_of_two_messages_was_seen_as_often_as_the_one_that_was_seen_most() -> None:
    parts = [Figures(views=100, forwards=3, reactions=4), Figures(views=120, forwards=2, reactions=5)]
    assert put_together(parts) == Figures(views=120, forwards=3, reactions=9)


def test_what_no_part_shows_stays_unknown() -> None:
    assert put_together([Figures(views=1), Figures(views=2)]).forwards is None


@pytest.mark.parametrize(
    ("value", "subscribers", "expected"),
    [(50, 2_000, 25.0), (None, 2_000, None), (50, None, None), (50, 0, None)],
)
def test_per_thousand_needs_both(value: int | None, subscribers: int | None, expected: float | None) -> None:
    assert per_thousand(value, subscribers) == expected
