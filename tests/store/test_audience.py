"""Counts and their days: whatever order they come in, the roll-up is what the raw counts say."""

from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime, timedelta
from itertools import groupby
from zoneinfo import ZoneInfo

from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from publisher.core.series import Day
from publisher.core.states import CountSource
from publisher.store.audience import (
    Count,
    add_counts,
    count_misplaced_days,
    day_bounds,
    iterate_counts,
    list_days,
    list_newest_counts,
    list_standings,
    list_stretches,
    list_wrong_days,
    local_day,
    rebuild_days,
)
from publisher.store.models import AudienceDay, Channel
from publisher.store.session import Store
from tests.builders import NOW, add_account, add_channel

MOSCOW = ZoneInfo("Europe/Moscow")
# Moscow keeps one time all year; Berlin's days of 23 and 25 hours fall into these weeks.
BERLIN = ZoneInfo("Europe/Berlin")
WEEKS = [datetime(2026, month, day, tzinfo=UTC) for month, day in ((3, 26), (10, 22), (6, 1))]
EVER = (date(2000, 1, 1), date(2100, 1, 1))
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
SOME = int(NOW.timestamp())
# What a day without counts would have, if there were one.
NOTHING = dict.fromkeys(("first_at", "last_at", "opening", "closing", "low", "high", "samples"), 0)

zones = st.sampled_from([MOSCOW, BERLIN])
# Few distinct moments, so that the same one comes again with another value.
moments = st.builds(
    lambda week, quarters: int((week + timedelta(minutes=15 * quarters)).timestamp()),
    st.sampled_from(WEEKS),
    st.integers(0, 6 * 96),
)
batches = st.lists(st.lists(st.tuples(moments, st.integers(0, 2_000_000)), max_size=12), max_size=5)
# The store is the same for all examples; each has a channel of its own.
few = settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


def new_channel(store: Store) -> int:
    """A channel that was never counted."""
    with store.begin() as session:
        return add_channel(session, add_account(session)).id


def take(store: Store, channel_id: int, counts: Iterable[tuple[int, int]], zone: ZoneInfo = MOSCOW) -> None:
    """Store (epoch second, subscribers)."""
    with store.begin() as session:
        rows = [Count(channel_id=channel_id, taken_at=at, value=value) for at, value in counts]
        add_counts(session, rows, zone)


def days_of(store: Store, channel_id: int) -> Sequence[Day]:
    """The channel's whole roll-up."""
    with store.reading() as session:
        return list_days(session, channel_id, *EVER)


def days_by_hand(counts: dict[int, int], zone: ZoneInfo) -> list[Day]:
    """The roll-up that these counts ought to give."""
    days = []
    for day, group in groupby(sorted(counts.items()), key=lambda pair: local_day(pair[0], zone)):
        values = [value for _, value in group]
        days.append(
            Day(
                day=day, opening=values[0], closing=values[-1], low=min(values), high=max(values),
                samples=len(values),
            )
        )  # fmt: skip
    return days


def rebuild(store: Store, zone: ZoneInfo, channel_id: int) -> int:
    """Make all days of the channel anew; how many they are."""
    with store.begin() as session:
        stretches = [s for s in list_stretches(session, zone) if s.channel_id == channel_id]
        return sum(rebuild_days(session, stretch, zone) for stretch in stretches)


def wrong_days(store: Store, zone: ZoneInfo, channel_id: int) -> list[date]:
    """The channel's days that are not what its raw counts say."""
    with store.reading() as session:
        stretches = [s for s in list_stretches(session, zone) if s.channel_id == channel_id]
        return [day for stretch in stretches for day in list_wrong_days(session, stretch, zone)]


@few
@given(batches, zones)
@example([[(SOME, 5)], [(SOME, 7)], [(SOME, 7), (SOME, 9)]], MOSCOW)
def test_the_roll_up_is_what_the_raw_counts_say_in_whatever_order_they_come(
    store: Store, batches: list[list[tuple[int, int]]], zone: ZoneInfo
) -> None:
    channel_id = new_channel(store)
    for batch in batches:
        take(store, channel_id, batch, zone)
    last_of_each = {at: value for batch in batches for at, value in batch}
    assert list(days_of(store, channel_id)) == days_by_hand(last_of_each, zone)


@few
@given(batches, zones)
def test_a_rebuild_changes_nothing(
    store: Store, batches: list[list[tuple[int, int]]], zone: ZoneInfo
) -> None:
    channel_id = new_channel(store)
    for batch in batches:
        take(store, channel_id, batch, zone)
    before = days_of(store, channel_id)
    assert rebuild(store, zone, channel_id) == len(before)
    assert days_of(store, channel_id) == before


@few
@given(st.dates(date(2020, 1, 1), date(2030, 1, 1)), zones)
def test_days_follow_each_other_without_hole_or_overlap(store: Store, day: date, zone: ZoneInfo) -> None:
    start, end = day_bounds(day, zone)
    assert end == day_bounds(day + DAY, zone)[0]
    assert {local_day(start, zone), local_day(end - 1, zone)} == {day}
    assert local_day(end, zone) == day + DAY


def test_days_of_a_clock_change_have_23_and_25_hours(store: Store) -> None:
    channel_id = new_channel(store)
    for start in (datetime(2026, 3, 28, 12, tzinfo=UTC), datetime(2026, 10, 24, 12, tzinfo=UTC)):
        take(store, channel_id, [(int((start + n * HOUR).timestamp()), n) for n in range(48)], BERLIN)
    hours = {day.day: day.samples for day in days_of(store, channel_id)}
    assert hours[date(2026, 3, 29)] == 23
    assert hours[date(2026, 10, 25)] == 25


