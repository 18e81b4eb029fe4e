"""`publisher mail`: whether letters get out."""

import asyncio
import uuid

import click

from publisher.channels.mail import Letter, send_letter
from publisher.cli.office import Command, Group, Office
from publisher.core.messages import N_
from publisher.core.platforms import Realm
from publisher.errors import ChannelError, RuleError
from publisher.tracking.letters import describe, mail_server
from publisher.wording import translate_reason


@click.group(cls=Group)
def mail() -> None:
    """Letters: try the settings."""


@mail.command(cls=Command)
@click.argument("address")
@click.option("--sandbox", is_flag=True, help="To the sandbox's mail server.")
@click.pass_obj
def test(office: Office, address: str, sandbox: bool) -> None:
    """Send a short letter to ADDRESS by the settings of [mail], and say what the server said."""
    server = mail_server(office.settings, Realm.SANDBOX if sandbox else Realm.REAL)
    if server is None:
        raise RuleError("", N_("Letters are not set up: there is no mail server in the settings."))
    text = office.text(
        N_("This letter tells that {office} can send letters."), office=office.settings.office.name
    )
    letter = Letter(
        to=address, subject=office.text(N_("A letter to try the settings")), text=f"{text}\n",
        message_id=f"test.{uuid.uuid4().hex}@{server.sender.rpartition('@')[2]}", written_at=office.now(),
        sender_name=office.settings.office.name,
    )  # fmt: skip
    try:
        asyncio.run(send_letter(server, letter))
    except ChannelError as error:
        said = f" {error.detail}" if error.detail else ""
        reason = translate_reason(describe(error), office.language)
        raise RuleError(
            "", N_("{server}: {reason}{said}"), server=server.host, reason=reason, said=said
        ) from error
    office.say(
        N_("The mail server {server} took the letter to {address}."), server=server.host, address=address
    )
