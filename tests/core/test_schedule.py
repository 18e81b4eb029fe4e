"""Local times of the city become instants; clock changes are never guessed."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from publisher.core.schedule import AmbiguousTime, aligned, check_due, parse_day, parse_local
from publisher.errors import EmbargoInForce, RuleError

MOSCOW, BERLIN = ZoneInfo("Europe/Moscow"), ZoneInfo("Europe/Berlin")
NOW = datetime(2026, 12, 1, 6, 0, tzinfo=UTC)


def test_reads_the_citys_wall_time() -> None:
    assert parse_local("2026-12-01 09:00", MOSCOW) == NOW
    assert parse_local("2026-12-01T09:00", MOSCOW) == NOW


def test_refuses_a_time_that_the_clock_skips() -> None:
    with pytest.raises(RuleError, match="does not exist"):
        parse_local("2027-03-28 02:30", BERLIN)


def test_asks_which_when_a_time_comes_twice() -> None:
    with pytest.raises(AmbiguousTime):
        parse_local("2026-10-25 02:30", BERLIN)
    first, second = (parse_local("2026-10-25 02:30", BERLIN, fold) for fold in (0, 1))
    assert second - first == timedelta(hours=1)


def test_takes_an_offset_as_the_answer_to_which() -> None:
    assert parse_local("2026-10-25 02:30+01:00", BERLIN) == datetime(2026, 10, 25, 1, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    "text",
    ["", "tomorrow", "2026-13-01 09:00", "2026-12-01 25:00", "0001-01-01 00:00", "9999-12-31 23:59-03:00"],
)
def test_refuses_what_is_no_time(text: str) -> None:
    with pytest.raises(RuleError) as caught:
        parse_local(text, MOSCOW)
    assert caught.value.field == "due"


@pytest.mark.parametrize("text", ["", "soon", "2026-02-30", "0001-01-01", "9999-12-31"])
def test_a_day_is_one_of_our_times(text: str) -> None:
    assert parse_day("2026-12-31") == date(2026, 12, 31)
    with pytest.raises(ValueError):  # noqa: PT011 - the standard library's own words are not ours to fix
        parse_day(text)


def test_refuses_the_past_and_the_far_future() -> None:
    with pytest.raises(RuleError, match="already passed"):
        check_due(NOW - timedelta(minutes=5), None, NOW)
    with pytest.raises(RuleError, match="year"):
        check_due(NOW + timedelta(days=400), None, NOW)


def test_an_embargo_stops_what_is_due_before_it() -> None:
    with pytest.raises(EmbargoInForce):
        check_due(NOW, NOW + timedelta(minutes=1), NOW)
    check_due(NOW + timedelta(minutes=1), NOW + timedelta(minutes=1), NOW)


@given(
    st.integers(1_577_836_800, 1_893_456_000).map(lambda second: datetime.fromtimestamp(second, UTC)),
    st.sampled_from([1, 5, 15, 30, 60]),
)
def test_ticks_are_aligned_and_never_ahead(now: datetime, minutes: int) -> None:
    every = timedelta(minutes=minutes)
    tick = aligned(now, every)
    assert tick <= now < tick + every
    assert tick.minute % minutes == 0
    assert tick.second == tick.microsecond == 0
