"""The digest's job through real mail: made once, sent once, never twice what may have arrived."""

import asyncio
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from publisher.actions.pause import pause_all, resume_all
from publisher.config import ROOT, Settings
from publisher.core.digest import ONE_WEEK
from publisher.core.permissions import COMMAND_LINE
from publisher.core.platforms import Realm
from publisher.core.states import LetterState, Role
from publisher.store.audience import Count, add_counts
from publisher.store.channels import leave_request
from publisher.store.digest import add_digest, add_letters, wait_again
from publisher.store.models import Digest, DigestLetter, Installation, Request, User
from publisher.store.restored import hold_everything
from publisher.store.session import Store, open_store
from publisher.store.thread import StoreThread
from publisher.tracking.letters import PostOffice, claim_copy, make_digest, send_copy, send_letters
from tests.builders import NOW, add_account, add_channel, add_user
from tests.sandbox_process import SandboxProcess, running_sandbox

MONDAY = datetime(2026, 11, 23, 5, 0, tzinfo=UTC)
WEEK = date(2026, 11, 16)


class Mailroom:
    """A realm's digests with a clock of their own, over the sandbox's mail server."""

    def __init__(self, folder: Path, sandbox: SandboxProcess) -> None:
        self.settings = Settings(data=folder)
        self.sandbox = sandbox
        self.now = MONDAY
        self.store: Store = open_store(self.settings.database_url, NOW)
        with self.store.begin() as session:
            channel = add_channel(session, add_account(session), handle="parks", title="Парки <b>")
            for day, value in ((15, 1000), (22, 1021)):
                moment = datetime(2026, 11, day, 18, tzinfo=UTC)
                count = Count(channel_id=channel.id, taken_at=int(moment.timestamp()), value=value)
                add_counts(session, [count], self.settings.office.zone)
            self.reader: User = add_user(session, Role.CHIEF, name="Главный редактор")
            self.reader.gets_digest = True
            add_user(session, Role.EDITOR)

    def tick(self, realm: Realm = Realm.SANDBOX) -> None:
        """What one tick of the job does."""

        async def work(office: PostOffice) -> None:
            await make_digest(office)
            await send_letters(office)

        self._run(work, realm)

    def copy(self, user_id: int) -> dict[str, Any]:
        """What a person hears who asks for a letter."""
        answers: list[dict[str, Any]] = []

        async def work(office: PostOffice) -> None:
            answers.append(await send_copy(office, user_id, 7))

        self._run(work, Realm.SANDBOX)
        return answers[0]

    def _run(self, work: Any, realm: Realm) -> None:
        database = StoreThread(self.store)
        office = PostOffice(
            database=database, settings=self.settings, realm=realm, worker="w" * 32, clock=lambda: self.now
        )
        try:
            asyncio.run(work(office))
        finally:
            database.close()

    def letter(self) -> DigestLetter:
        """The reader's letter as it is now."""
        with self.store.reading() as session:
            return session.scalars(select(DigestLetter)).one()

    def arrived(self) -> list[dict[str, Any]]:
        """What came to the reader."""
        return [one for one in self.sandbox.letters() if one["to"] == self.reader.email]


@pytest.fixture
def room(tmp_path: Path) -> Iterator[Mailroom]:
    """An office on its Monday morning, one reader."""
    with running_sandbox(tmp_path / "sandbox") as sandbox:
        made = Mailroom(tmp_path, sandbox)
        yield made
        made.store.close()


def test_on_monday_the_letter_comes_with_both_charts_and_only_once(room: Mailroom) -> None:
    room.tick()
    room.tick()
    letter = room.arrived()[0]
    assert len(room.sandbox.letters()) == 1
    assert letter["subject"] == "Учебная: Сводка за 16–22 ноября 2026"
    assert "Прибавился 21 подписчик: с 1 000 до 1 021, на 2,1 %." in letter["text"].replace("\u00a0", " ")
    assert [(file["mime"], file["is_inline"]) for file in letter["attached"]] == [("image/png", True)] * 2
    assert "Парки &lt;b&gt;" in letter["html"]
    assert f"/digest/{WEEK}" in letter["text"]
    assert room.letter().state is LetterState.SENT


def test_while_everything_is_paused_no_letter_leaves(room: Mailroom) -> None:
    with room.store.begin() as session:
        pause_all(session, COMMAND_LINE, NOW)
    room.tick()
    assert room.copy(room.reader.id)["code"] == "MAIL_PAUSED"
    assert room.arrived() == []
    with room.store.begin() as session:
        resume_all(session, COMMAND_LINE, NOW)
    room.tick()
    assert len(room.arrived()) == 1


def test_a_copy_sends_neither_what_waited_nor_what_it_makes_itself(room: Mailroom) -> None:
    with room.store.begin() as session:
        digest = add_digest(session, Realm.SANDBOX, WEEK - ONE_WEEK, {}, {}, NOW)
        add_letters(session, digest.id, [room.reader.id], NOW)
        hold_everything(session, session.get_one(Installation, 1), NOW)
    room.tick()
    assert room.letter().state is LetterState.UNCONFIRMED
    with room.store.begin() as session:
        resume_all(session, COMMAND_LINE, NOW)
    room.tick()
    assert room.arrived() == []


def test_before_monday_morning_nothing_is_made(room: Mailroom) -> None:
    room.now = MONDAY - timedelta(minutes=1)
    room.tick()
    with room.store.reading() as session:
        assert session.scalars(select(Digest)).all() == []


