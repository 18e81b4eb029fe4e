"""`publisher doctor`: it looks and changes nothing."""

import shutil
from datetime import timedelta
from typing import Any

from cryptography.fernet import Fernet

from publisher.core.permissions import COMMAND_LINE
from publisher.core.states import ChannelState
from publisher.store.audit import record_act
from publisher.store.channels import get_channel_by_address
from tests.builders import NOW
from tests.cli.terminal import Terminal


def checks(terminal: Terminal, code: int = 0) -> dict[str, tuple[str, str]]:
    """State and text by name, out of the JSON."""
    return {check["name"]: (check["state"], check["text"]) for check in report(terminal, code)["checks"]}


def report(terminal: Terminal, code: int = 0) -> Any:
    """The whole JSON."""
    import json

    answer = terminal.run("doctor", "--json")
    assert answer.code == code
    return json.loads(answer.out)


def test_doctor_creates_nothing_where_nothing_is(terminal: Terminal) -> None:
    found = checks(terminal)
    assert found["database"] == ("note", "There is none yet: `publisher init`.")
    assert not terminal.data.exists()


def test_doctor_says_where_everything_lies(terminal: Terminal) -> None:
    terminal.done("init")
    found = report(terminal)
    assert found["ok"] is True
    assert found["data"] == str(terminal.data)
    assert found["config"] == str(terminal.config)
    assert found["key"] == str(terminal.data / "secret.key")
    assert found["media"] == str(terminal.data / "media")
    assert found["database"] == f"sqlite:///{terminal.data}/newsroom.sqlite"


def test_doctor_hides_the_password_of_the_database(terminal: Terminal) -> None:
    terminal.set_up('[database]\nurl = "postgresql://desk:geheim@127.0.0.1:1/newsroom"\n')
    answer = terminal.run("doctor")
    assert answer.code == 1
    assert "geheim" not in answer.out + answer.err
    assert "desk:***@127.0.0.1" in answer.out


def test_doctor_marks_what_is_wrong_and_fails(terminal: Terminal) -> None:
    terminal.done("init")
    (terminal.data / "newsroom.sqlite").write_text("no database" * 100)
    answer = terminal.run("doctor")
    assert answer.code == 1
    assert answer.err == "publisher: Not in order: database.\n"
    assert "!  database  " in answer.out


def test_doctor_says_so_when_no_worker_runs(terminal: Terminal) -> None:
    terminal.add_account()
    assert checks(terminal)["worker real"] == ("note", "No worker runs: nothing is sent.")


def test_doctor_finds_the_wrong_key(terminal: Terminal) -> None:
    terminal.add_account()
    (terminal.data / "secret.key").write_bytes(Fernet.generate_key())
    assert checks(terminal, code=1)["account bot"] == ("problem", "The key does not open its secrets.")


def test_doctor_finds_a_key_that_is_none(terminal: Terminal) -> None:
    terminal.done("init")
    (terminal.data / "secret.key").write_text("schluessel")
    state, text = checks(terminal, code=1)["key"]
    assert state == "problem"
    assert "holds no key" in text


def test_doctor_recognises_a_copy_and_leaves_it_one(terminal: Terminal) -> None:
    terminal.done("init")
    shutil.copytree(terminal.data, terminal.folder / "copy")
    terminal.data = terminal.folder / "copy"
    assert checks(terminal)["place"][0] == "note"
    assert checks(terminal)["paused"] == ("ok", "Nothing is paused.")


def test_doctor_finds_a_channel_without_rights(terminal: Terminal) -> None:
    terminal.add_channels("krd_news")
    with terminal.open_store() as store, store.begin() as session:
        get_channel_by_address(session, "telegram:@krd_news").state = ChannelState.FORBIDDEN
    assert checks(terminal, code=1)["telegram:@krd_news"] == ("problem", "No rights")


def test_doctor_finds_a_clock_that_went_back(terminal: Terminal) -> None:
    terminal.done("init")
    with terminal.open_store() as store, store.begin() as session:
        record_act(session, COMMAND_LINE, "item.create", "item:1", NOW + timedelta(days=3650))
    assert checks(terminal, code=1)["clock"][0] == "problem"
