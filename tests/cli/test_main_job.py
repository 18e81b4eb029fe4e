"""The whole task by commands alone: a worker of the real realm, a bot's token, a full handshake."""

import csv
import io
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from tests.cli.terminal import Terminal, start_program
from tests.sandbox_process import Bot, SandboxProcess, running_sandbox

CHANNELS = 27
PATIENCE = 30.0
SIGN_IN = "auth.importBotAuthorization"

STORY = """---
title: "The year's results: 71,936 appeals"
slug: results
tags: [results]
---
The centre worked on **71,936 appeals**.

> Every figure is a question.

- roads
- [transport](https://example.org/)
"""


class RealRealm:
    """A terminal whose real realm is a Telegram-compatible server on this machine."""

    def __init__(self, terminal: Terminal, sandbox: SandboxProcess) -> None:
        self.terminal = terminal
        self.sandbox = sandbox
        self.bot: Bot = sandbox.add_bot()
        self.handles = [f"city_{number:02}" for number in range(CHANNELS)]
        sandbox.add_channels(self.handles, self.bot)
        host, port = sandbox.server
        terminal.set_up(
            f'[office]\nlanguage = "en"\n[telegram]\nserver = "{host}:{port}"\nserver_key = "{sandbox.key}"\n'
        )

    def connect(self, channels: int = CHANNELS) -> None:
        """Write the account with its token down, and so many channels."""
        bot = self.bot
        secrets = ("--api-hash-file", self.terminal.write("hash", bot.api_hash))
        token = ("--bot-token-file", self.terminal.write("token", bot.token))
        self.terminal.done(
            "account", "add", "telegram", "--name", "bot", "--api-id", str(bot.api_id), *secrets, *token
        )
        for handle in self.handles[:channels]:
            self.terminal.done("channel", "add", "telegram", "--account", "bot", "--handle", handle)

    @contextmanager
    def worker(self) -> Iterator["subprocess.Popen[str]"]:
        """`publisher worker` as a process of its own."""
        options = ("--config", str(self.terminal.config), "--data", str(self.terminal.data))
        with start_program("worker", *options) as process:
            try:
                yield process
            finally:
                process.send_signal(signal.SIGTERM)
                _, errors = process.communicate(timeout=20)
                assert process.returncode == 0, errors

    def wait_for(self, is_reached: Callable[[Any], bool], *arguments: str) -> Any:
        """The JSON of a command, asked for until it is as wanted."""
        deadline = time.monotonic() + PATIENCE
        while not is_reached(found := self.terminal.read(*arguments)):
            assert time.monotonic() < deadline, found
            time.sleep(0.1)
        return found

    def wait_until_sent(self, kind: str) -> Any:
        """The item, once its operations of this kind have been sent everywhere."""

        def is_sent(item: Any) -> bool:
            return [o["state"] for o in item["operations"] if o["kind"] == kind] == ["sent"] * CHANNELS

        return self.wait_for(is_sent, "item", "show", "results", "--json")

    def sign_ins(self) -> int:
        """How often somebody signed in with a token."""
        return sum(entry["method"] == SIGN_IN for entry in self.sandbox.requests())


@pytest.fixture
def realm(terminal: Terminal) -> Iterator[RealRealm]:
    """A real realm with 27 channels."""
    with running_sandbox(terminal.folder / "network") as sandbox:
        yield RealRealm(terminal, sandbox)


def test_an_item_is_published_corrected_withdrawn_and_counted_by_commands(realm: RealRealm) -> None:
    terminal, walls = realm.terminal, realm.sandbox.all_posts
    realm.connect()
    story = terminal.write("results.md", STORY)
    with realm.worker():
        (checked,) = terminal.read("account", "check", "--json")
        assert (checked["state"], checked["reason"]) == ("ok", None)
        terminal.done("item", "add", story, "--to-all", "--now")
        published = realm.wait_until_sent("publish")
        assert published["status"] == "published"
        assert {len(posts) for posts in walls().values()} == {1}
        (post,) = walls()["city_00"]
        assert post["text"].startswith("The year's results: 71,936 appeals\n")
        first = next(o for o in published["operations"] if o["channel"] == "telegram:@city_00")
        assert first["external_ids"] == [post["id"]]
        assert first["permalink"] == f"https://t.me/city_00/{post['id']}"

        terminal.done(
            "item", "correct", "results", terminal.write("results.md", STORY.replace("- roads", "- parks"))
        )
        assert realm.wait_until_sent("edit")["status"] == "corrected"
        assert all("parks" in posts[0]["text"] for posts in walls().values())

        assert terminal.done("counts", "take") == f"Channels counted: {CHANNELS}."
        counts = list(csv.DictReader(io.StringIO(terminal.done("counts", "export"))))
        assert {row["channel"] for row in counts} == {f"telegram:@{handle}" for handle in realm.handles}

        terminal.done("item", "kill", "results", "--reason", "Figures are being checked")
        assert realm.wait_until_sent("delete")["status"] == "killed"
        assert set(map(len, walls().values())) == {0}


def test_the_session_is_kept_when_the_worker_starts_again(realm: RealRealm) -> None:
    realm.connect(channels=1)
    with realm.worker():
        realm.terminal.done("account", "check")
    assert realm.sign_ins() == 1
    with realm.worker():
        realm.terminal.done("account", "check")
        realm.terminal.done("counts", "take")
    assert realm.sign_ins() == 1


def test_a_wrong_token_is_said_in_the_check(realm: RealRealm) -> None:
    realm.connect(channels=1)
    realm.sandbox.revoke_bot(realm.bot)
    with realm.worker():
        answer = realm.terminal.run("account", "check")
    assert answer.code == 1
    assert answer.err == "publisher: Not in order: bot.\n"
    assert "The network does not know this token." in answer.out


def test_an_item_waits_and_goes_out_when_the_server_was_away_at_the_start(realm: RealRealm) -> None:
    realm.connect(channels=1)
    realm.sandbox.set_offline(on=True)
    with realm.worker():
        answer = realm.terminal.run("account", "check")
        assert answer.code == 1
        assert "The network could not be reached." in answer.out
        story = realm.terminal.write("results.md", STORY)
        realm.terminal.done("item", "add", story, "--to", "telegram:@city_00", "--now")
        realm.sandbox.set_offline(on=False)
        realm.terminal.done("account", "check")
        realm.wait_for(lambda item: item["status"] == "published", "item", "show", "results", "--json")
    assert len(realm.sandbox.posts("city_00")) == 1
