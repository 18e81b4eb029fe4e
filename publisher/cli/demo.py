"""`publisher demo`: the demo city."""

from collections.abc import Sequence

import click

from publisher.cli.office import Command, Group, Office
from publisher.cli.sandbox_part import running_sandbox
from publisher.cli.setup import set_up
from publisher.core.messages import N_
from publisher.demo.load import load_demo
from publisher.demo.remove import unload_demo
from publisher.store.demo import has_demo


@click.group(cls=Group)
def demo() -> None:
    """The demo city: load it, remove it."""


@demo.command(cls=Command)
@click.pass_obj
def load(office: Office) -> None:
    """Load 27 channels, a year of subscribers and a week of news; loading twice changes nothing."""
    set_up(office)
    with office.store.reading() as session:
        if has_demo(session):
            office.say(N_("The demo city is loaded already."))
            return
    with running_sandbox(office) as walls:
        load_demo(office.store, office.vault, office.media, office.settings, office.now(), walls)
    office.say(N_("The demo city is loaded."))


@demo.command(cls=Command)
@click.pass_obj
def remove(office: Office) -> None:
    """Remove the demo city and nothing else."""
    with office.store.reading() as session:
        if not has_demo(session):
            office.say(N_("There is no demo city here."))
            return
    with running_sandbox(office) as walls:
        removed = unload_demo(office.store, office.media, office.now(), walls)
    office.say(
        N_("Removed: channels: {channels}, items: {items}."),
        channels=len(removed.channels), items=removed.items,
    )  # fmt: skip
    _say_what_stays(
        office, N_("Items that also stand in your own channels stay: {names}."), removed.kept_items
    )
    _say_what_stays(office, N_("Accounts with your own channels stay: {names}."), removed.kept_accounts)
    _say_what_stays(office, N_("Desks that your own work belongs to stay: {names}."), removed.kept_desks)
    _say_what_stays(
        office, N_("Your own items that stood in demo channels only are approved again: {names}."),
        removed.freed_items,
    )  # fmt: skip


def _say_what_stays(office: Office, message: str, names: Sequence[str]) -> None:
    if names:
        office.say(message, names=", ".join(names))
