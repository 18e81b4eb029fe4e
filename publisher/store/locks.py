"""A lock that the operating system holds for a process and lets go when the process dies."""

import os
import sys
from pathlib import Path
from typing import BinaryIO

from publisher.core.messages import N_
from publisher.errors import StoreError


def hold_lock(file: Path, command: str) -> BinaryIO:
    """Lock the file for this process's life; keep the returned handle open.

    Raises StoreError naming the holder's process when another one has it; `command` is what started it.
    """
    file.parent.mkdir(parents=True, exist_ok=True)
    handle = file.open("a+b")
    try:
        _lock(handle)
    except OSError as error:
        handle.seek(0)
        holder = handle.read().decode() or "unknown"
        handle.close()
        message = N_("{command} is already running (process {holder})")
        raise StoreError(message, command=command, holder=holder) from error
    handle.truncate(0)
    handle.write(str(os.getpid()).encode())
    handle.flush()
    return handle


def is_locked(file: Path) -> bool:
    """Whether a living process holds the lock."""
    if not file.exists():
        return False
    with file.open("a+b") as handle:
        try:
            _lock(handle)
        except OSError:
            return True
    return False


if sys.platform == "win32":
    import msvcrt

    def _lock(handle: BinaryIO) -> None:
        # Lock a byte far behind the process number, so that others can read it.
        handle.seek(1 << 20)
        msvcrt.locking(handle.fileno(), msvcrt.LK_NBLCK, 1)
else:
    import fcntl

    def _lock(handle: BinaryIO) -> None:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
