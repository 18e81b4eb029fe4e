"""Copies don't speak: what the original sent after the copy was made never goes out a second time."""

import shutil
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import update

from publisher.actions.pause import release_restored, resume_all
from publisher.core.permissions import COMMAND_LINE
from publisher.core.states import OperationState
from publisher.store.models import Operation
from publisher.store.session import open_store
from tests.delivery.city import City, running_city


@pytest.mark.parametrize("age", [timedelta(), timedelta(hours=3)], ids=["key known", "read back"])
def test_a_copy_that_is_released_finds_what_the_original_sent(tmp_path: Path, age: timedelta) -> None:
    with running_city(tmp_path) as city:
        worker = city.start_worker()
        city.plan("Первая")
        city.wait_until_settled()
        city.stop_worker(worker)
        city.plan("Вторая")
        shutil.copytree(city.settings.data, tmp_path / "copy")
        original = city.start_worker()
        city.wait_until_settled()
        city.stop_worker(original)
        move_to(city, tmp_path / "copy")
        assert city.states() == {OperationState.SENT: 3, OperationState.HELD: 3}
        with city.store.begin() as session:
            session.execute(
                update(Operation)
                .where(Operation.state == OperationState.HELD)
                .values(due=datetime.now(UTC) - age, latest=datetime.now(UTC) + timedelta(hours=1))
            )
            resume_all(session, COMMAND_LINE, datetime.now(UTC))
            assert release_restored(session, COMMAND_LINE, datetime.now(UTC)) == 3
        city.start_worker()
        city.wait_until_settled()
        assert city.states() == {OperationState.SENT: 6}
        assert all(city.titles(handle) == ["Первая", "Вторая"] for handle in city.handles)


def move_to(city: City, data: Path) -> None:
    """Go on with the copy; the network is the same."""
    city.store.close()
    city.settings = replace(city.settings, data=data)
    city.log = data / "worker.log"
    city.store = open_store(city.settings.database_url, datetime.now(UTC))
