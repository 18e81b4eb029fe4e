"""Desks on the command line: found by their label, made where there is no other way to get one."""

from sqlalchemy.orm import Session

from publisher.actions.desks import add_desk
from publisher.cli.office import Office
from publisher.core.messages import N_
from publisher.core.permissions import COMMAND_LINE
from publisher.store.channels import find_desk, find_oldest_desk
from publisher.store.models import Desk

FIRST_DESK = ("press", N_("Press office"))


def main_desk(session: Session, office: Office) -> Desk:
    """The oldest desk; a press office where there is none yet."""
    slug, title = FIRST_DESK
    found = find_oldest_desk(session)
    return found or add_desk(session, COMMAND_LINE, slug, office.text(title), office.now())


def desk_called(session: Session, office: Office, slug: str) -> Desk:
    """The desk with this label; a new one, said aloud, when there is none."""
    found = find_desk(session, slug)
    if found is not None:
        return found
    office.say(N_("New desk {slug}."), slug=slug)
    return add_desk(session, COMMAND_LINE, slug, slug, office.now())
