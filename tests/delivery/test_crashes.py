"""Killed workers and dropped links: one post each, none lost."""

from pathlib import Path

from tests.delivery.city import running_city
from tests.delivery.torture import ROUNDS, survive

SEED = 20261201


def test_nothing_is_lost_or_doubled_when_workers_are_killed(tmp_path: Path) -> None:
    with running_city(tmp_path, channels=3) as city:
        assert survive(city, SEED, ROUNDS) == {}
