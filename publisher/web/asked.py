"""What a screen asked of a worker, and what became of it: shown live until the answer is there."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from sqlalchemy.orm import Session

from publisher.core.platforms import Realm
from publisher.store.channels import find_newest_request, list_live_workers
from publisher.store.models import Request
from publisher.web.context import now
from publisher.web.frame import SILENT_FOR
from publisher.web.live import Pace

# An older answer is history: the page shows the state itself.
FRESH = timedelta(minutes=5)


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """The newest request about something, and whether a worker runs that could answer one."""

    request: Request | None
    has_worker: bool

    @property
    def is_open(self) -> bool:
        """Whether the answer is still to come."""
        return self.request is not None and self.request.done_at is None

    @property
    def answer(self) -> dict[str, Any] | None:
        """The worker's answer while it is news."""
        if self.request is None or self.request.done_at is None or now() - self.request.done_at > FRESH:
            return None
        return self.request.result

    @property
    def pace(self) -> Pace:
        """How soon the page should look again."""
        if self.is_open:
            return Pace.BUSY if self.has_worker else Pace.SOON
        return Pace.CALM


def read_asked(session: Session, kind: str, realm: Realm, subject_id: int | None = None) -> Asked:
    """What was asked last about this."""
    workers = list_live_workers(session, now(), SILENT_FOR)
    return Asked(
        request=find_newest_request(session, kind, realm, subject_id),
        has_worker=any(worker.realm is realm for worker in workers),
    )
