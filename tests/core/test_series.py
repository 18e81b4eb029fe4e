"""Counts as people read them: gaps stay gaps."""

from datetime import date, timedelta

from hypothesis import given
from hypothesis import strategies as st

from publisher.core.series import Day, DayLine, Period, add_up, change, day_lines

FIRST = date(2026, 11, 1)


def day(offset: int, closing: int = 100) -> Day:
    """A day with one count."""
    return Day(
        day=FIRST + timedelta(days=offset),
        opening=closing,
        closing=closing,
        low=closing,
        high=closing,
        samples=1,
    )


def test_a_change_is_unknown_where_one_side_is() -> None:
    assert [change(5, 3), change(3, 5), change(None, 5), change(5, None)] == [2, -2, None, None]


def test_a_total_names_what_it_lacks_and_adds_no_zero() -> None:
    total = add_up([("а", 3), ("б", None), ("в", 4)])
    assert (total.value, total.missing) == (7, ("б",))
    assert add_up([("а", None)]).value is None


@given(st.sets(st.integers(0, 40)), st.integers(0, 40))
def test_every_day_of_a_period_is_there_once_as_a_day_or_in_a_gap(counted: set[int], length: int) -> None:
    last = FIRST + timedelta(days=length)
    lines = day_lines([day(offset) for offset in sorted(counted)], FIRST, last)
    shown = []
    for line in reversed(lines):
        if isinstance(line, Period):
            shown += [line.first + timedelta(days=number) for number in range(line.days)]
        else:
            shown.append(line.day.day)
    assert shown == [FIRST + timedelta(days=offset) for offset in range(length + 1)]
    assert {line.day.day for line in lines if isinstance(line, DayLine)} == {
        FIRST + timedelta(days=offset) for offset in counted if offset <= length
    }


def test_a_change_is_told_only_against_the_evening_before() -> None:
    lines = day_lines([day(-1, 90), day(0, 100), day(2, 130)], FIRST, FIRST + timedelta(days=2))
    assert [line.change for line in lines if isinstance(line, DayLine)] == [None, 10]
