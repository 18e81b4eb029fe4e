"""Counts as people read them: gaps stay gaps."""

from datetime import date, timedelta

from hypothesis import given
from hypothesis import strategies as st

from publisher.core.series import (
    Day,
    DayLine,
    Period,
    Track,
    add_up,
    bridge,
    change,
    counted_bounds,
    day_lines,
    every_nth,
    largest,
    steps,
    total_at,
    totals,
    track,
)

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


POINTS = 6


@st.composite
def tracks(draw: st.DrawFn) -> list[Track]:
    """Channels that open and close within six points and are not counted at some of them."""
    counts = st.lists(st.none() | st.integers(0, 10_000), min_size=POINTS, max_size=POINTS)
    found = []
    for number in range(draw(st.integers(0, 5))):
        begins, ends = sorted(draw(st.tuples(st.integers(0, POINTS), st.integers(0, POINTS))))
        found.append(track(f"канал {number}", draw(counts), begins=begins, ends=ends))
    return found


@given(tracks(), st.integers(0, POINTS - 1), st.integers(0, POINTS - 1))
def test_the_parts_of_a_change_add_up_whatever_was_not_counted(
    channels: list[Track], one: int, other: int
) -> None:
    start, end = sorted((one, other))
    sums = bridge(channels, start, end)
    parts = sums.kept.value + sums.opened.value + sums.closed.value + sums.rest.value
    assert (sums.start.value or 0) + parts == (sums.end.value or 0)


@given(tracks(), st.integers(0, POINTS - 1))
def test_a_total_has_the_value_or_the_name_of_every_channel_that_is_there(
    channels: list[Track], place: int
) -> None:
    total = total_at(channels, place)
    there = [one for one in channels if one.is_there(place)]
    known = [one.values[place] for one in there if one.name not in total.missing]
    assert all(value is not None for value in known)
    assert (total.value or 0) == sum(value or 0 for value in known)
    assert {one.name for one in there if one.values[place] is None} == set(total.missing)


@given(tracks())
def test_a_step_between_two_whole_totals_is_their_difference(channels: list[Track]) -> None:
    totals = [total_at(channels, place) for place in range(POINTS)]
    for place, step in enumerate(steps(channels, POINTS)):
        before, after = totals[place], totals[place + 1]
        if not before.missing and not after.missing:
            moved = sum(part.value or 0 for part in (step.change, step.opened, step.closed))
            assert (before.value or 0) + moved == (after.value or 0)


@given(tracks())
def test_the_totals_of_all_points_are_those_of_each(channels: list[Track]) -> None:
    assert totals(channels, POINTS) == [total_at(channels, place) for place in range(POINTS)]


@given(tracks())
def test_whoever_was_counted_was_there(channels: list[Track]) -> None:
    counted = [
        (one, place) for one in channels for place, value in enumerate(one.values) if value is not None
    ]
    assert all(one.is_there(place) for one, place in counted)


def test_a_gap_in_one_channel_is_no_dip_of_the_total() -> None:
    channels = [track("а", [100, 101, 102]), track("б", [50, None, 52])]
    assert [total_at(channels, place).missing for place in range(3)] == [(), ("б",), ()]
    assert [(step.change.value, step.change.missing) for step in steps(channels, 3)] == [
        (1, ("б",)), (1, ("б",))
    ]  # fmt: skip


def test_channels_opened_in_the_period_stand_apart_from_growth() -> None:
    channels = [track("старый", [100, 110, 120]), track("новый", [None, None, 40], begins=2)]
    sums = bridge(channels, 0, 2)
    assert (sums.kept.value, sums.opened.value, sums.opened.names) == (20, 40, ("новый",))
    assert total_at(channels, 1).missing == ()


def test_a_closed_channel_takes_its_readers_with_it_and_is_named() -> None:
    sums = bridge([track("а", [100, 110]), track("б", [7, None], ends=1)], 0, 1)
    assert (sums.kept.value, sums.closed.value, sums.closed.names) == (10, -7, ("б",))


def test_what_was_counted_at_one_end_only_is_the_named_rest() -> None:
    sums = bridge([track("а", [100, 110]), track("б", [7, None]), track("в", [None, 9])], 0, 1)
    assert (sums.kept.value, sums.rest.value, sums.rest.names) == (10, 2, ("б", "в"))
    assert sums.change == 12


def test_the_bounds_are_the_first_and_last_points_with_counts() -> None:
    assert counted_bounds([track("а", [None, 5, None, 6, None])], 5) == (1, 3)
    assert counted_bounds([track("а", [None])], 1) is None


def test_the_days_beside_a_jump_belong_to_it() -> None:
    channels = [track("а", [0, 50, 90, 91, 91, 61])]
    assert largest(steps(channels, 6), 5) == [0, 4, 2]


def test_a_coarser_track_keeps_the_last_count_and_the_gaps_that_are_whole() -> None:
    coarse = every_nth(track("а", [1, 2, None, None, 5], begins=1, ends=3), 2)
    assert (coarse.values, coarse.begins, coarse.ends) == ([2, None, 5], 0, 3)
