"""The command line as a person at a terminal uses it: arguments in; exit code, stdout and stderr out."""

import json
import os
import subprocess
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from bootstrap import BIN
from publisher.cli.program import run
from publisher.config import load_settings
from publisher.store.session import Store, open_store
from tests.builders import NOW

API_HASH, BOT_TOKEN = "0123456789abcdef" * 2, "123456:" + "A" * 35


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What a command left behind."""

    code: int
    out: str
    err: str


class Terminal:
    """Commands on a config and a data folder of the test's own; they speak English."""

    def __init__(self, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
        self.folder = folder
        self.data = folder / "data"
        self.config = folder / "config.toml"
        self.set_up('[office]\nlanguage = "en"\n')
        self._capsys = capsys

    def set_up(self, config: str) -> None:
        """Write the settings file anew."""
        self.config.write_text(config, "utf-8")

    def write(self, name: str, text: str | bytes) -> str:
        """A file in the test's folder; its path as an argument."""
        content = text.encode() if isinstance(text, str) else text
        (self.folder / name).write_bytes(content)
        return str(self.folder / name)

    def run(self, *arguments: str) -> Answer:
        """Run a command to its end."""
        self._capsys.readouterr()
        code = run([*arguments, "--config", str(self.config), "--data", str(self.data)])
        out, err = self._capsys.readouterr()
        return Answer(code=code, out=out, err=err)

    def done(self, *arguments: str) -> str:
        """What a command prints that must succeed, and say nothing on stderr."""
        answer = self.run(*arguments)
        assert (answer.code, answer.err) == (0, "")
        return answer.out.rstrip("\n")

    def read(self, *arguments: str) -> Any:
        """The JSON that a command prints."""
        return json.loads(self.done(*arguments))

    def refused(self, *arguments: str) -> str:
        """The one line on stderr with which a command fails."""
        answer = self.run(*arguments)
        assert (answer.code, answer.err.count("\n")) == (1, 1), answer
        return answer.err.removeprefix("publisher: ").rstrip("\n")

    def misused(self, *arguments: str) -> str:
        """What a command says that was called wrongly."""
        answer = self.run(*arguments)
        assert (answer.code, answer.out) == (2, "")
        return answer.err

    def open_store(self) -> closing[Store]:
        """The database that the commands work on."""
        settings = load_settings(self.config, self.data)
        return closing(open_store(settings.database_url, NOW))

    def add_account(self, name: str = "bot", *options: str) -> None:
        """An account on the real Telegram that no worker has checked."""
        secrets = ("--api-hash-file", self.write("hash", API_HASH))
        token = ("--bot-token-file", self.write("token", BOT_TOKEN))
        self.done(
            "account", "add", "telegram", "--name", name, "--api-id", "1234", *secrets, *token, *options
        )

    def add_channels(self, *handles: str) -> None:
        """An account with channels."""
        self.add_account()
        for handle in handles:
            self.done("channel", "add", "telegram", "--account", "bot", "--handle", handle)

    def story(self, title: str = "Road works", body: str = "From **Monday** on.", **fields: str) -> str:
        """A FILE.md."""
        front = "".join(f"{name}: {value}\n" for name, value in {"title": title, **fields}.items())
        return self.write("story.md", f"---\n{front}---\n{body}\n")


@pytest.fixture
def terminal(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Terminal:
    """A terminal in an empty folder."""
    return Terminal(tmp_path, capsys)


def start_program(*arguments: str, before: Sequence[str] = (), **environment: str) -> "subprocess.Popen[str]":
    """The installed program as a process of its own; `before` wraps it."""
    return subprocess.Popen(  # noqa: S603 - our own program
        [*before, str(BIN / "publisher"), *arguments],
        env={**os.environ, **environment}, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip


def run_program(*arguments: str, before: Sequence[str] = (), **environment: str) -> Answer:
    """Run it to its end."""
    with start_program(*arguments, before=before, **environment) as process:
        out, err = process.communicate(timeout=60)
    return Answer(code=process.returncode, out=out, err=err)
