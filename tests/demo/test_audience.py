"""A year of subscribers from a seeded model."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest

from publisher.demo.audience import history
from publisher.demo.city import PLACES, Place

NOW = datetime(2026, 12, 1, 6, 7, tzinfo=UTC)
CITY = ZoneInfo("Europe/Moscow")

every_place = pytest.mark.parametrize("place", PLACES, ids=[place.handle for place in PLACES])


def named(handle: str) -> Place:
    """The channel of the demo city with this handle."""
    return next(place for place in PLACES if place.handle == handle)


def test_there_are_27_channels_nine_of_them_opened_within_the_year() -> None:
    assert len(PLACES) == 27
    assert sum(isinstance(place.opened, int) for place in PLACES) == 9


def test_the_city_gained_fifty_thousand_readers() -> None:
    assert sum(place.gained for place in PLACES) == 50_000


@every_place
def test_the_same_seed_tells_the_same_story(place: Place) -> None:
    assert list(history(place, CITY, NOW)) == list(history(place, CITY, NOW))


@every_place
def test_a_story_ends_now_with_the_readers_of_today(place: Place) -> None:
    *_, (taken_at, value) = history(place, CITY, NOW)
    assert datetime.fromtimestamp(taken_at, UTC) == NOW.replace(minute=0)
    assert abs(value - place.readers) <= max(2, place.readers // 500)


@every_place
def test_a_story_begins_a_year_ago_or_on_the_day_of_opening(place: Place) -> None:
    taken_at, value = next(iter(history(place, CITY, NOW)))
    begins = datetime.fromtimestamp(taken_at, CITY)
    if isinstance(place.opened, int):
        assert (begins.date(), value) == (place.opened_on(NOW.astimezone(CITY).date()), 0)
    else:
        assert begins.date() == (NOW - timedelta(days=365)).astimezone(CITY).date()


@every_place
def test_moments_go_forward_and_no_channel_has_fewer_than_no_readers(place: Place) -> None:
    counts = list(history(place, CITY, NOW))
    assert all(earlier[0] < later[0] for earlier, later in pairwise(counts))
    assert min(value for _, value in counts) >= 0


def test_the_last_week_is_as_fine_as_real_counting() -> None:
    moments = [taken_at for taken_at, _ in history(named("demo_gorod"), CITY, NOW)]
    week = [moment for moment in moments if moment > NOW.timestamp() - timedelta(days=6).total_seconds()]
    assert {later - earlier for earlier, later in pairwise(week)} == {900}


def test_one_night_nothing_was_counted() -> None:
    moments = [taken_at for taken_at, _ in history(named("demo_gorod"), CITY, NOW)]
    gaps = [later - earlier for earlier, later in pairwise(moments) if later - earlier > 3600]
    assert gaps == [timedelta(hours=10).total_seconds()]


def test_a_bad_week_costs_readers() -> None:
    place = named("demo_stroika")
    values = [value for _, value in history(place, CITY, NOW)]
    assert max(earlier - later for earlier, later in zip(values, values[72:], strict=False)) > 200
