"""One worker does a periodic job for all."""

from datetime import timedelta

from publisher.store.session import Store
from publisher.store.turns import end_turn, give_turn_back, take_turn
from tests.builders import NOW

HOUR = timedelta(hours=1)


def take(store: Store, worker: str, hours: float = 0, late: timedelta = timedelta()) -> bool:
    """Whether the worker gets the turn of the period that began so many hours from now."""
    period = NOW + hours * HOUR
    with store.begin() as session:
        return take_turn(session, "archive", period, worker, period + late, longest=HOUR)


def test_the_first_worker_takes_the_turn_and_the_second_does_not(store: Store) -> None:
    assert [take(store, "first"), take(store, "second"), take(store, "first")] == [True, False, False]


def test_a_finished_turn_stays_finished(store: Store) -> None:
    take(store, "first")
    with store.begin() as session:
        end_turn(session, "archive", NOW, "first", NOW)
    assert not take(store, "second", late=5 * HOUR)


def test_a_turn_whose_worker_died_is_free_after_a_while(store: Store) -> None:
    take(store, "dead")
    assert not take(store, "second", late=HOUR / 2)
    assert take(store, "second", late=2 * HOUR)


def test_a_turn_given_back_is_free_at_once(store: Store) -> None:
    take(store, "first")
    with store.begin() as session:
        give_turn_back(session, "archive", NOW, "first")
    assert take(store, "second")


def test_the_next_period_has_a_turn_of_its_own_and_an_older_one_has_none(store: Store) -> None:
    take(store, "first")
    assert take(store, "second", hours=1)
    assert not take(store, "third", hours=0, late=5 * HOUR)


def test_each_job_has_its_own_turn(store: Store) -> None:
    take(store, "first")
    with store.begin() as session:
        assert take_turn(session, "digest", NOW, "first", NOW, longest=HOUR)
