"""The Makefile on machines that lack what it needs."""

import shutil
import subprocess
from pathlib import Path

import pytest

from tests.setup.checkout import ROOT

NEEDED = "Python 3.11 or newer with its venv is needed (on Debian: python3.11-venv)."


@pytest.fixture
def machine(tmp_path: Path) -> Path:
    """A folder of commands in which there is make, and no Python yet."""
    for name in ("make", "sh"):
        (tmp_path / name).symlink_to(str(shutil.which(name)))
    return tmp_path


def make_setup(machine: Path) -> str:
    """What `make setup` says on that machine; it fails."""
    command = [str(machine / "make"), "--file", str(ROOT / "Makefile"), "setup"]
    result = subprocess.run(  # noqa: S603 - make
        command, cwd=machine, env={"PATH": str(machine)}, capture_output=True, text=True, check=False
    )
    assert result.returncode == 2
    assert result.stdout == ""
    return result.stderr


def test_one_line_names_what_was_found_when_python_is_too_old(machine: Path) -> None:
    old = machine / "python3"
    old.write_text('#!/bin/sh\n[ "$1" = -V ] && echo Python 3.9.2\n')
    old.chmod(0o755)
    assert make_setup(machine).endswith(f"*** {NEEDED} Found: python3 (Python 3.9.2).  Stop.\n")


def test_one_line_says_so_when_there_is_no_python(machine: Path) -> None:
    said = make_setup(machine)
    assert said.endswith(f"*** {NEEDED} Found: none.  Stop.\n")
    assert said.count("\n") == 1
