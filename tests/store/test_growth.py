"""What growth reads: exactly the values, misses and posts of the period, on both databases."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from publisher.core.platforms import Realm
from publisher.core.series import Period
from publisher.store.audience import Count, add_counts
from publisher.store.growth import (
    Moment,
    find_outing,
    list_channels_of_period,
    list_counted_days,
    list_evenings,
    list_last_values,
    list_misses,
    list_outings,
    list_post_moments,
    list_ticks,
    list_values_at,
)
from publisher.store.models import AudienceMiss, Channel
from publisher.store.session import Store
from tests.builders import NOW, add_account, add_channel, add_desk, add_item, add_operation, add_post

MOSCOW = ZoneInfo("Europe/Moscow")
TODAY = date(2026, 12, 1)
DAY, HOUR = timedelta(days=1), timedelta(hours=1)


def new_channel(store: Store, counts: dict[timedelta, int], **values: object) -> int:
    """A channel counted so long before now."""
    with store.begin() as session:
        channel_id = add_channel(session, add_account(session), None, "", **values).id
        rows = [
            Count(channel_id=channel_id, taken_at=int((NOW - age).timestamp()), value=value)
            for age, value in counts.items()
        ]
        add_counts(session, rows, MOSCOW)
    return channel_id


def publish(store: Store, title: str, ages: dict[int, timedelta]) -> int:
    """An item that went into these channels so long ago."""
    with store.begin() as session:
        item, version = add_item(session, add_desk(session), title=title)
        for channel_id, age in ages.items():
            operation = add_operation(session, version, session.get_one(Channel, channel_id))
            add_post(session, operation).published_at = NOW - age
        return item.id


def test_evenings_are_the_days_last_counts(store: Store) -> None:
    channel_id = new_channel(store, {0 * DAY: 30, HOUR: 29, DAY: 20, 3 * DAY: 10})
    with store.reading() as session:
        found = list_evenings(session, [channel_id], TODAY - DAY, TODAY)
    assert found == {channel_id: {"2026-12-01": 30, "2026-11-30": 20}}


def test_a_stretch_has_its_last_counted_day_and_nothing_from_outside(store: Store) -> None:
    channel_id = new_channel(store, {0 * DAY: 30, 5 * DAY: 20, 20 * DAY: 10})
    stretches = [
        Period(first=TODAY - 15 * DAY, last=TODAY - 3 * DAY),
        Period(first=TODAY - 2 * DAY, last=TODAY),
        Period(first=TODAY - 18 * DAY, last=TODAY - 16 * DAY),
    ]
    with store.reading() as session:
        found = list_last_values(session, [channel_id], stretches)
    assert found == {channel_id: [20, 30, None]}


def test_ticks_come_in_their_order_without_the_end(store: Store) -> None:
    channel_id = new_channel(store, {0 * HOUR: 30, HOUR: 20, 2 * HOUR: 10})
    with store.reading() as session:
        found = list_ticks(session, [channel_id], NOW - 2 * HOUR, NOW)
    assert [value for _, _, value in found] == [10, 20]


def test_a_value_is_the_newest_that_is_not_too_old(store: Store) -> None:
    channel_id = new_channel(store, {0 * DAY: 30, DAY: 20})
    ages = [timedelta(0), HOUR, DAY, DAY + HOUR, 6 * HOUR - DAY]
    moments = [Moment(channel_id=channel_id, at=NOW - age) for age in ages]
    with store.reading() as session:
        assert list_values_at(session, moments, 6 * HOUR) == [30, None, 20, None, None]
        assert list_values_at(session, [], HOUR) == []


def test_channels_retired_before_the_period_are_left_out(store: Store) -> None:
    new_channel(store, {}, title="Давно закрыт", retired_at=NOW - 40 * DAY)
    new_channel(store, {}, title="Недавно закрыт", retired_at=NOW - 5 * DAY)
    new_channel(store, {}, title="Работает")
    with store.reading() as session:
        titles = [c.title for c in list_channels_of_period(session, Realm.SANDBOX, NOW - 30 * DAY)]
        assert list_channels_of_period(session, Realm.REAL, NOW - 30 * DAY) == []
    assert titles == ["Недавно закрыт", "Работает"]


def test_counted_days_are_those_of_any_of_the_channels(store: Store) -> None:
    ids = [new_channel(store, {0 * DAY: 1}), new_channel(store, {0 * DAY: 1, 2 * DAY: 1, 9 * DAY: 1})]
    with store.reading() as session:
        assert list_counted_days(session, ids, TODAY - 5 * DAY, TODAY) == {TODAY, TODAY - 2 * DAY}


def test_misses_that_reach_into_the_period_are_found(store: Store) -> None:
    channel_id = new_channel(store, {})
    with store.begin() as session:
        for first, last, code in ((9, 8, "BEFORE"), (6, 4, "INTO"), (1, 1, "AFTER")):
            session.add(
                AudienceMiss(
                    channel_id=channel_id, first_at=int((NOW - first * DAY).timestamp()),
                    last_at=int((NOW - last * DAY).timestamp()), code=code,
                )
            )  # fmt: skip
    with store.reading() as session:
        found = list_misses(session, [channel_id], NOW - 5 * DAY, NOW - 2 * DAY)
    assert [miss.code for miss in found[channel_id]] == ["INTO"]
    assert found[channel_id][0].first == NOW - 6 * DAY


def outings(store: Store, ids: Sequence[int], limit: int = 9) -> list[tuple[str, datetime, int]]:
    """Title, moment and number of channels of what went out within the last ten days."""
    with store.reading() as session:
        [found] = list_outings(session, ids, [(NOW - 10 * DAY, NOW)], limit)
    return [(one.title, one.at, one.channels) for one in found]


def test_what_went_out_comes_once_with_its_reach_the_widest_first(store: Store) -> None:
    one, two, other = (new_channel(store, {}) for _ in range(3))
    publish(store, "Узкая", {one: DAY})
    publish(store, "Широкая", {one: 2 * DAY, two: 2 * DAY - HOUR, other: 2 * DAY})
    publish(store, "Чужая", {other: DAY})
    publish(store, "Старая", {one: 11 * DAY})
    assert outings(store, [one, two]) == [("Широкая", NOW - 2 * DAY, 2), ("Узкая", NOW - DAY, 1)]
    assert len(outings(store, [one, two], limit=1)) == 1


def test_each_stretch_has_its_own_outings(store: Store) -> None:
    channel_id = new_channel(store, {})
    for title, age in (("Первая", 3 * DAY), ("Вторая", 2 * DAY), ("Третья", 2 * DAY - HOUR)):
        publish(store, title, {channel_id: age})
    stretches = [(NOW - 3 * DAY, NOW), (NOW - DAY, NOW), (NOW - 3 * DAY, NOW - 2 * DAY)]
    with store.reading() as session:
        found = list_outings(session, [channel_id], stretches, 2)
        assert list_outings(session, [channel_id], [], 2) == []
    assert [[one.title for one in some] for some in found] == [["Третья", "Вторая"], [], ["Первая"]]


def test_one_item_is_found_with_its_moments(store: Store) -> None:
    one, two = new_channel(store, {}), new_channel(store, {})
    item_id = publish(store, "Новость", {one: DAY, two: HOUR})
    with store.reading() as session:
        outing = find_outing(session, item_id, [one, two])
        assert find_outing(session, item_id, []) is None
        moments = set(list_post_moments(session, [item_id], [one, two]))
    assert outing is not None
    assert (outing.title, outing.at.astimezone(UTC), outing.channels) == ("Новость", NOW - DAY, 2)
    assert moments == {
        (item_id, Moment(channel_id=one, at=NOW - DAY)),
        (item_id, Moment(channel_id=two, at=NOW - HOUR)),
    }
