"""One newsroom for each file of tasks: tasks are done in it one after the other, as in an office."""

from collections.abc import Iterator

import pytest

from tests.tasks.newsroom import Newsroom, running_newsroom


@pytest.fixture(scope="module")
def newsroom(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Newsroom]:
    """The program with the demo city."""
    with running_newsroom(tmp_path_factory.mktemp("newsroom")) as newsroom:
        yield newsroom
