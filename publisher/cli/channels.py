"""`publisher channel`: the pages that our accounts serve."""

from datetime import datetime
from typing import Any

import click

from publisher.actions.accounts import add_channel
from publisher.cli.desks import desk_called, main_desk
from publisher.cli.office import Command, Group, Office, iso, print_json, print_table
from publisher.core.messages import N_
from publisher.core.permissions import COMMAND_LINE
from publisher.core.platforms import Network
from publisher.errors import RuleError
from publisher.store.channels import get_account, list_channels
from publisher.store.models import Channel
from publisher.wording import translate_reason, word


@click.group(cls=Group)
def channel() -> None:
    """Channels that the accounts serve."""


@channel.command(cls=Command)
@click.argument("network", type=click.Choice([network.value for network in Network]))
@click.option("--account", "account_name", required=True, metavar="NAME", help="The account that posts.")
@click.option("--handle", required=True, help="The channel's public name.")
@click.option("--title", default="", help="How the office calls it; else its handle.")
@click.option("--desk", metavar="SLUG", help="The desk it belongs to; else the oldest.")
@click.option("--created", type=click.DateTime(["%Y-%m-%d"]), help="The day it was opened.")
@click.pass_obj
def add(
    office: Office,
    network: str,
    account_name: str,
    handle: str,
    title: str,
    desk: str | None,
    created: datetime | None,
) -> None:
    """Connect a channel. A worker finds it on the network and checks our rights there."""
    now = office.now()
    with office.store.begin() as session:
        account = get_account(session, account_name)
        if account.network is not Network(network):
            message = N_("The account “{name}” is on another network.")
            raise RuleError("account", message, name=account_name)
        place = desk_called(session, office, desk) if desk else main_desk(session, office)
        opened_on = created.date() if created else None
        added = add_channel(
            session, COMMAND_LINE, account, handle, now, title=title, desk=place, opened_on=opened_on
        )
        address = address_of(added)
    office.say(
        N_("Channel {channel} is written down. A worker of its realm will look for it."), channel=address
    )


@channel.command("list", cls=Command)
@click.option("--json", "as_json", is_flag=True, help="For programs.")
@click.pass_obj
def list_(office: Office, as_json: bool) -> None:
    """All channels with their states."""
    with office.store.reading() as session:
        channels = list_channels(session)
        documents = [_document(office, channel) for channel in channels]
        states = [word(channel.state, office.language) for channel in channels]
    if as_json:
        print_json(documents)
    elif not documents:
        office.say(N_("There is no channel yet."))
    else:
        print_table(
            [
                (d["channel"], d["title"], d["desk"] or "", d["account"], state, d["reason"] or "")
                for d, state in zip(documents, states, strict=True)
            ]
        )


def address_of(channel: Channel) -> str:
    """A channel's name on the command line, `telegram:@krd_news`."""
    return f"{channel.network.value}:@{channel.handle}"


def _document(office: Office, channel: Channel) -> dict[str, Any]:
    return {
        "channel": address_of(channel),
        "network": channel.network.value,
        "handle": channel.handle,
        "title": channel.title,
        "desk": channel.desk.slug if channel.desk else None,
        "account": channel.account.name,
        "realm": channel.account.realm.value,
        "opened": channel.opened_on.isoformat() if channel.opened_on else None,
        "state": channel.state.value,
        "reason": translate_reason(channel.reason, office.language) or None,
        "checked_at": iso(channel.checked_at),
    }
