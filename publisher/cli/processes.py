"""Parts as child processes: started, waited for, restarted when they die, stopped together."""

import os
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from publisher.cli.office import Office
from publisher.cli.parts import TIED
from publisher.config import ROOT
from publisher.core.messages import N_
from publisher.errors import RuleError

FIRST_PAUSE, LONGEST_PAUSE = 1.0, 30.0
# A part that ran for so long was healthy: its next death starts counting anew.
HEALTHY = 60.0
STOP_WITHIN = 10.0
LARGEST_LOG = 5 * 1024 * 1024


@dataclass(slots=True, kw_only=True)
class Part:
    """One part of the program. `is_ready` tells whether the process with this number does its work."""

    name: str
    arguments: Sequence[str]
    log: Path
    is_ready: Callable[[int], bool]
    process: "subprocess.Popen[bytes] | None" = None
    started_at: float = 0.0
    deaths: int = 0
    restart_at: float | None = field(default=None)

    def start(self) -> None:
        """Start the process; what it says goes into its log."""
        self.log.parent.mkdir(parents=True, exist_ok=True)
        if self.log.exists() and self.log.stat().st_size > LARGEST_LOG:
            self.log.replace(self.log.with_suffix(".old.log"))
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(  # noqa: S603 - our own module with our own arguments
                [sys.executable, "-P", "-m", "publisher.cli", *self.arguments],
                # The pipe is never written to: its end tells the part that we are gone, however we went.
                stdin=subprocess.PIPE, stdout=log, stderr=log, env=_environment(),
                # Ctrl+C in the terminal reaches us alone; the parts are stopped by us, in order.
                start_new_session=True,
            )  # fmt: skip
        self.started_at = time.monotonic()
        self.restart_at = None

    @property
    def is_alive(self) -> bool:
        """Whether the process runs."""
        return self.process is not None and self.process.poll() is None

    def wait_until_ready(self, patience: float, stop: Callable[[], bool]) -> bool:
        """Whether it got ready; False when a stop was asked for meanwhile.

        Raises RuleError with the part's own last line when it died or took too long.
        """
        deadline = time.monotonic() + patience
        while not stop():
            if not self.is_alive or time.monotonic() > deadline:
                raise RuleError("", N_("{part} did not start: {line}"), part=self.name, line=self.last_line())
            assert self.process is not None  # noqa: S101 - it is alive
            if self.is_ready(self.process.pid):
                return True
            time.sleep(0.02)
        return False

    def last_line(self) -> str:
        """What the part said last, or where to look."""
        lines = (
            self.log.read_text("utf-8", errors="replace").strip().splitlines() if self.log.exists() else []
        )
        last = lines[-1].removeprefix("publisher: ") if lines else ""
        return last or str(self.log)

    def look_after(self, now: float) -> str | None:
        """Start the part again when its time has come; a msgid when something is to be told."""
        if self.is_alive:
            return None
        if self.restart_at is None:
            self.deaths = self.deaths + 1 if now - self.started_at < HEALTHY else 1
            self.restart_at = now + min(FIRST_PAUSE * 2 ** (self.deaths - 1), LONGEST_PAUSE)
            return N_("{part} stopped ({line}); it starts again in {seconds} s. Its log: {log}")
        if now >= self.restart_at:
            self.start()
        return None


def make_part(office: Office, name: str, *arguments: str, is_ready: Callable[[int], bool]) -> Part:
    """A part of this installation: a command of ours with our settings and data folder; not started yet."""
    settings = office.settings
    config = ["--config", str(settings.file)] if settings.file else []
    return Part(
        name=name,
        arguments=[*arguments, *config, "--data", str(settings.data)],
        log=settings.data / "logs" / f"{name}.log",
        is_ready=is_ready,
    )


def stop_parts(parts: Sequence[Part]) -> None:
    """Ask all to stop, wait for them together, and end what does not."""
    running = [part.process for part in parts if part.process is not None and part.is_alive]
    for process in running:
        process.terminate()
    deadline = time.monotonic() + STOP_WITHIN
    for process in running:
        try:
            process.wait(max(0.1, deadline - time.monotonic()))
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
    for part in parts:
        if part.process is not None and part.process.stdin is not None:
            part.process.stdin.close()


def _environment() -> dict[str, str]:
    """Ours, with the checkout on the path: it is what runs, whatever folder we were started in."""
    path = os.pathsep.join(filter(None, [str(ROOT), os.environ.get("PYTHONPATH", "")]))
    return {**os.environ, "PYTHONPATH": path, "PYTHONUNBUFFERED": "1", TIED: "1"}
