"""The commands of the program; `main` is what the installed script calls."""

from publisher.cli.program import main

__all__ = ["main"]
