"""A lane claims its next operation while one is under way; what may not follow at once is given back."""

import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from publisher.actions.pause import pause_all, resume_all
from publisher.core.permissions import COMMAND_LINE
from publisher.core.states import OperationState
from tests.delivery.city import City, running_city

SECONDS = 2.0


@pytest.fixture
def city(tmp_path: Path) -> Iterator[City]:
    """One channel, no limits: everything that is due could leave at once."""
    with running_city(tmp_path, channels=1) as city:
        yield city


def wait_for_claims(city: City, count: int) -> None:
    """Until so many operations are in the worker's hands."""
    deadline = time.monotonic() + 20
    while city.states()[OperationState.SENDING] != count:
        assert time.monotonic() < deadline, city.states()
        time.sleep(0.01)


def test_the_next_one_is_claimed_while_a_send_is_under_way(city: City) -> None:
    city.sandbox.plan_fault(method="messages.sendMessage", kind="delay", seconds=SECONDS)
    for title in ("Первая", "Вторая", "Третья"):
        city.plan(title)
    worker = city.start_worker()
    wait_for_claims(city, 2)
    assert city.states() == {OperationState.SENDING: 2, OperationState.PLANNED: 1}
    city.wait_until_settled()
    assert city.titles("city_00") == ["Первая", "Вторая", "Третья"]
    city.stop_worker(worker)


def test_what_was_claimed_ahead_waits_when_everything_is_paused(city: City) -> None:
    city.sandbox.plan_fault(method="messages.sendMessage", kind="delay", seconds=SECONDS)
    city.plan("Под ударом")
    city.plan("Следом")
    worker = city.start_worker()
    wait_for_claims(city, 2)
    with city.store.begin() as session:
        pause_all(session, COMMAND_LINE, datetime.now(UTC))
    deadline = time.monotonic() + 20
    while city.states() != {OperationState.SENT: 1, OperationState.PLANNED: 1}:
        assert time.monotonic() < deadline, city.states()
        time.sleep(0.05)
    assert city.titles("city_00") == ["Под ударом"]
    with city.store.begin() as session:
        resume_all(session, COMMAND_LINE, datetime.now(UTC))
    city.wait_until_settled()
    assert city.titles("city_00") == ["Под ударом", "Следом"]
    city.stop_worker(worker)


def test_what_was_claimed_ahead_obeys_the_wait_that_the_network_asks_for(city: City) -> None:
    city.sandbox.plan_fault(method="messages.sendMessage", code=420, error="FLOOD_WAIT_2", times=1)
    city.plan("Первая")
    city.plan("Вторая")
    worker = city.start_worker()
    city.wait_until_settled()
    sends = [entry["at"] for entry in city.sandbox.requests() if entry["method"] == "messages.sendMessage"]
    assert len(sends) == 3
    assert sends[1] - sends[0] >= SECONDS
    city.stop_worker(worker)


def test_nothing_is_lost_or_doubled_when_the_worker_dies_with_one_claimed_ahead(city: City) -> None:
    city.sandbox.plan_fault(method="messages.sendMessage", kind="delay", when="after", seconds=SECONDS)
    city.plan("Первая")
    city.plan("Вторая")
    worker = city.start_worker()
    wait_for_claims(city, 2)
    city.kill_worker(worker)
    city.start_worker()
    city.wait_until_settled()
    assert sorted(city.titles("city_00")) == ["Вторая", "Первая"]
