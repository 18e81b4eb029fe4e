"""Killed workers and dropped links: one post each, none lost. `make torture` does it at length."""

from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from tests.delivery.city import running_city
from tests.delivery.torture import ROUNDS, survive

SEED = 20261201
# Leases have to run out before another worker may go on: short ones make more of a second.
SHORT: dict[str, Any] = {"send_timeout_seconds": 1, "lease_seconds": 2}


@pytest.mark.parametrize(
    ("database", "workers", "rounds"), [("sqlite", 1, 60), ("postgresql", 1, 8), ("postgresql", 4, 20)]
)
def test_nothing_is_lost_or_doubled_when_workers_are_killed(
    tmp_path: Path,
    request: pytest.FixtureRequest,
    capsys: pytest.CaptureFixture[str],
    database: str,
    workers: int,
    rounds: int,
) -> None:
    url = request.getfixturevalue("postgres_url") if database == "postgresql" else ""
    with running_city(tmp_path, url=url, channels=8, bots=4, **SHORT) as city:
        outcome = survive(city, SEED, ROUNDS or rounds, workers=workers, items_a_round=6 if ROUNDS else 1)
    if ROUNDS:
        with capsys.disabled():
            print(f"\n{database}, {workers} at once: {outcome}")  # noqa: T201 - the figures are what is asked for
    assert outcome.faults == Counter()
