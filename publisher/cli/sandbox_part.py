"""The sandbox as a part: started by `publisher run`, or for the moment in which the demo city needs it."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from publisher.cli.office import Office
from publisher.cli.processes import Part, make_part, stop_parts
from publisher.demo.walls import Walls
from publisher.store.locks import is_locked

PATIENCE = 60.0


def sandbox_part(office: Office) -> Part:
    """The sandbox of this installation, not started yet."""

    def is_ready(pid: int) -> bool:
        return read_sandbox(office).get("pid") == pid

    return make_part(office, "sandbox", "sandbox", is_ready=is_ready)


def read_sandbox(office: Office) -> dict[str, object]:
    """What the sandbox that runs here, or ran last, says of itself; empty when none ever did."""
    try:
        found: dict[str, object] = json.loads((folder(office) / "sandbox.json").read_bytes())
    except FileNotFoundError:
        return {}
    return found


@contextmanager
def running_sandbox(office: Office) -> Iterator[Walls]:
    """The running sandbox; where none runs, one for as long as the block lasts."""
    if is_locked(folder(office) / "sandbox.lock"):
        yield Walls(folder(office))
        return
    part = sandbox_part(office)
    try:
        part.start()
        part.wait_until_ready(PATIENCE, lambda: False)
        yield Walls(folder(office))
    finally:
        stop_parts([part])


def folder(office: Office) -> Path:
    """Where the sandbox keeps its own things."""
    return office.settings.data / "sandbox"
