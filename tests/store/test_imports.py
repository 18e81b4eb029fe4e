"""Entries staged, compared and written, on both databases."""

from collections.abc import Iterable
from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from publisher.core.entries import Entry
from publisher.core.guessing import Kind
from publisher.core.states import CountSource
from publisher.store.appeals import find_totals, list_months, list_years
from publisher.store.audience import Count, add_counts, list_days
from publisher.store.imports import Stage, Summary, Verdict, compare, prepare, write
from publisher.store.models import AudienceCount
from publisher.store.session import Store
from tests.builders import add_account, add_channel

CITY = ZoneInfo("Europe/Moscow")
NOON = int(datetime(2024, 12, 31, 9, tzinfo=UTC).timestamp())
DAY = 86_400


@pytest.fixture
def channel_id(store: Store) -> int:
    """A channel."""
    with store.begin() as session:
        return add_channel(session, add_account(session)).id


def staged(entries: Iterable[Entry], kind: Kind = Kind.COUNTS) -> Stage:
    """A table's entries."""
    stage = Stage(kind)
    stage.fill(entries)
    return stage


def written(session: Session, stage: Stage) -> Summary:
    """What was done with them."""
    changes = prepare(session, stage)
    write(session, changes, CITY)
    return changes.summary


def entry(channel_id: int, moment: int, value: int, line: int = 2) -> Entry:
    """One value."""
    return Entry(line, 1, channel_id, moment, CountSource.IMPORT, value)


def counts(store: Store) -> list[tuple[int, int, CountSource]]:
    """All counts by moment."""
    with store.reading() as session:
        query = select(AudienceCount.taken_at, AudienceCount.value, AudienceCount.source)
        rows = session.execute(query.order_by(AudienceCount.channel_id, AudienceCount.taken_at))
        return [(moment, value, source) for moment, value, source in rows]


def test_new_counts_are_written_with_their_days(store: Store, channel_id: int) -> None:
    stage = staged([entry(channel_id, NOON + DAY, 11), entry(channel_id, NOON, 10)])
    with store.begin() as session:
        summary = written(session, stage)
    assert (summary.new, summary.first, summary.last) == (2, NOON, NOON + DAY)
    assert counts(store) == [(NOON, 10, CountSource.IMPORT), (NOON + DAY, 11, CountSource.IMPORT)]
    with store.reading() as session:
        days = list_days(session, channel_id, date(2024, 12, 31), date(2025, 1, 1))
    assert [day.closing for day in days] == [10, 11]


def test_a_comparison_says_what_writing_does(store: Store, channel_id: int) -> None:
    known = [
        Count(channel_id=channel_id, taken_at=NOON, value=1, source=CountSource.IMPORT),
        Count(channel_id=channel_id, taken_at=NOON + 1, value=2, source=CountSource.IMPORT),
        Count(channel_id=channel_id, taken_at=NOON + 2, value=3),
        Count(channel_id=channel_id, taken_at=NOON + 3, value=4),
        Count(channel_id=channel_id, taken_at=NOON + 4, value=5, source=CountSource.DEMO),
    ]
    with store.begin() as session:
        add_counts(session, known, CITY)
    values = {0: 1, 1: 22, 2: 33, 3: 4, 4: 55, 5: 6}
    stage = staged(entry(channel_id, NOON + place, value) for place, value in values.items())
    with store.reading() as session:
        told = compare(session, stage)
    with store.begin() as session:
        done = written(session, stage)
    assert (told.new, told.changed, told.same, told.kept) == (1, 2, 2, 1)
    assert (done.new, done.changed, done.same, done.kept) == (1, 2, 2, 1)
    assert [(one.old, one.verdict) for one in told.examples] == [
        (2, Verdict.CHANGED), (3, Verdict.KEPT), (5, Verdict.CHANGED),
    ]  # fmt: skip
    assert [value for _, value, _ in counts(store)] == [1, 22, 3, 4, 55, 6]


def test_the_same_twice_changes_nothing(store: Store, channel_id: int) -> None:
    stage = staged(entry(channel_id, NOON + place, place) for place in range(50))
    for changes in (50, 0):
        with store.begin() as session:
            assert written(session, stage).changes == changes


def test_the_network_s_count_stays_when_it_came_after_the_comparison(store: Store, channel_id: int) -> None:
    stage = staged([entry(channel_id, NOON, 1), entry(channel_id, NOON + 1, 2)])
    with store.reading() as session:
        changes = prepare(session, stage)
    with store.begin() as session:
        add_counts(session, [Count(channel_id=channel_id, taken_at=NOON, value=9)], CITY)
    with store.begin() as session:
        write(session, changes, CITY)
    assert counts(store) == [(NOON, 9, CountSource.NETWORK), (NOON + 1, 2, CountSource.IMPORT)]
    with store.reading() as session:
        (day,) = list_days(session, channel_id, date(2024, 12, 31), date(2024, 12, 31))
    assert (day.opening, day.closing, day.samples) == (9, 2, 2)


def test_few_days_are_found_among_many_counts(store: Store, channel_id: int) -> None:
    every = [Count(channel_id=channel_id, taken_at=NOON + 60 * n, value=n) for n in range(2_000)]
    with store.begin() as session:
        add_counts(session, every, CITY)
    stage = staged([entry(channel_id, NOON, 7), entry(channel_id, NOON + 60 * 1_999, 1_999)])
    with store.reading() as session:
        told = compare(session, stage)
    assert (told.kept, told.same, told.new) == (1, 1, 0)


def test_values_that_contradict_one_another_are_faults() -> None:
    stage = staged([entry(1, NOON, 5, line=2), entry(1, NOON, 5, line=3), entry(1, NOON, 6, line=9)])
    assert stage.fault_count == 1
    (fault,) = stage.faults
    assert (fault.line, fault.found, fault.error.params) == (9, "6", {"line": 2})


def test_a_value_said_twice_is_written_once(store: Store, channel_id: int) -> None:
    stage = staged([entry(channel_id, NOON, 5, line=2), entry(channel_id, NOON, 5, line=3)])
    with store.begin() as session:
        summary = written(session, stage)
    assert (summary.new, summary.repeated) == (1, 1)


def test_appeals_are_written_and_replaced(store: Store) -> None:
    first = [
        Entry(2, 1, "Дороги", "2024-12-30", "Телеграм", 3),
        Entry(3, 1, "Дороги", "2024-12-31", "Телеграм", 4),
        Entry(4, 1, "Вода", "2024-12-31", "", 1),
    ]  # fmt: skip
    with store.begin() as session:
        assert written(session, staged(first, Kind.APPEALS)).new == 3
        later = [first[0]._replace(value=5), first[2]]
        again = written(session, staged(later, Kind.APPEALS))
        assert (again.changed, again.same) == (1, 1)
    with store.reading() as session:
        assert find_totals(session, date(2024, 12, 30), date(2024, 12, 30)) == {
            (date(2024, 12, 30), "Телеграм", "Дороги"): 5
        }
        assert list_years(session) == [2024]
        assert [(row.topic, row.value) for row in list_months(session, 2024)] == [("Вода", 1), ("Дороги", 9)]
