"""Secrets for commands: from a file or from the environment, never from the command line itself."""

import os
from pathlib import Path

from publisher.core.messages import N_
from publisher.errors import RuleError

LARGEST = 64 * 1024


def read_secret(field: str, file: Path | None, variable: str) -> str:
    """The secret in the file, else in the environment's variable; empty when neither is given.

    Raises RuleError at `field` for a file that cannot be read or holds no text.
    """
    if file is None:
        return os.environ.get(variable, "").strip()
    try:
        with file.open("rb") as handle:
            secret = handle.read(LARGEST).decode().strip()
    except OSError as error:
        message = N_("{file} cannot be read: {reason}.")
        raise RuleError(field, message, file=file, reason=error.strerror) from error
    except UnicodeDecodeError as error:
        raise RuleError(field, N_("{file} holds no text."), file=file) from error
    if not secret:
        raise RuleError(field, N_("{file} is empty."), file=file)
    return secret