def test_a_worker_that_comes_back_in_the_week_makes_it_then(room: Mailroom) -> None:
    room.now = MONDAY + timedelta(days=5)
    room.tick()
    assert len(room.arrived()) == 1


def test_without_a_mail_server_the_digest_is_made_and_no_letter_planned(room: Mailroom) -> None:
    with room.store.begin() as session:
        add_channel(session, add_account(session, realm=Realm.REAL), handle="real")
    room.tick(Realm.REAL)
    with room.store.reading() as session:
        assert [digest.week for digest in session.scalars(select(Digest))] == [WEEK]
        assert session.scalars(select(DigestLetter)).all() == []


def test_a_letter_that_was_surely_not_taken_is_tried_again_after_a_while(room: Mailroom) -> None:
    room.sandbox.plan_fault(method="smtp.RCPT", code=451, error="LATER")
    room.tick()
    assert (room.letter().state, room.letter().attempts) == (LetterState.WAITING, 1)
    room.now += timedelta(minutes=1)
    room.tick()
    assert room.letter().attempts == 1
    room.now += timedelta(minutes=2)
    room.tick()
    assert (room.letter().state, len(room.arrived())) == (LetterState.SENT, 1)


def test_it_is_given_up_on_tuesday_evening(room: Mailroom) -> None:
    room.sandbox.plan_fault(method="smtp.RCPT", times=None, code=451, error="LATER")
    room.tick()
    room.now = datetime(2026, 11, 24, 17, 1, tzinfo=UTC)
    room.tick()
    assert room.letter().state is LetterState.FAILED


def test_a_refused_reader_is_not_tried_again(room: Mailroom) -> None:
    room.sandbox.plan_fault(method="smtp.RCPT", code=550, error="NO_SUCH_MAILBOX")
    room.tick()
    letter = room.letter()
    assert letter.state is LetterState.FAILED
    assert letter.error is not None
    assert "NO_SUCH_MAILBOX" in letter.error["detail"]


def test_a_letter_that_may_have_arrived_is_not_sent_again_by_itself(room: Mailroom) -> None:
    room.sandbox.plan_fault(method="smtp.DATA", kind="drop", when="after")
    for _ in range(3):
        room.tick()
        room.now += timedelta(hours=2)
    assert (room.letter().state, len(room.arrived())) == (LetterState.UNCONFIRMED, 1)
    with room.store.begin() as session:
        letter = session.scalars(select(DigestLetter)).one()
        assert wait_again(session, letter.digest_id, letter.user_id, room.now, also_unconfirmed=True)
    room.tick()
    first, second = room.arrived()
    assert first["message_id"] == second["message_id"]


def test_a_killed_worker_leaves_a_letter_that_a_person_decides_about(room: Mailroom) -> None:
    room.sandbox.plan_fault(method="smtp.DATA", kind="hang", when="after", seconds=60)
    code = (
        "import sys; from pathlib import Path; from tests.jobs.test_digest import tick_once;"
        "tick_once(Path(sys.argv[1]))"
    )
    process = subprocess.Popen([sys.executable, "-c", code, str(room.settings.data)], cwd=ROOT)  # noqa: S603 - ourselves
    deadline = time.monotonic() + 60
    while not room.sandbox.letters() and time.monotonic() < deadline:
        time.sleep(0.1)
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    assert (room.letter().state, len(room.arrived())) == (LetterState.SENDING, 1)
    room.tick()
    assert room.letter().state is LetterState.SENDING
    room.now += timedelta(minutes=30)
    room.tick()
    room.tick()
    assert (room.letter().state, len(room.arrived())) == (LetterState.UNCONFIRMED, 1)


def tick_once(data: Path) -> None:
    """A worker's tick in a process of its own."""
    settings = Settings(data=data)
    database = StoreThread(open_store(settings.database_url, NOW))
    office = PostOffice(
        database=database, settings=settings, realm=Realm.SANDBOX, worker="k" * 32, clock=lambda: MONDAY
    )

    async def work() -> None:
        await make_digest(office)
        await send_letters(office)

    asyncio.run(work())


def test_whoever_asks_gets_a_copy_also_before_the_first_digest(room: Mailroom) -> None:
    room.now = MONDAY + timedelta(days=1)
    assert room.copy(room.reader.id) == {"ok": True}
    assert room.arrived()[0]["subject"] == "Учебная: Неделя с 23 ноября, предварительно"


def test_whoever_asks_hears_what_went_wrong(room: Mailroom) -> None:
    room.sandbox.plan_fault(method="smtp.RCPT", code=550, error="NO_SUCH_MAILBOX")
    answer = room.copy(room.reader.id)
    assert (answer["ok"], answer["code"]) == (False, "MAIL_REFUSED")


def test_of_two_workers_one_answers_a_request_for_a_copy(room: Mailroom) -> None:
    def claim(worker: str) -> Request | None:
        office = PostOffice(
            database=database,
            settings=room.settings,
            realm=Realm.SANDBOX,
            worker=worker,
            clock=lambda: room.now,
        )
        with room.store.begin() as session:
            return claim_copy(session, office)

    with room.store.begin() as session:
        asked = leave_request(session, "send_digest", Realm.SANDBOX, room.reader.id, room.now)
    database = StoreThread(room.store)
    claims = [claim("a" * 32), claim("b" * 32)]
    database.close()
    assert [claimed and claimed.id for claimed in claims] == [asked.id, None]
