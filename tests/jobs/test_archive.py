"""The night's archive, and the one that is asked for."""

import asyncio
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from jobs import archive
from publisher.actions.archive import request_archive
from publisher.config import Settings
from publisher.core.permissions import COMMAND_LINE
from publisher.core.platforms import Realm
from publisher.store.archive.read import MAKE_ARCHIVE, Facts, archive_file, find_facts
from publisher.store.models import Request
from publisher.store.session import Store
from publisher.store.thread import StoreThread
from publisher.tracking.archive import ArchiveKeeper, last_time
from publisher.worker import Every
from tests.delivery.city import running_city
from tests.store.archived import Newsroom

MOSCOW, NEW_YORK = ZoneInfo("Europe/Moscow"), ZoneInfo("America/New_York")
# 03:30 in Moscow.
NIGHT = datetime(2026, 12, 2, 0, 30, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


class Office:
    """An office with a worker or two, whose clock is set by hand."""

    def __init__(self, store: Store, folder: Path) -> None:
        self.store = store
        self.settings = Settings(data=folder)
        self.newsroom = Newsroom(store, archive_file(folder, Realm.REAL))
        self.now = NIGHT
        self.database = StoreThread(store)

    def tick(self, worker: str = "first", realm: Realm = Realm.REAL) -> None:
        """A worker's job ticks."""
        keeper = ArchiveKeeper(self.database, self.settings, realm, worker, lambda: self.now)
        asyncio.run(keeper.keep())

    def ask(self) -> None:
        """An administrator presses the button."""
        with self.store.begin() as session:
            request_archive(session, COMMAND_LINE, Realm.REAL, self.now)

    @property
    def facts(self) -> Facts:
        """The archive as it is."""
        found = find_facts(self.newsroom.file)
        assert found
        return found

    @property
    def requests(self) -> list[Request]:
        """What was asked or done by itself, oldest first."""
        with self.store.reading() as session:
            return session.query(Request).filter_by(kind=MAKE_ARCHIVE).order_by(Request.id).all()

    def block(self) -> None:
        """The folder cannot be written: a file is in its place."""
        self.newsroom.file.parent.write_bytes(b"")

    def unblock(self) -> None:
        """It can again."""
        self.newsroom.file.parent.unlink()


@pytest.fixture
def office(store: Store, tmp_path: Path) -> Iterator[Office]:
    """An office with a real channel, on both databases."""
    office = Office(store, tmp_path / "data")
    office.settings.data.mkdir()
    yield office
    office.database.close()


def test_it_looks_every_minute() -> None:
    assert archive.JOB.when == Every(period=MINUTE)


def test_the_nights_archive_is_made_once_by_whoever_is_first(office: Office) -> None:
    office.tick("first")
    made = office.facts.made_at
    office.now += MINUTE
    office.tick("second")
    office.tick("first")
    assert office.facts.made_at == made == NIGHT
    assert [asked.result and asked.result["ok"] for asked in office.requests] == [True]


def test_the_next_night_has_its_own(office: Office) -> None:
    office.tick()
    office.now += timedelta(hours=23, minutes=59)
    office.tick()
    assert office.facts.made_at == NIGHT
    office.now += MINUTE
    office.tick()
    assert office.facts.made_at == NIGHT + timedelta(days=1)


def test_nights_that_were_slept_through_become_one_run(office: Office) -> None:
    office.tick()
    office.now += timedelta(days=5, hours=7)
    office.tick()
    office.tick()
    assert len(office.requests) == 2
    assert office.facts.made_at == office.now


def test_what_is_asked_for_is_done_at_the_next_tick(office: Office) -> None:
    office.tick()
    office.newsroom.publish()
    office.now += timedelta(hours=5)
    office.ask()
    office.tick()
    assert (office.facts.items, office.facts.made_at) == (1, office.now)
    assert office.requests[-1].result == {"ok": True, "added": 6, "changed": 0, "removed": 0}


def test_a_run_that_failed_says_why_and_is_tried_again(office: Office) -> None:
    office.block()
    office.tick()
    [asked] = office.requests
    assert asked.result
    assert (asked.result["ok"], asked.result["message"]) == (
        False,
        "cannot write the archive {file}: {reason}",
    )
    office.unblock()
    office.now += MINUTE
    office.tick()
    [asked] = office.requests
    assert asked.result
    assert asked.result["ok"]
    assert office.facts.made_at == office.now


def test_a_press_that_failed_does_not_end_the_nights_tries(office: Office) -> None:
    office.block()
    office.tick()
    office.now += timedelta(hours=6)
    office.ask()
    office.tick()
    office.unblock()
    office.now += MINUTE
    office.tick()
    assert office.facts.made_at == office.now


def test_a_damaged_archive_is_built_again_by_itself(office: Office) -> None:
    office.newsroom.publish()
    office.tick()
    office.newsroom.file.write_bytes(office.newsroom.file.read_bytes()[:5000])
    office.now += MINUTE
    office.ask()
    office.tick()
    assert office.facts.items == 1


def test_a_worker_that_died_in_the_middle_is_followed_by_another(office: Office) -> None:
    office.ask()
    keeper = ArchiveKeeper(office.database, office.settings, Realm.REAL, "dead", lambda: office.now)
    with office.store.begin() as session:
        assert keeper._begin(session, NIGHT, office.now) is not None
    office.now += MINUTE
    office.tick("other")
    assert not office.newsroom.file.exists()
    office.now += timedelta(hours=1)
    office.tick("other")
    assert office.facts.made_at == office.now


def test_a_real_office_has_no_archive_of_its_training(office: Office) -> None:
    office.tick(realm=Realm.SANDBOX)
    assert office.requests == []


@pytest.mark.parametrize(
    ("now", "zone", "expected"),
    [
        (NIGHT, MOSCOW, NIGHT),
        (NIGHT - MINUTE, MOSCOW, NIGHT - timedelta(days=1)),
        (NIGHT + timedelta(hours=20), MOSCOW, NIGHT),
        # The clocks were put back at night: 03:30 is an hour later by UTC.
        (datetime(2026, 11, 1, 8, 29, tzinfo=UTC), NEW_YORK, datetime(2026, 10, 31, 7, 30, tzinfo=UTC)),
        (datetime(2026, 11, 1, 8, 30, tzinfo=UTC), NEW_YORK, datetime(2026, 11, 1, 8, 30, tzinfo=UTC)),
    ],
)
def test_the_night_is_that_of_the_city(now: datetime, zone: ZoneInfo, expected: datetime) -> None:
    assert last_time("03:30", zone, now) == expected


def test_a_worker_answers_a_press_at_once(tmp_path: Path) -> None:
    with running_city(tmp_path, channels=1) as city:
        worker = city.start_worker()
        file = archive_file(city.settings.data, Realm.SANDBOX)
        city.plan("Новость")
        city.wait_until_settled()
        with city.store.begin() as session:
            asked = request_archive(session, COMMAND_LINE, Realm.SANDBOX, datetime.now(UTC))

        def is_answered() -> bool:
            with city.store.reading() as session:
                return session.get_one(Request, asked.id).result is not None

        # Far less than the minute until the job's next tick.
        city.wait_for(is_answered, "the archive", patience=15)
        city.stop_worker(worker)
        found = find_facts(file)
        assert found
        assert found.posts == 1
