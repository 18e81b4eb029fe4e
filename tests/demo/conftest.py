"""One loaded demo city for all tests that only look at it: loading takes seconds."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.demo.city import DemoCity


@pytest.fixture(scope="package")
def city(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DemoCity]:
    """A loaded demo city."""
    city = DemoCity(tmp_path_factory.mktemp("city"))
    city.run("demo", "load")
    yield city
    city.close()


@pytest.fixture
def own_office(tmp_path: Path) -> Iterator[DemoCity]:
    """An office of one's own into which a demo city can be loaded."""
    office = DemoCity(tmp_path)
    office.run("init")
    yield office
    office.close()
