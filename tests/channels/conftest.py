"""Adapters are async: these tests run on asyncio."""

import pytest


@pytest.fixture(scope="session")
def anyio_backend() -> str:
    """The event loop that the worker uses."""
    return "asyncio"
