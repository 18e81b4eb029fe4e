"""`publisher run`: real processes, started, killed and stopped as people and machines do it."""

import http.client
import os
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest

from publisher.config import load_settings
from tests.cli.terminal import Terminal, run_program, start_program
from tests.sandbox_process import SandboxControl
from tests.tasks.newsroom import read_until, write_config

PATIENCE = 30.0


class Running:
    """A newsroom that runs in the terminal's folder; somebody has worked there, so no demo is loaded."""

    def __init__(self, terminal: Terminal) -> None:
        self.options = ("--config", str(terminal.config), "--data", str(terminal.data))
        self.settings = load_settings(terminal.config, terminal.data)
        self.process = start_program("run", *self.options, PYTHONUNBUFFERED="1")
        self.greeting = read_until(self.process, "Ctrl+C")

    def parts(self) -> dict[str, int]:
        """The process numbers of the living parts by name."""
        listed = subprocess.run(
            ["ps", "-A", "-ww", "-o", "pid=,ppid=,stat=,args="],  # noqa: S607 - wherever the system has it
            check=True, capture_output=True, text=True,
        )  # fmt: skip
        rows = [line.split(None, 3) for line in listed.stdout.splitlines()]
        return {
            arguments.partition("publisher.cli ")[2].split()[0]: int(pid)
            for pid, parent, state, arguments in rows
            if int(parent) == self.process.pid and not state.startswith("Z")
        }

    def answers(self) -> bool:
        """Whether the desk serves its sign-in page."""
        web = self.settings.web
        with closing(http.client.HTTPConnection(web.host, web.port, timeout=5)) as connection:
            try:
                connection.request("GET", "/sign-in")
                return connection.getresponse().status == 200
            except OSError:
                return False

    def stop(self) -> int:
        """Press Ctrl+C; the exit code."""
        self.process.send_signal(signal.SIGINT)
        self.process.communicate(timeout=PATIENCE)
        return self.process.returncode


def eventually(is_so: Callable[[], bool]) -> bool:
    """Whether it becomes so."""
    deadline = time.monotonic() + PATIENCE
    while not is_so():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.05)
    return True


def is_alive(pid: int) -> bool:
    """Whether a process does anything but wait for its burial."""
    try:
        return Path(f"/proc/{pid}/stat").read_text("utf-8").rpartition(")")[2].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


@pytest.fixture
def used(terminal: Terminal) -> Terminal:
    """A terminal on an office in which somebody has worked, with ports of its own."""
    terminal.set_up(write_config(terminal.config).read_text("utf-8").replace('"ru"', '"en"', 1))
    terminal.done("item", "add", terminal.story("Somebody works here"))
    return terminal


@pytest.fixture
def running(used: Terminal) -> Iterator[Running]:
    """A running newsroom, stopped at the end if it still runs."""
    running = Running(used)
    yield running
    if running.process.poll() is None:
        running.stop()
    running.process.communicate()


def test_run_says_where_everything_is_and_ctrl_c_ends_all_of_it(running: Running) -> None:
    settings = running.settings
    assert running.greeting == [
        f"Desk:     {settings.public_url}",
        f"Sandbox:  http://127.0.0.1:{settings.sandbox.port}/",
        "Nobody may sign in yet: `publisher user add` makes the first person.",
        "Ctrl+C stops everything.",
    ]
    parts = running.parts()
    assert set(parts) == {"sandbox", "web", "worker"}
    assert running.answers()
    assert running.stop() == 0
    assert not any(is_alive(pid) for pid in parts.values())


def test_a_link_is_printed_when_there_is_an_administrator(used: Terminal) -> None:
    used.done("user", "add", "admin@example.org", "--name", "Administrator", "--role", "admin")
    running = Running(used)
    try:
        assert any("/sign-in/link/" in line for line in running.greeting)
    finally:
        assert running.stop() == 0


def test_a_part_that_dies_is_started_again_and_said_aloud(running: Running) -> None:
    before = running.parts()["web"]
    os.kill(before, signal.SIGKILL)
    assert "web stopped" in read_until(running.process, "it starts again in 1 s")[-1]
    assert eventually(running.answers)
    assert running.parts()["web"] != before


def test_no_part_outlives_a_run_that_was_killed(running: Running) -> None:
    parts = running.parts()
    running.process.kill()
    running.process.wait()
    assert eventually(lambda: not any(is_alive(pid) for pid in parts.values()))


def test_a_second_run_in_the_same_folder_is_refused(running: Running) -> None:
    answer = run_program("run", *running.options)
    expected = f"publisher: publisher run is already running (process {running.process.pid})\n"
    assert (answer.code, answer.out, answer.err) == (1, "", expected)


@pytest.mark.parametrize(
    ("section", "name"),
    [("web", "--port"), ("sandbox", "[sandbox] port"), ("sandbox", "[sandbox] telegram_port")],
)
def test_a_taken_port_is_said_in_one_line(used: Terminal, section: str, name: str) -> None:
    settings = load_settings(used.config, used.data)
    port = getattr(getattr(settings, section), name.split()[-1].strip("-"))
    with socket.socket() as other:
        other.bind(("127.0.0.1", port))
        other.listen()
        said = used.refused("run")
    assert said == f"Port {port} is taken by another program. Choose another one: {name}."


def test_started_again_it_goes_on_where_it_was(used: Terminal) -> None:
    running = Running(used)
    control = SandboxControl(used.data / "sandbox")
    bot = control.add_bot()
    control.add_channels(["krd_news"], bot)
    secrets = ("--api-hash-file", used.write("hash", bot.api_hash))
    token = ("--bot-token-file", used.write("token", bot.token), "--sandbox")
    used.done("account", "add", "telegram", "--name", "bot", "--api-id", str(bot.api_id), *secrets, *token)
    used.done("channel", "add", "telegram", "--account", "bot", "--handle", "krd_news")
    used.done("account", "check")
    control.close()
    assert running.stop() == 0
    used.done("item", "add", used.story("Written meanwhile"), "--to-all", "--now")
    again = Running(used)
    try:
        assert eventually(lambda: used.read("item", "show", "2", "--json")["status"] == "published")
        control = SandboxControl(used.data / "sandbox")
        assert [post["text"].split("\n")[0] for post in control.posts("krd_news")] == ["Written meanwhile"]
        control.close()
    finally:
        assert again.stop() == 0
