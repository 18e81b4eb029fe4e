"""The public archive: asking a worker to bring it up to date."""

from datetime import datetime

from sqlalchemy.orm import Session

from publisher.core.permissions import Act, Actor, require
from publisher.core.platforms import Realm
from publisher.store.archive.read import MAKE_ARCHIVE
from publisher.store.channels import find_newest_request, leave_request
from publisher.store.models import Request


def request_archive(session: Session, actor: Actor, realm: Realm, now: datetime) -> Request:
    """Ask a worker of the realm for it; a second press meets the first one's request."""
    require(actor, Act.ADMINISTER)
    newest = find_newest_request(session, MAKE_ARCHIVE, realm, None)
    if newest is not None and newest.done_at is None:
        return newest
    return leave_request(session, MAKE_ARCHIVE, realm, None, now)