@few
@given(batches, zones)
def test_no_day_is_found_wrong_whatever_came_in(
    store: Store, batches: list[list[tuple[int, int]]], zone: ZoneInfo
) -> None:
    channel_id = new_channel(store)
    for batch in batches:
        take(store, channel_id, batch, zone)
    assert wrong_days(store, zone, channel_id) == []


def test_a_rebuild_repairs_a_roll_up_that_went_wrong(store: Store) -> None:
    channel_id = new_channel(store)
    take(store, channel_id, [(SOME, 10), (SOME + 86_400, 11)])
    with store.begin() as session:
        day = list_days(session, channel_id, *EVER)[0].day
        session.get_one(AudienceDay, (channel_id, day)).closing = 99
        session.add(AudienceDay(channel_id=channel_id, day=date(2020, 5, 5), **NOTHING))
    assert wrong_days(store, MOSCOW, channel_id) == [date(2020, 5, 5), day]
    assert rebuild(store, MOSCOW, channel_id) == 2
    assert wrong_days(store, MOSCOW, channel_id) == []
    assert [day.closing for day in days_of(store, channel_id)] == [10, 11]


def test_days_of_another_time_zone_are_noticed_until_a_rebuild(store: Store) -> None:
    channel_id = new_channel(store)
    quarters = [(SOME + 900 * number, number) for number in range(3 * 96)]
    take(store, channel_id, quarters, MOSCOW)
    with store.reading() as session:
        assert count_misplaced_days(session, MOSCOW) == 0
        assert count_misplaced_days(session, BERLIN) >= 3
    rebuild(store, BERLIN, channel_id)
    with store.reading() as session:
        assert count_misplaced_days(session, BERLIN) == 0


def test_a_long_history_loads_in_pieces_and_comes_once_more_without_a_trace(store: Store) -> None:
    channel_id = new_channel(store)
    history = [(SOME + 900 * number, number % 77) for number in range(50_000)]
    take(store, channel_id, history[::-1])
    before = days_of(store, channel_id)
    take(store, channel_id, history)
    assert days_of(store, channel_id) == before == days_by_hand(dict(history), MOSCOW)


def standing_after(
    store: Store, ages: dict[timedelta, int]
) -> tuple[int, int | None, int | None, int | None]:
    """(newest, a day, a week, 30 days before) of a channel counted so long before now."""
    channel_id = new_channel(store)
    take(store, channel_id, [(int((NOW - age).timestamp()), value) for age, value in ages.items()])
    with store.reading() as session:
        standing = list_standings(session, NOW, [channel_id])[channel_id]
    return standing.value, standing.day_ago, standing.week_ago, standing.month_ago


def test_a_standing_compares_with_counts_that_are_old_enough(store: Store) -> None:
    ages = {0 * DAY: 40, 23 * HOUR: 39, 25 * HOUR: 30, 7 * DAY + HOUR: 20, 32 * DAY: 10}
    assert standing_after(store, ages) == (40, 30, 20, 10)


def test_a_standing_knows_no_change_over_a_gap(store: Store) -> None:
    ages = {0 * DAY: 40, 32 * HOUR: 30, 9 * DAY: 20, 34 * DAY: 10}
    assert standing_after(store, ages) == (40, None, None, None)


def test_an_old_count_is_compared_with_those_before_it_and_not_before_now(store: Store) -> None:
    ages = {10 * DAY: 40, 11 * DAY: 30, 17 * DAY: 20, 40 * DAY: 10}
    assert standing_after(store, ages) == (40, 30, 20, 10)


def test_a_count_to_come_is_not_the_newest(store: Store) -> None:
    assert standing_after(store, {-DAY: 99, 0 * DAY: 40})[0] == 40


def test_standings_leave_out_who_was_never_counted_and_who_is_retired(store: Store) -> None:
    counted, silent, retired = (new_channel(store) for _ in range(3))
    for channel_id in (counted, retired):
        take(store, channel_id, [(int(NOW.timestamp()), 1)])
    with store.begin() as session:
        session.get_one(Channel, retired).retired_at = NOW
    with store.reading() as session:
        assert set(list_standings(session, NOW)) == {counted}
        assert set(list_standings(session, NOW, [silent, retired])) == {retired}


def test_the_newest_counts_come_first_and_no_more_than_asked_for(store: Store) -> None:
    channel_id = new_channel(store)
    take(store, channel_id, [(number, number * 10) for number in (3, 1, 2)])
    with store.reading() as session:
        newest = list_newest_counts(session, channel_id, 2)
    assert [(count.taken_at, count.value, count.source) for count in newest] == [
        (3, 30, CountSource.NETWORK), (2, 20, CountSource.NETWORK)
    ]  # fmt: skip


def test_all_counts_come_by_channel_and_time(store: Store) -> None:
    first, second = new_channel(store), new_channel(store)
    take(store, second, [(2, 5), (1, 4)])
    take(store, first, [(9, 3)])
    with store.reading() as session:
        rows = [(channel.id, count.taken_at) for channel, count in iterate_counts(session)]
        late = [count.taken_at for _, count in iterate_counts(session, since=2)]
    assert rows == [(first, 9), (second, 1), (second, 2)]
    assert late == [9, 2]
