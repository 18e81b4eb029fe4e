"""`publisher account`: add, list, check."""

from pathlib import Path

import pytest

from publisher.store.channels import get_account
from tests.cli.terminal import API_HASH, BOT_TOKEN, Terminal, run_program

TELEGRAM = ("account", "add", "telegram", "--name", "bot", "--api-id", "1234")


def test_an_account_is_kept_with_its_secrets_encrypted(terminal: Terminal) -> None:
    terminal.add_account()
    with terminal.open_store() as store, store.reading() as session:
        kept = get_account(session, "bot").credentials
    assert BOT_TOKEN.encode() not in kept
    assert API_HASH.encode() not in kept


def test_the_list_tells_realm_and_state(terminal: Terminal) -> None:
    terminal.add_account("Bot of the city")
    terminal.add_account("Training", "--sandbox")
    listed = terminal.read("account", "list", "--json")
    assert [(a["name"], a["realm"], a["state"]) for a in listed] == [
        ("Bot of the city", "real", "new"),
        ("Training", "sandbox", "new"),
    ]
    assert "Not checked yet" in terminal.done("account", "list")


def test_an_empty_list_says_so(terminal: Terminal) -> None:
    assert terminal.done("account", "list") == "There is no account yet."
    assert terminal.read("account", "list", "--json") == []


def test_secrets_come_from_the_environment_when_no_file_is_given(tmp_path: Path) -> None:
    data = ("--data", str(tmp_path))
    secrets = {"PUBLISHER_TELEGRAM_API_HASH": API_HASH, "PUBLISHER_TELEGRAM_BOT_TOKEN": BOT_TOKEN}
    answer = run_program(
        "account", "add", "telegram", "--name", "bot", *data, PUBLISHER_TELEGRAM_API_ID="1234", **secrets
    )
    assert (answer.code, answer.err) == (0, "")


def test_neither_token_nor_session_is_a_usage_error(terminal: Terminal) -> None:
    hash_file = terminal.write("hash", API_HASH)
    assert "Give --bot-token-file or --session-file." in terminal.misused(
        *TELEGRAM, "--api-hash-file", hash_file
    )


@pytest.mark.parametrize(
    ("token", "said"),
    [
        ("", "{file} is empty."),
        (b"\xff\xfe\x00", "{file} holds no text."),
        ("no token at all", "The token looks like 123456789:ABCdef…, as @BotFather gave it."),
    ],
)
def test_a_token_that_is_none_is_refused(terminal: Terminal, token: str | bytes, said: str) -> None:
    hash_file, token_file = terminal.write("hash", API_HASH), terminal.write("token", token)
    answer = terminal.refused(*TELEGRAM, "--api-hash-file", hash_file, "--bot-token-file", token_file)
    assert answer == said.format(file=token_file)


def test_a_secret_file_that_is_not_there_is_named(terminal: Terminal) -> None:
    said = terminal.refused(*TELEGRAM, "--api-hash-file", "nowhere", "--bot-token-file", "nowhere")
    assert said == "nowhere cannot be read: No such file or directory."


def test_a_name_is_taken_once(terminal: Terminal) -> None:
    terminal.add_account()
    token = (
        "--api-hash-file",
        terminal.write("hash", API_HASH),
        "--bot-token-file",
        str(terminal.folder / "token"),
    )
    assert terminal.refused(*TELEGRAM, *token) == "Another account has this name."


def test_check_says_which_worker_is_missing(terminal: Terminal) -> None:
    terminal.add_account()
    said = terminal.refused("account", "check", "--wait", "0")
    assert said == "No worker answered within 0 s: start one with `publisher worker`."


def test_check_says_so_when_there_is_no_account(terminal: Terminal) -> None:
    assert terminal.done("account", "check") == "There is no account yet."


def test_check_of_an_account_that_is_not_there_points_to_the_list(terminal: Terminal) -> None:
    said = terminal.refused("account", "check", "nobody")
    assert said == "There is no account nobody. `publisher account list` shows those that there are."
