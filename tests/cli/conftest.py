"""The terminal, for all tests of commands."""

from tests.cli.terminal import terminal

__all__ = ["terminal"]
