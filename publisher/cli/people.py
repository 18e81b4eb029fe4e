"""`publisher user`: people of the office."""

import click

from publisher.actions.people import add_user, make_sign_in_link
from publisher.cli.desks import desk_called
from publisher.cli.office import Command, Group, Office
from publisher.core.messages import N_
from publisher.core.permissions import COMMAND_LINE
from publisher.core.states import Role


@click.group(cls=Group)
def user() -> None:
    """People of the office."""


@user.command(cls=Command)
@click.argument("email")
@click.option("--name", required=True, help="As colleagues know the person.")
@click.option("--role", required=True, type=click.Choice([role.value for role in Role]))
@click.option("--desk", "desks", multiple=True, metavar="SLUG", help="May be given more than once.")
@click.pass_obj
def add(office: Office, email: str, name: str, role: str, desks: tuple[str, ...]) -> None:
    """Add a person and print a sign-in link that works once, within three days."""
    now = office.now()
    with office.store.begin() as session:
        chosen = [desk_called(session, office, slug) for slug in dict.fromkeys(desks)]
        person = add_user(session, COMMAND_LINE, email, name, Role(role), chosen, now)
        token = make_sign_in_link(session, person, now)
    office.say(N_("{name} signs in once with this link:"), name=name)
    click.echo(sign_in_address(office, token))


def sign_in_address(office: Office, token: str) -> str:
    """Where the link leads."""
    return f"{office.settings.public_url}/sign-in/link/{token}"
