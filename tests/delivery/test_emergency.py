"""Emergency first, always: past a long queue, with the limits of the real networks on."""

import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

from publisher.config import Telegram
from publisher.core.editions import element_keys
from publisher.core.states import OperationState, Priority
from tests.builders import text_edition
from tests.delivery.city import City, running_city

CHANNELS = 27
QUEUE = 10_000
# 27 messages at 25 a second are in the second, each channel's own rate included; then the way there and back.
BOUND = 3.0


def test_an_emergency_goes_out_at_once_past_ten_thousand_others(tmp_path: Path) -> None:
    with running_city(tmp_path, channels=CHANNELS, telegram=Telegram()) as city:
        city.sandbox.set_limits(on=True)
        city.start_worker()
        city.plan("Начало")
        city.wait_until_settled()
        ago = datetime.now(UTC) - timedelta(minutes=1)
        for state in (OperationState.PLANNED, OperationState.RETRYING):
            city.plan_many(QUEUE // 2, ago, text_edition("Очередь"), state)
        city.wait_for(lambda: city.states()[OperationState.SENT] > 3 * CHANNELS, "the queue moves")
        city.sandbox.set_latency(100)
        assert seconds_until_live(city) < BOUND


def seconds_until_live(city: City) -> float:
    """From the press until the last channel shows the emergency."""
    pressed = time.time()
    since = int(city.sandbox.requests()[-1]["n"])
    item = city.plan("Срочно", priority=Priority.EMERGENCY)
    keys = {element_keys(operation.key, 1)[0] for operation in city.operations(item)}
    shown: dict[int, float] = {}

    def is_live_everywhere() -> bool:
        for entry in city.sandbox.requests(since):
            if entry["applied"] and keys.intersection(entry["random_ids"]):
                shown[entry["random_ids"][0]] = entry["at"]
        return len(shown) == CHANNELS

    city.wait_for(is_live_everywhere, "it stands everywhere", 30)
    return max(shown.values()) - pressed
