"""A fresh checkout of this very tree, and set-up run in it as a person runs it."""

import os
import shutil
import signal
import subprocess
import sys
from functools import partial
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def fresh_checkout(folder: Path) -> Path:
    """All files that git knows or would take, as a new user gets them."""
    listing = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"]
    found = subprocess.run(  # noqa: S603 - git
        listing, cwd=ROOT, check=True, capture_output=True, text=True
    )
    for name in filter(None, found.stdout.split("\0")):
        if (ROOT / name).is_file():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, folder / name)
    return folder


def start_setup(checkout: Path, *before: str, **environment: str) -> subprocess.Popen[str]:
    """Set-up in a session of its own, to be killed with all that it starts; `before` wraps it."""
    return subprocess.Popen(  # noqa: S603 - our own set-up
        [*before, sys.executable, "bootstrap.py", "setup"],
        cwd=checkout,
        env=os.environ | environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
        # Tests that run in the background of a shell are deaf to Ctrl+C; set-up must hear it.
        preexec_fn=partial(signal.signal, signal.SIGINT, signal.SIG_DFL),
    )


def run_setup(checkout: Path, *before: str, **environment: str) -> tuple[int, list[str]]:
    """The exit code and the lines of a whole run."""
    with start_setup(checkout, *before, **environment) as process:
        output, _ = process.communicate(timeout=300)
    return process.returncode, output.splitlines()
