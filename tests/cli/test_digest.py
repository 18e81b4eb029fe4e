"""`publisher digest` and `publisher mail test`: what they print, and doctor's line about mail."""

from pathlib import Path

import pytest

from tests.cli.terminal import Terminal
from tests.sandbox_process import running_sandbox

NO_SERVER = "Letters are not set up: there is no mail server in the settings."


def mail_settings(server: str) -> str:
    """A settings file with this mail server."""
    return (
        f'[office]\nlanguage = "en"\n[mail]\nserver = "{server}"\n'
        'sender = "desk@example.org"\nsecurity = "none"\n'
    )


def test_a_week_is_summed_up_from_any_of_its_days(terminal: Terminal) -> None:
    assert terminal.done("digest", "--week", "2026-11-18").startswith("Digest for ")
    figures = terminal.read("digest", "--week", "2026-11-18", "--json")
    assert (figures["week"], figures["until"], figures["frozen"]) == ("2026-11-16", "2026-11-22", False)


def test_a_week_that_is_no_day_is_refused(terminal: Terminal) -> None:
    assert "2026-W47" in terminal.misused("digest", "--week", "2026-W47")


def test_without_a_server_no_letter_is_tried(terminal: Terminal) -> None:
    assert terminal.refused("mail", "test", "chief@example.org") == NO_SERVER
    assert terminal.refused("mail", "test", "chief@example.org", "--sandbox") == NO_SERVER


def test_a_letter_to_try_the_settings_arrives(terminal: Terminal) -> None:
    with running_sandbox(terminal.data / "sandbox") as sandbox:
        said = terminal.done("mail", "test", "chief@example.org", "--sandbox")
        letter = sandbox.letters()[-1]
    assert said.endswith("took the letter to chief@example.org.")
    assert letter["subject"] == "A letter to try the settings"


def test_a_server_that_is_not_there_is_said(terminal: Terminal) -> None:
    terminal.set_up(mail_settings("127.0.0.1:9"))
    said = terminal.refused("mail", "test", "chief@example.org")
    assert said.startswith("127.0.0.1: The mail server could not be reached.")


@pytest.mark.parametrize(
    ("config", "state"),
    [('[office]\nlanguage = "en"\n', "note"), (mail_settings("mail.example.org:25"), "ok")],
)
def test_doctor_says_whether_letters_are_set_up(terminal: Terminal, config: str, state: str) -> None:
    terminal.set_up(config)
    report = terminal.read("doctor", "--json")
    assert [check["state"] for check in report["checks"] if check["name"] == "mail"] == [state]


def test_doctor_misses_a_password_that_cannot_be_read(terminal: Terminal, tmp_path: Path) -> None:
    missing = tmp_path / "password"
    settings = f'user = "desk"\npassword_file = "{missing}"\n'
    terminal.set_up(mail_settings("mail.example.org:25").replace('"none"', '"tls"') + settings)
    answer = terminal.run("doctor", "--json")
    assert answer.code == 1
    assert str(missing) in answer.out
