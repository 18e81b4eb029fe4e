"""Causes of gaps: what goes on is one miss; what ended, changed or was not tried begins another."""

from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest

from publisher.core.states import AccountState, ChannelState
from publisher.store.audience import Count, add_counts
from publisher.store.misses import (
    Miss,
    add_misses,
    list_current_misses,
    list_misses,
    list_unreachable,
)
from publisher.store.session import Store
from tests.builders import NOW, add_account, add_channel

PERIOD = timedelta(minutes=15)
TICK = int(PERIOD.total_seconds())
FIRST = int(NOW.timestamp())
ZONE = ZoneInfo("Europe/Moscow")


@pytest.fixture
def channel_id(store: Store) -> int:
    """A channel without counts."""
    with store.begin() as session:
        return add_channel(session, add_account(session)).id


def miss(store: Store, channel_id: int, tick: int, code: str = "limited") -> None:
    """At the tick of this number the channel could not be counted."""
    with store.begin() as session:
        add_misses(session, [(channel_id, code)], FIRST + tick * TICK, PERIOD)


def count(store: Store, channel_id: int, at: int) -> None:
    """The channel was counted."""
    with store.begin() as session:
        add_counts(session, [Count(channel_id=channel_id, taken_at=at, value=5)], ZONE)


def misses(store: Store, channel_id: int) -> list[tuple[int, int, str]]:
    """(first tick, last tick, code) of the channel's misses."""
    with store.reading() as session:
        found = list_misses(session, [channel_id], 0, 2**40)
    return [((m.first_at - FIRST) // TICK, (m.last_at - FIRST) // TICK, m.code) for m in found]


def test_ticks_in_a_row_with_one_cause_are_one_miss(store: Store, channel_id: int) -> None:
    for tick in (0, 1, 2):
        miss(store, channel_id, tick)
    assert misses(store, channel_id) == [(0, 2, "limited")]


def test_another_cause_is_another_miss(store: Store, channel_id: int) -> None:
    miss(store, channel_id, 0)
    miss(store, channel_id, 1, "CHANNEL_PRIVATE")
    miss(store, channel_id, 2)
    assert misses(store, channel_id) == [(0, 0, "limited"), (1, 1, "CHANNEL_PRIVATE"), (2, 2, "limited")]


def test_a_tick_that_nobody_ran_has_no_cause(store: Store, channel_id: int) -> None:
    miss(store, channel_id, 0)
    miss(store, channel_id, 2)
    assert misses(store, channel_id) == [(0, 0, "limited"), (2, 2, "limited")]


def test_a_count_ends_a_miss_also_between_two_ticks(store: Store, channel_id: int) -> None:
    miss(store, channel_id, 0)
    count(store, channel_id, FIRST + TICK // 2)
    miss(store, channel_id, 1)
    assert misses(store, channel_id) == [(0, 0, "limited"), (1, 1, "limited")]


def test_the_same_tick_told_twice_is_one_miss(store: Store, channel_id: int) -> None:
    for _ in range(2):
        miss(store, channel_id, 0)
        miss(store, channel_id, 1)
    assert misses(store, channel_id) == [(0, 1, "limited")]


def test_misses_are_those_that_reach_into_the_time_asked_for(store: Store, channel_id: int) -> None:
    for tick in (0, 1, 5, 9):
        miss(store, channel_id, tick)
    with store.reading() as session:
        found = list_misses(session, [channel_id], FIRST + TICK, FIRST + 5 * TICK)
    assert found == [
        Miss(channel_id=channel_id, first_at=FIRST, last_at=FIRST + TICK, code="limited"),
        Miss(channel_id=channel_id, first_at=FIRST + 5 * TICK, last_at=FIRST + 5 * TICK, code="limited"),
    ]


def test_the_current_miss_is_the_newest_until_a_count_ends_it(store: Store, channel_id: int) -> None:
    miss(store, channel_id, 0)
    miss(store, channel_id, 1, "gone")
    with store.reading() as session:
        assert list_current_misses(session, [channel_id])[channel_id].code == "gone"
    count(store, channel_id, FIRST + 2 * TICK)
    with store.reading() as session:
        assert list_current_misses(session, [channel_id]) == {}


@pytest.mark.parametrize(
    ("account", "channel", "cause"),
    [
        (AccountState.NEW, ChannelState.OK, "ACCOUNT_NEW"),
        (AccountState.DOWN, ChannelState.OK, "signedout"),
        (AccountState.DOWN, ChannelState.FORBIDDEN, "signedout"),
        (AccountState.OK, ChannelState.NEW, "CHANNEL_NEW"),
        (AccountState.OK, ChannelState.FORBIDDEN, "forbidden"),
        (AccountState.OK, ChannelState.MISSING, "gone"),
    ],
)
def test_who_cannot_be_asked_is_known_with_the_cause(
    store: Store, account: AccountState, channel: ChannelState, cause: str
) -> None:
    with store.begin() as session:
        owner = add_account(session)
        owner.state = account
        there = add_channel(session, owner, state=channel)
        add_channel(session, owner, state=channel, retired_at=NOW)
        add_channel(session, add_account(session))
        session.flush()
        assert list_unreachable(session, [owner.id]) == [(there.id, cause)]


def test_the_reason_that_is_known_is_the_cause(store: Store) -> None:
    with store.begin() as session:
        owner = add_account(session, reason={"code": "SECRET_UNREADABLE", "message": "", "params": {}})
        there = add_channel(session, owner)
        owner.state = AccountState.DOWN
        session.flush()
        assert list_unreachable(session, [owner.id]) == [(there.id, "SECRET_UNREADABLE")]


def test_a_channel_in_order_is_not_among_those_that_cannot_be_asked(store: Store) -> None:
    with store.begin() as session:
        owner = add_account(session)
        add_channel(session, owner)
        assert list_unreachable(session, [owner.id]) == []
