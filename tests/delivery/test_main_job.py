"""The main job, from the press to the walls, through a real worker process and the real protocol."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

from publisher.core.states import OperationState
from tests.delivery.city import running_city


def test_an_item_stands_once_in_every_channel(tmp_path: Path) -> None:
    with running_city(tmp_path, channels=5) as city:
        city.plan("Ремонт дороги")
        worker = city.start_worker()
        states = city.wait_until_settled()
        assert states == {OperationState.SENT: 5}
        assert all(city.titles(handle) == ["Ремонт дороги"] for handle in city.handles)
        city.stop_worker(worker)


def test_a_running_worker_is_woken_by_a_press_in_another_process(tmp_path: Path) -> None:
    with running_city(tmp_path, channels=2) as city:
        worker = city.start_worker()
        city.plan("Первая")
        city.wait_until_settled()
        pressed = datetime.now(UTC)
        city.plan("Вторая")
        city.wait_until_settled()
        assert datetime.now(UTC) - pressed < timedelta(seconds=3)
        assert city.titles("city_00") == ["Первая", "Вторая"]
        city.stop_worker(worker)


def test_a_scheduled_item_goes_out_at_its_time_and_not_before(tmp_path: Path) -> None:
    with running_city(tmp_path, channels=2) as city:
        worker = city.start_worker()
        city.plan("Сразу")
        city.wait_until_settled()
        due = datetime.now(UTC) + timedelta(seconds=2)
        city.plan("По плану", due=due)
        city.wait_until_settled()
        sends = [entry for entry in city.sandbox.requests() if entry["method"] == "messages.sendMessage"]
        late = [entry["at"] - due.timestamp() for entry in sends[-2:]]
        assert all(0 <= seconds < 1.5 for seconds in late)
        city.stop_worker(worker)
