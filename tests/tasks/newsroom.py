"""The whole program as `make run` starts it, with the demo city, on ports and in a folder of its own."""

import re
import signal
import socket
import subprocess
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

from bootstrap import BIN
from publisher.config import ROOT, load_settings
from tests.sandbox_process import SandboxControl

START_SECONDS = 90
LINK = re.compile(r"http://\S+/sign-in/link/\S+")


class Newsroom:
    """A running newsroom: its address, its sandbox, and the command line on its data."""

    def __init__(self, folder: Path) -> None:
        config, data = write_config(folder / "config.toml"), folder / "data"
        self._options = ("--config", str(config), "--data", str(data))
        settings = load_settings(config, data)
        self.address = settings.public_url
        self.sandbox_address = f"http://127.0.0.1:{settings.sandbox.port}/"
        self.process = subprocess.Popen(  # noqa: S603 - our own program
            [BIN / "publisher", "run", *self._options],
            cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
        )  # fmt: skip
        self.greeting = read_until(self.process, "Ctrl+C")
        self.sandbox = SandboxControl(data / "sandbox")

    def run(self, *arguments: str) -> str:
        """What a command prints. Raises CalledProcessError when it fails."""
        done = subprocess.run(  # noqa: S603 - our own program
            [BIN / "publisher", *arguments, *self._options], check=True, capture_output=True, text=True
        )
        return done.stdout

    def sign_in_link(self, role: str, *desks: str) -> str:
        """A link that signs a new person with this role in once."""
        email = f"person{time.monotonic_ns()}@example.org"
        options = [option for desk in desks for option in ("--desk", desk)]
        printed = self.run("user", "add", email, "--name", "Проверка", "--role", role, *options)
        return next(LINK.finditer(printed))[0]

    def walls(self) -> dict[str, list[dict[str, Any]]]:
        """What stands in each channel now, oldest first."""
        return self.sandbox.all_posts()

    def stop(self) -> int:
        """Press Ctrl+C and wait; the exit code."""
        self.sandbox.close()
        self.process.send_signal(signal.SIGINT)
        self.process.communicate(timeout=30)
        return self.process.returncode


@contextmanager
def running_newsroom(folder: Path) -> Iterator[Newsroom]:
    """A newsroom for the length of a with block."""
    newsroom = Newsroom(folder)
    try:
        yield newsroom
    finally:
        if newsroom.process.poll() is None:
            newsroom.stop()


def write_config(file: Path) -> Path:
    """The settings of a fresh checkout, on free ports."""
    web, page, telegram, mail = free_ports(4)
    text = (ROOT / "config.toml").read_text("utf-8")
    for known, port in (
        ("\nport = 8080", web), ("\nport = 8090", page),
        ("telegram_port = 8091", telegram), ("mail_port = 8092", mail),
    ):  # fmt: skip
        text = text.replace(known, f"{known.partition(' ')[0]} = {port}")
    # On whatever day of the week it is started, the past week's digest is due.
    text = text.replace('digest_time = "08:00"', 'digest_time = "00:00"')
    file.write_text(text, "utf-8")
    return file


def free_ports(count: int) -> Sequence[int]:
    """So many ports that nobody listens on."""
    with ExitStack() as stack:
        probes = [stack.enter_context(socket.socket()) for _ in range(count)]
        for probe in probes:
            probe.bind(("127.0.0.1", 0))
        return [probe.getsockname()[1] for probe in probes]


def read_until(process: "subprocess.Popen[str]", word: str) -> list[str]:
    """The lines of a process up to the one with this word. Raises AssertionError when it does not come."""
    assert process.stdout is not None
    lines: list[str] = []
    watchdog = threading.Timer(START_SECONDS, process.kill)
    watchdog.start()
    for line in process.stdout:
        lines.append(line.rstrip())
        if word in line:
            watchdog.cancel()
            return lines
    watchdog.cancel()
    raise AssertionError(f"the program did not say “{word}”: {lines}")
