"""`publisher account`: credentials on the networks."""

from pathlib import Path
from typing import Any

import click

from publisher.actions.accounts import add_account, request_check
from publisher.cli.office import Command, Group, Office, iso, print_json, print_table
from publisher.cli.requests import wait_for, wait_option
from publisher.cli.secret_files import read_secret
from publisher.core.messages import N_
from publisher.core.permissions import COMMAND_LINE
from publisher.core.platforms import Network, Realm
from publisher.errors import RuleError
from publisher.store.channels import get_account, list_accounts
from publisher.store.models import Account
from publisher.wording import translate_reason, word

NO_ACCOUNT = N_("There is no account yet.")
SECRET_FILE = click.Path(path_type=Path)


@click.group(cls=Group)
def account() -> None:
    """Accounts on the networks."""


@account.group(cls=Group)
def add() -> None:
    """Add an account. Every secret comes from a file or from the environment."""


@add.command(cls=Command)
@click.option("--name", required=True, help="How the office calls the account.")
@click.option(
    "--api-id",
    envvar="PUBLISHER_TELEGRAM_API_ID",
    required=True,
    help="The app's number at my.telegram.org.",
)
@click.option("--api-hash-file", type=SECRET_FILE, help="Else PUBLISHER_TELEGRAM_API_HASH.")
@click.option("--bot-token-file", type=SECRET_FILE, help="Else PUBLISHER_TELEGRAM_BOT_TOKEN.")
@click.option("--session-file", type=SECRET_FILE, help="Else PUBLISHER_TELEGRAM_SESSION.")
@click.option("--sandbox", is_flag=True, help="In the sandbox realm.")
@click.pass_obj
def telegram(
    office: Office,
    name: str,
    api_id: str,
    api_hash_file: Path | None,
    bot_token_file: Path | None,
    session_file: Path | None,
    sandbox: bool,
) -> None:
    """A Telegram account: a bot by its token, or a session made elsewhere (StringSession text)."""
    values = {
        "api_id": api_id,
        "api_hash": read_secret("api_hash", api_hash_file, "PUBLISHER_TELEGRAM_API_HASH"),
        "bot_token": read_secret("bot_token", bot_token_file, "PUBLISHER_TELEGRAM_BOT_TOKEN"),
    }
    session_text = read_secret("session", session_file, "PUBLISHER_TELEGRAM_SESSION")
    if not values["bot_token"] and not session_text:
        raise click.UsageError("Give --bot-token-file or --session-file.")
    if not values["bot_token"]:
        del values["bot_token"]
    realm = Realm.SANDBOX if sandbox else Realm.REAL
    with office.store.begin() as session:
        add_account(
            session, COMMAND_LINE, office.vault, Network.TELEGRAM, name, values, office.now(),
            realm=realm, session_text=session_text or None,
        )  # fmt: skip
    office.say(N_("Account “{name}” is written down. A worker of its realm will check it."), name=name)


@account.command("list", cls=Command)
@click.option("--json", "as_json", is_flag=True, help="For programs.")
@click.pass_obj
def list_(office: Office, as_json: bool) -> None:
    """All accounts with their states."""
    with office.store.reading() as session:
        accounts = list_accounts(session)
        documents = [_document(office, account) for account in accounts]
        states = [word(account.state, office.language) for account in accounts]
    if as_json:
        print_json(documents)
    elif not documents:
        office.say(NO_ACCOUNT)
    else:
        print_table(
            [
                (d["name"], d["network"], d["realm"], state, d["remote_name"] or "", d["reason"] or "")
                for d, state in zip(documents, states, strict=True)
            ]
        )


@account.command(cls=Command)
@click.argument("name", required=False)
@wait_option
@click.option("--json", "as_json", is_flag=True, help="For programs.")
@click.pass_obj
def check(office: Office, name: str | None, wait: int, as_json: bool) -> None:
    """Let a worker try the credentials of all accounts, or of one, and wait for it."""
    with office.store.begin() as session:
        accounts = [get_account(session, name)] if name else list_accounts(session)
        requests = [request_check(session, COMMAND_LINE, account, office.now()) for account in accounts]
        names = [account.name for account in accounts]
    wait_for(office.store, requests, wait)
    with office.store.reading() as session:
        accounts = [get_account(session, name) for name in names]
        documents = [_document(office, account) for account in accounts]
        states = [word(account.state, office.language) for account in accounts]
    if as_json:
        print_json(documents)
    elif not documents:
        office.say(NO_ACCOUNT)
    else:
        print_table(
            [(d["name"], state, d["reason"] or "") for d, state in zip(documents, states, strict=True)]
        )
    broken = [d for d in documents if d["state"] != "ok" or d["reason"]]
    if broken:
        message = N_("Not in order: {names}.")
        raise RuleError("", message, names=", ".join(d["name"] for d in broken))


def _document(office: Office, account: Account) -> dict[str, Any]:
    return {
        "name": account.name,
        "network": account.network.value,
        "realm": account.realm.value,
        "state": account.state.value,
        "reason": translate_reason(account.reason, office.language) or None,
        "remote_name": account.remote_name,
        "checked_at": iso(account.checked_at),
    }
