"""One sandbox for all tests of a module, and what they need to speak to it."""

from collections.abc import Iterator
from itertools import count

import httpx
import pytest

from tests.sandbox_process import SandboxProcess, running_sandbox

_number = count(1)


@pytest.fixture(scope="session")
def anyio_backend() -> str:
    """Telethon needs asyncio."""
    return "asyncio"


@pytest.fixture(scope="module")
def sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SandboxProcess]:
    """A running sandbox."""
    with running_sandbox(tmp_path_factory.mktemp("sandbox")) as running:
        yield running


@pytest.fixture
def handle() -> str:
    """A handle that no other test has."""
    return f"gorod_{next(_number)}"


@pytest.fixture
def visitor(sandbox: SandboxProcess) -> Iterator[httpx.Client]:
    """A browser without JavaScript on the machine of the sandbox."""
    with httpx.Client(base_url=f"http://{sandbox.host}:{sandbox.http_port}") as client:
        yield client
