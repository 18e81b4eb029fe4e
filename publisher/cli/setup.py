"""`publisher init`: data folder, key, database."""

import click

from publisher.cli.desks import main_desk
from publisher.cli.office import Command, Office
from publisher.core.messages import N_


@click.command(cls=Command)
@click.pass_obj
def init(office: Office) -> None:
    """Create data folder, key and database; what is there already stays."""
    set_up(office)
    office.say(N_("Data: {folder}"), folder=office.settings.data)
    office.say(N_("Key of the secrets: {file}. Keep a copy elsewhere."), file=office.vault.file)


def set_up(office: Office) -> None:
    """Everything that must exist before anything else can work."""
    _ = office.vault
    with office.store.begin() as session:
        main_desk(session, office)
