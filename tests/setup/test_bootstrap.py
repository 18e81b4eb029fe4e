"""Set-up in a fresh checkout: stopped anywhere, run again, refused by the machine."""

import errno
import os
import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from bootstrap import cause, explain
from tests.setup.checkout import fresh_checkout, run_setup, start_setup

PATIENCE_SECONDS = 120
# Each stage, and what shows that it is in the middle of its work; the last two are over in a moment.
STAGES = {
    "Preparing .venv …": ".venv/bin",
    "Installing the packages …": ".venv/lib/python*/site-packages/alembic",
    "Installing the command publisher …": ".venv/stamps/project",
    "Installing the front end's packages …": "assets/node_modules",
    "Building the front end …": ".venv/stamps/front-end",
    "Compiling the catalogues …": ".venv/stamps/catalogues",
}


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A checkout in which nothing was prepared."""
    return fresh_checkout(tmp_path)


def wait_until(condition: Callable[[], bool]) -> None:
    """Wait for what another process does."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def kill_in(checkout: Path, stage: str, trace: str) -> None:
    """Run set-up into the middle of a stage and kill it with all that it started."""
    with start_setup(checkout) as process:
        assert process.stdout
        for line in process.stdout:
            if line.strip() == stage:
                break
        wait_until(lambda: any(checkout.glob(trace)))
        os.killpg(process.pid, signal.SIGKILL)


def test_setup_is_finished_by_a_second_run_when_the_first_was_killed_in_any_stage(checkout: Path) -> None:
    for stage, trace in STAGES.items():
        kill_in(checkout, stage, trace)

    code, _ = run_setup(checkout)

    assert code == 0
    command = [str(checkout / ".venv/bin/publisher"), "--help"]
    said = subprocess.check_output(command, cwd="/", text=True)  # noqa: S603 - our own command
    assert said.startswith("Usage: publisher")
    assert (checkout / "publisher/web/static/built/manifest.json").is_file()
    assert_second_run_does_nothing(checkout)


def assert_second_run_does_nothing(checkout: Path) -> None:
    """It is silent, quick and touches no stamp."""
    before = {stamp: stamp.stat().st_mtime_ns for stamp in (checkout / ".venv/stamps").iterdir()}
    began = time.monotonic()
    assert run_setup(checkout) == (0, [])
    assert time.monotonic() - began < 1
    assert {stamp: stamp.stat().st_mtime_ns for stamp in (checkout / ".venv/stamps").iterdir()} == before


def test_setup_waits_when_a_tool_outlived_a_killed_one(checkout: Path) -> None:
    with start_setup(checkout) as first:
        wait_until(lambda: any(checkout.glob(".venv/bin")))
        first.kill()  # alone: what it started goes on
    with start_setup(checkout) as second:
        assert second.stdout
        line = second.stdout.readline().strip()
        os.killpg(second.pid, signal.SIGKILL)
    os.killpg(first.pid, signal.SIGKILL)
    assert line == "Another set-up is at work in this folder: waiting for it …"


def test_setup_says_one_line_when_the_person_stops_it(checkout: Path) -> None:
    with start_setup(checkout) as process:
        wait_until(lambda: any(checkout.glob(".venv/bin")))
        os.killpg(process.pid, signal.SIGINT)
        output, _ = process.communicate()
    assert output.splitlines() == ["Preparing .venv …", "setup: stopped; run it again to go on"]
    assert process.returncode == 1


def test_setup_says_one_line_when_the_folder_cannot_be_written(checkout: Path) -> None:
    # Root may write everywhere, unless it gives up that right first.
    humbly = ["setpriv", "--bounding-set=-dac_override,-dac_read_search"] if os.geteuid() == 0 else []
    checkout.chmod(0o555)
    try:
        code, lines = run_setup(checkout, *humbly)
    finally:
        checkout.chmod(0o755)
    assert (code, lines[1:]) == (1, [f"setup: {checkout / '.venv'}: no right to write there"])


def test_setup_says_one_line_when_a_file_stands_in_the_way(checkout: Path) -> None:
    (checkout / ".venv").write_text("")
    code, lines = run_setup(checkout)
    assert (code, lines[1:]) == (
        1,
        [f"setup: {checkout / '.venv/stamps'}: a file stands where a folder is needed"],
    )


def test_setup_says_one_line_when_there_is_no_network(checkout: Path) -> None:
    nowhere = {"PIP_INDEX_URL": "http://127.0.0.1:9/", "PIP_CONFIG_FILE": os.devnull, "PIP_RETRIES": "0"}
    code, lines = run_setup(checkout, **nowhere)
    reason = "the package registry does not answer; is there a network? (details: .venv/setup.log)"
    assert (code, lines[-1]) == (1, f"setup: Installing the packages: {reason}")
    assert len(lines) == 3


def test_setup_names_the_full_disk_when_the_system_or_a_tool_reports_it() -> None:
    assert explain(OSError(errno.ENOSPC, "whatever", "/x/y")) == "/x/y: no space left on the disk"
    assert cause("npm error ENOSPC\nnpm error bad") == "no space left on the disk"


def test_setup_hands_on_the_last_line_of_a_tool_when_it_cannot_tell_why() -> None:
    assert cause("first\nerror: no such thing\n\n") == "error: no such thing"
