"""The worker's part in what screens ask for, done by hand."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import select

from publisher.core.platforms import Realm
from publisher.store.leases import start_worker
from publisher.store.models import Request
from publisher.store.upkeep import answer_request
from tests.web.desk import DeskOffice


def begin_work(office: DeskOffice, realm: Realm = Realm.SANDBOX) -> None:
    """A worker of the realm, alive at this moment."""
    with office.store.begin() as session:
        start_worker(session, f"worker-{realm}", realm, "host", 1, office.now)


def open_requests(office: DeskOffice) -> Sequence[Request]:
    """What is asked and not answered, oldest first."""
    with office.store.reading() as session:
        return session.scalars(select(Request).where(Request.done_at.is_(None)).order_by(Request.id)).all()


def answer(office: DeskOffice, **result: Any) -> None:
    """Answer the only open request."""
    [asked] = open_requests(office)
    with office.store.begin() as session:
        answer_request(session, asked.id, result, office.now)
