"""The lock files: exact, checked by hash, and silent about where packages come from."""

import json
import re
from pathlib import Path

import pytest

from tests.setup.checkout import ROOT

LOCKS = [ROOT / name for name in ("requirements.txt", "requirements-test.txt", "assets/package-lock.json")]


def pins(lock: Path) -> set[tuple[str, str]]:
    """Packages with their versions, and what a version is for where there are two."""
    return set(re.findall(r"^([a-z0-9._-]+)==(.+?) \\$", lock.read_text("utf-8"), re.MULTILINE))


@pytest.mark.parametrize("lock", LOCKS, ids=lambda lock: lock.name)
def test_a_lock_file_names_no_host_and_no_path(lock: Path) -> None:
    text = lock.read_text("utf-8")
    assert not re.search(
        r"https?:|file:|index-url|find-links|\"resolved\"|(?<![\w@])/(home|root|tmp|work|Users)/", text
    )


@pytest.mark.parametrize("lock", LOCKS[:2], ids=lambda lock: lock.name)
def test_every_package_has_hashes(lock: Path) -> None:
    blocks = re.split(r"^(?=[a-z0-9])", lock.read_text("utf-8"), flags=re.MULTILINE)[1:]
    assert len(blocks) == len(pins(lock)) > 50
    assert [block.split()[0] for block in blocks if "--hash=sha256:" not in block] == []


def test_every_front_end_package_has_a_hash() -> None:
    packages = json.loads(LOCKS[2].read_text("utf-8"))["packages"]
    assert [name for name, package in packages.items() if name and "integrity" not in package] == []


def test_tests_run_with_what_the_program_runs_with() -> None:
    assert pins(LOCKS[0]) <= pins(LOCKS[1])
