"""Keeping the public archive up to date: every night, and whenever somebody asks for it."""

import asyncio
import logging
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from publisher.config import Settings
from publisher.core.messages import N_
from publisher.core.platforms import Realm
from publisher.errors import StoreError
from publisher.store.archive.metadata import write_metadata
from publisher.store.archive.read import MAKE_ARCHIVE, archive_file, archive_realm
from publisher.store.archive.write import Labels, Made, OutOfDate, write_archive
from publisher.store.channels import find_newest_request, leave_request
from publisher.store.models import Request
from publisher.store.session import PASSING, Store
from publisher.store.thread import StoreThread
from publisher.store.turns import end_turn, give_turn_back, take_turn
from publisher.store.upkeep import answer_request
from publisher.wording import translate

log = logging.getLogger(__name__)

# A run that is older has died with its worker.
LONGEST = timedelta(hours=1)


def labels_of(settings: Settings) -> Labels:
    """Whose archive it is, in the office's language."""
    office = settings.office
    explain = partial(translate, params={}, language=office.language)
    return Labels(office=office.name, zone=office.zone, explain=explain)


def last_time(time: str, zone: ZoneInfo, now: datetime) -> datetime:
    """The newest moment at which the city's clock showed this time of day ("03:30"), in UTC."""
    hours, minutes = (int(part) for part in time.split(":"))
    local = now.astimezone(zone).replace(hour=hours, minute=minutes, second=0, microsecond=0, fold=0)
    # By the calendar, not by 24 hours: the clocks may have changed in between.
    moments = (local, local.replace(tzinfo=None) - timedelta(days=1))
    return next(m for m in (moment.replace(tzinfo=zone).astimezone(UTC) for moment in moments) if m <= now)


class ArchiveKeeper:
    """One worker's part in it. Runs take seconds, so that they have a thread of their own."""

    def __init__(
        self,
        database: StoreThread,
        settings: Settings,
        realm: Realm,
        worker: str,
        clock: Callable[[], datetime],
    ) -> None:
        self.database = database
        self.settings = settings
        self.realm = realm
        self.worker = worker
        self.clock = clock

    async def keep(self) -> None:
        """Do what is asked for, and the night's run where it is still to be done."""
        now = self.clock()
        night = last_time(self.settings.routine.archive_time, self.settings.office.zone, now)
        request_id = await self.database.write(partial(self._begin, night=night, now=now))
        if request_id is not None:
            result = await asyncio.to_thread(self._make, self.database.store)
            await self.database.write(partial(self._end, request_id, night, result))

    def _begin(self, session: Session, night: datetime, now: datetime) -> int | None:
        """The request to work on, its turn taken; None when there is nothing to do."""
        newest = find_newest_request(session, MAKE_ARCHIVE, self.realm, None)
        if newest is not None and newest.done_at is None:
            return newest.id if self._take(session, self._asked, newest.created_at, now) else None
        if archive_realm(session) is not self.realm or not self._take(session, self._nightly, night, now):
            return None
        return self._nights_own(session, newest, night, now).id

    @property
    def _nightly(self) -> str:
        return f"archive-{self.realm}"

    @property
    def _asked(self) -> str:
        return f"archive-asked-{self.realm}"

    def _take(self, session: Session, job: str, period: datetime, now: datetime) -> bool:
        return take_turn(session, job, period, self.worker, now, LONGEST)

    def _nights_own(
        self, session: Session, newest: Request | None, night: datetime, now: datetime
    ) -> Request:
        """A request that the page can show; one that failed since the night's run was due is tried again."""
        if newest is None or newest.created_at < night or (newest.result or {}).get("ok"):
            request = leave_request(session, MAKE_ARCHIVE, self.realm, None, now)
        else:
            request = newest
            request.done_at = None
        self._take(session, self._asked, request.created_at, now)
        return request

    def _make(self, store: Store) -> dict[str, Any]:
        target = archive_file(self.settings.data, self.realm)
        try:
            made = self._write(store, target)
        except StoreError as error:
            log.warning("archive failed: %s", error)
            params = {name: str(value) for name, value in error.params.items()}
            return {"ok": False, "message": error.message, "params": params}
        except PASSING as error:
            log.warning("archive failed: %s", error)
            return {"ok": False, "message": N_("The database could not be read."), "params": {}}
        except Exception:
            # The rim of the thread: the page has to hear of it, whatever it is.
            log.exception("archive failed")
            return {
                "ok": False,
                "message": N_("An error in the program; its log has the details."),
                "params": {},
            }
        changes = made.changes
        log.info("archive made", extra={"added": changes.added, "changed": changes.changed})
        return {
            "ok": True, "added": changes.added, "changed": changes.changed, "removed": changes.removed,
        }  # fmt: skip

    def _write(self, store: Store, target: Path) -> Made:
        """Everything in it comes from the database: what cannot be continued is built again."""
        labels = labels_of(self.settings)
        try:
            made = write_archive(store, target, self.realm, labels, self.clock())
        except OutOfDate as error:
            log.warning("archive is built again: %s", error)
            made = write_archive(store, target, self.realm, labels, self.clock(), anew=True)
        write_metadata(target, labels)
        return made

    def _end(self, request_id: int, night: datetime, result: dict[str, Any], session: Session) -> None:
        now = self.clock()
        answer_request(session, request_id, result, now)
        if result["ok"]:
            # What was asked for is the night's run too, should that be still to be done.
            self._take(session, self._nightly, night, now)
            end_turn(session, self._nightly, night, self.worker, now)
        else:
            give_turn_back(session, self._nightly, night, self.worker)
