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


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Whoever looks at the one city stays in one worker, or it would be loaded twice."""
    for item in items:
        if "city" in getattr(item, "fixturenames", ()):
            item.add_marker(pytest.mark.xdist_group("demo city"))


@pytest.fixture
def own_office(tmp_path: Path) -> Iterator[DemoCity]:
    """An office of one's own into which a demo city can be loaded."""
    office = DemoCity(tmp_path)
    office.run("init")
    yield office
    office.close()
