"""What the resident processes do not load before it is used: memory of every desk, all day."""

import subprocess
import sys

import pytest

HEAVY = {"altair", "vl_convert", "xlsxwriter", "python_calamine", "sqlite_utils", "alembic"}


@pytest.mark.parametrize("module", ["publisher.web.app", "publisher.worker"])
def test_libraries_of_single_tasks_are_not_loaded_at_the_start(module: str) -> None:
    loaded = subprocess.run(  # noqa: S603 - our own modules
        [sys.executable, "-c", f"import sys, {module}; print(*sys.modules)"],
        check=True, capture_output=True, text=True,
    )  # fmt: skip
    assert HEAVY & set(loaded.stdout.split()) == set()
