"""The sandbox in a process of its own, as every test of the product uses it."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

ROOT = Path(__file__).resolve().parent.parent
START_SECONDS = 30


@dataclass(frozen=True, slots=True, kw_only=True)
class Bot:
    """An account that the sandbox made."""

    id: int
    token: str
    api_id: int
    api_hash: str
    session: str

    @property
    def credentials(self) -> dict[str, str]:
        """As our accounts keep them."""
        return {"api_id": str(self.api_id), "api_hash": self.api_hash, "bot_token": self.token}


class SandboxControl:
    """The control of a sandbox that runs on this folder, whoever started it."""

    def __init__(self, data: Path) -> None:
        self.data = data
        about = json.loads((data / "sandbox.json").read_text("utf-8"))
        self.host: str = about["host"]
        self.http_port: int = about["http_port"]
        self.telegram_port: int = about["telegram_port"]
        self.mail_port: int = about["mail_port"]
        self.key = Path(about["telegram_key"])
        self.token: str = about["control_token"]
        self._http = httpx.Client(
            base_url=f"http://{self.host}:{self.http_port}",
            headers={"Authorization": f"Bearer {self.token}"},
            timeout=30,
        )

    @property
    def server(self) -> tuple[str, int]:
        """Where its Telegram is."""
        return self.host, self.telegram_port

    def call(self, method: str, path: str, body: object = None) -> Any:
        """One control call."""
        answer = self._http.request(method, f"/control{path}", json=body)
        answer.raise_for_status()
        return answer.json()

    def add_bot(self, name: str = "Публикатор") -> Bot:
        """A new bot."""
        made = self.call("POST", "/telegram/bots", {"name": name})
        return Bot(**{key: made[key] for key in ("id", "token", "api_id", "api_hash", "session")})

    def revoke_bot(self, bot: Bot, *, restore: bool = False) -> None:
        """Take its token away, or give it back."""
        self.call("POST", f"/telegram/bots/{bot.id}/{'restore' if restore else 'revoke'}", {})

    def add_channels(self, handles: Sequence[str], *bots: Bot, **values: object) -> None:
        """Channels in which the bots may do everything."""
        ids = [bot.id for bot in bots]
        body = [
            {"handle": handle, "title": handle, "bots": ids, "subscribers": 1000, **values}
            for handle in handles
        ]
        self.call("POST", "/telegram/channels", body)

    def remove_channel(self, handle: str) -> None:
        """The channel vanishes."""
        self.call("DELETE", f"/telegram/channels/{handle}")

    def set_rights(
        self, handle: str, bot: Bot, *, post: bool, edit: bool = True, delete: bool = True
    ) -> None:
        """What the bot may do in the channel."""
        rights = {"post": post, "edit": edit, "delete": delete}
        self.call("POST", f"/telegram/channels/{handle}/rights", {"bot": bot.id, **rights})

    def set_subscribers(self, handle: str, value: int) -> None:
        """How many readers the channel has from now on."""
        self.call("POST", f"/telegram/channels/{handle}/subscribers", {"value": value})

    def posts(self, handle: str, *, deleted: bool = False) -> list[dict[str, Any]]:
        """What stands in a channel, oldest first."""
        posts: list[dict[str, Any]] = self.call(
            "GET", f"/telegram/channels/{handle}/posts?deleted={int(deleted)}"
        )
        return posts

    def all_posts(self, *, deleted: bool = False) -> dict[str, list[dict[str, Any]]]:
        """What stands in all channels."""
        posts: dict[str, list[dict[str, Any]]] = self.call("GET", f"/telegram/posts?deleted={int(deleted)}")
        return posts

    def change_post(self, handle: str, number: int, act: str, **body: object) -> None:
        """delete, edit (text=…) or age (hours=…) a post by hand."""
        self.call("POST", f"/telegram/channels/{handle}/posts/{number}/{act}", body)

    def plan_fault(self, **fault: object) -> int:
        """Plan a fault; its id."""
        number: int = self.call("POST", "/faults", fault)["id"]
        return number

    def fault_randomly(self, seed: int, rate: float, *kinds: str) -> None:
        """A share of all changing requests goes wrong."""
        self.call(
            "POST",
            "/faults/random",
            {"seed": seed, "rate": rate, "kinds": kinds or ("error", "drop", "delay")},
        )

    def clear_faults(self) -> None:
        """Behave again."""
        self.call("DELETE", "/faults")

    def set_latency(self, milliseconds: float) -> None:
        """Delay every answer."""
        self.call("POST", "/latency", {"ms": milliseconds})

    def set_limits(self, *, on: bool) -> None:
        """The real network's rates."""
        self.call("POST", "/limits", {"on": on})

    def set_offline(self, *, on: bool) -> None:
        """Refuse new links."""
        self.call("POST", "/offline", {"on": on})

    def set_duplicates(self, answer: str) -> None:
        """How a repeated random_id is answered: original or error."""
        self.call("POST", "/telegram/duplicates", {"answer": answer})

    def requests(self, since: int = 0) -> list[dict[str, Any]]:
        """The log of what was asked and answered."""
        log: list[dict[str, Any]] = self.call("GET", f"/requests?since={since}")
        return log

    def letters(self) -> list[dict[str, Any]]:
        """What its mail server took, oldest first."""
        letters: list[dict[str, Any]] = self.call("GET", "/letters")
        return letters

    def close(self) -> None:
        """Let go of it."""
        self._http.close()


class SandboxProcess(SandboxControl):
    """A running sandbox of the test's own."""

    def __init__(self, data: Path, process: "subprocess.Popen[str]") -> None:
        super().__init__(data)
        self.process = process

    def stop(self, *, kill: bool = False) -> None:
        """End the process, kindly or not."""
        self.close()
        self.process.send_signal(signal.SIGKILL if kill else signal.SIGTERM)
        self.process.communicate(timeout=10)


def start_sandbox(
    data: Path, *, port: int = 0, telegram_port: int = 0, mail_port: int = 0, seed: int = 2024
) -> SandboxProcess:
    """Start one and wait until it is ready."""
    data.mkdir(parents=True, exist_ok=True)
    command = [
        sys.executable, "-m", "publisher.sandbox", "--data", str(data), "--port", str(port),
        "--telegram-port", str(telegram_port), "--mail-port", str(mail_port), "--seed", str(seed),
    ]  # fmt: skip
    process = subprocess.Popen(  # noqa: S603 - our own module
        command, cwd=ROOT, env={**os.environ}, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    if not process.stdout.readline():
        _, errors = process.communicate(timeout=START_SECONDS)
        raise RuntimeError(f"the sandbox did not start: {errors}")
    return SandboxProcess(data, process)


@contextmanager
def running_sandbox(data: Path, **options: int) -> Iterator[SandboxProcess]:
    """A sandbox for the length of a with block."""
    sandbox = start_sandbox(data, **options)
    try:
        yield sandbox
    finally:
        if sandbox.process.poll() is None:
            sandbox.stop()
