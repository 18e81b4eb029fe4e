"""What breaks on a bad day: each trouble is said once, stops no more than it must, and loses nothing."""

import resource
import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import psycopg
import pytest
from sqlalchemy import make_url

from publisher.actions.accounts import replace_credentials, request_check, request_resolve
from publisher.actions.pause import pause_all, resume_all
from publisher.core.permissions import COMMAND_LINE
from publisher.core.states import AccountState, ChannelState, HoldReason, OperationState
from publisher.errors import StoreError
from publisher.secrets import Vault, key_file
from publisher.store.models import Account, Attempt, Channel
from tests.delivery.city import City, running_city
from tests.delivery.worker_process import work

WORDS = "Текст новости города."


@pytest.fixture
def city(tmp_path: Path) -> Iterator[City]:
    """Three channels of one bot on SQLite."""
    with running_city(tmp_path) as made:
        yield made


def start(city: City) -> Any:
    """A worker that has found its channels and sent a first item."""
    worker = city.start_worker()
    city.plan("Первая")
    city.wait_until_settled()
    return worker


def account(city: City) -> Account:
    """The city's account as it is now."""
    with city.store.reading() as session:
        return session.get_one(Account, city.account_ids[0])


def channel(city: City, place: int = 0) -> Channel:
    """One of its channels as it is now."""
    with city.store.reading() as session:
        return session.get_one(Channel, city.channel_ids[place])


def look_again(city: City) -> None:
    """A person presses “check” at the account."""
    with city.store.begin() as session:
        request_check(session, COMMAND_LINE, session.get_one(Account, city.account_ids[0]), datetime.now(UTC))


def give_credentials(city: City, **changed: str) -> None:
    """Somebody enters the account's secrets anew."""
    vault = Vault(key_file(city.settings.data))
    values = {**city.bot.credentials, **changed}
    with city.store.begin() as session:
        row = session.get_one(Account, city.account_ids[0])
        replace_credentials(session, COMMAND_LINE, vault, row, values, datetime.now(UTC))


def wait_until_sent(city: City, count: int) -> None:
    """Until so many operations were sent, with nothing left over."""
    city.wait_for(lambda: city.states() == {OperationState.SENT: count}, "all is sent")


def stand_once(city: City, *titles: str) -> None:
    """Every wall shows exactly these."""
    assert [city.titles(handle) for handle in city.handles] == [list(titles)] * len(city.handles)


def test_a_wrong_token_stops_the_account_until_the_right_one_comes(city: City) -> None:
    give_credentials(city, bot_token=f"{city.bot.id}:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA")
    city.plan("Ждёт")
    city.start_worker()
    city.wait_for(lambda: account(city).state is AccountState.DOWN, "the account is down")
    reason = account(city).reason
    assert reason is not None
    assert reason["message"] == "The network does not know this token."
    assert city.states() == {OperationState.PLANNED: 3}
    give_credentials(city)
    city.wait_until_settled()
    stand_once(city, "Ждёт")


def test_an_account_that_is_signed_out_in_the_middle_holds_its_lanes_and_loses_nothing(city: City) -> None:
    start(city)
    city.sandbox.revoke_bot(city.bot)
    item = city.plan("Вторая")
    city.wait_for(lambda: account(city).state is AccountState.DOWN, "the account is down")
    reasons = {operation.hold_reason for operation in city.operations(item)}
    assert HoldReason.ACCOUNT_DOWN in reasons
    assert reasons <= {HoldReason.ACCOUNT_DOWN, None}
    city.sandbox.revoke_bot(city.bot, restore=True)
    look_again(city)
    wait_until_sent(city, 6)
    stand_once(city, "Первая", "Вторая")


def test_a_restricted_account_is_left_alone_until_a_person_says_so(city: City) -> None:
    worker = start(city)
    city.sandbox.plan_fault(method="messages.sendMessage", code=400, error="PEER_FLOOD", times=1)
    city.plan("Вторая", city.channel_ids[:1])
    city.wait_for(lambda: account(city).state is AccountState.DOWN, "the account is down")
    city.stop_worker(worker)
    city.start_worker()
    sent = len(city.sandbox.requests())
    time.sleep(1.5)
    assert account(city).state is AccountState.DOWN
    assert len(city.sandbox.requests()) == sent
    look_again(city)
    wait_until_sent(city, 4)


def test_another_bot_takes_the_channels_over(city: City) -> None:
    start(city)
    other = city.sandbox.add_bot()
    city.sandbox.add_channels(city.handles, other)
    give_credentials(city, **other.credentials)
    city.plan("Вторая")
    wait_until_sent(city, 6)
    stand_once(city, "Первая", "Вторая")


def test_a_pause_lets_what_is_under_way_end_and_nothing_new_begin(city: City) -> None:
    start(city)
    city.sandbox.set_latency(500)
    city.plan("Вторая")
    city.wait_for(lambda: city.states()[OperationState.SENDING] == 3, "all are on their way")
    with city.store.begin() as session:
        pause_all(session, COMMAND_LINE, datetime.now(UTC))
    city.plan("Третья")
    city.wait_for(lambda: city.states()[OperationState.SENT] == 6, "what was under way has ended")
    time.sleep(1)
    assert city.states()[OperationState.PLANNED] == 3
    with city.store.begin() as session:
        resume_all(session, COMMAND_LINE, datetime.now(UTC))
    wait_until_sent(city, 9)
    stand_once(city, "Первая", "Вторая", "Третья")


def test_a_channel_without_rights_is_held_while_the_others_go_on(city: City) -> None:
    start(city)
    city.sandbox.set_rights(city.handles[0], city.bot, post=False, edit=False, delete=False)
    item = city.plan("Вторая")
    city.wait_for(lambda: city.states()[OperationState.SENT] == 5, "the other two went out")
    city.wait_for(lambda: channel(city).state is ChannelState.FORBIDDEN, "the channel is forbidden")
    held = [operation for operation in city.operations(item) if operation.state is OperationState.HELD]
    assert [operation.hold_reason for operation in held] == [HoldReason.CHANNEL_DOWN]
    assert held[0].error is not None
    assert held[0].error["code"] == "CHAT_WRITE_FORBIDDEN"
    city.sandbox.set_rights(city.handles[0], city.bot, post=True)
    with city.store.begin() as session:
        request_resolve(
            session, COMMAND_LINE, session.get_one(Channel, city.channel_ids[0]), datetime.now(UTC)
        )
    wait_until_sent(city, 6)
    stand_once(city, "Первая", "Вторая")


def test_a_channel_that_was_deleted_is_marked_while_the_others_go_on(city: City) -> None:
    start(city)
    city.sandbox.remove_channel(city.handles[0])
    item = city.plan("Вторая")
    city.wait_for(lambda: city.states()[OperationState.SENT] == 5, "the other two went out")
    city.wait_for(lambda: channel(city).state is ChannelState.MISSING, "the channel is missing")
    held = [operation for operation in city.operations(item) if operation.state is OperationState.HELD]
    assert [operation.hold_reason for operation in held] == [HoldReason.CHANNEL_DOWN]


def test_a_worker_starts_without_the_network_and_delivers_when_it_is_there(city: City) -> None:
    city.sandbox.stop()
    city.start_worker()
    item = city.plan("Ждёт")
    city.wait_for(lambda: account(city).reason is not None, "the trouble is seen")
    row = account(city)
    assert row.state is AccountState.NEW
    assert row.reason is not None
    assert row.reason["message"] == "The network could not be reached."
    assert {operation.state for operation in city.operations(item)} == {OperationState.PLANNED}
    city.restart_sandbox()
    city.wait_until_settled()
    stand_once(city, "Ждёт")


def test_a_network_that_goes_away_for_a_while_gets_everything_once(city: City) -> None:
    start(city)
    city.sandbox.set_latency(50)
    city.plan("Вторая")
    city.sandbox.stop()
    city.plan("Третья")
    city.wait_for(lambda: city.states()[OperationState.RETRYING] > 0, "it is retried")
    assert account(city).state is AccountState.OK
    city.restart_sandbox()
    city.wait_until_settled(90)
    for handle in city.handles:
        assert sorted(city.titles(handle)) == ["Вторая", "Первая", "Третья"]


@contextmanager
def locked(city: City) -> Iterator[None]:
    """Another process writes to the database for as long as this lasts."""
    url = make_url(city.settings.database_url)
    with closing(sqlite3.connect(str(url.database), isolation_level=None)) as connection:
        connection.execute("BEGIN IMMEDIATE")
        yield
        connection.execute("ROLLBACK")


def test_a_database_locked_for_fifteen_seconds_delays_and_loses_nothing(city: City) -> None:
    start(city)
    city.sandbox.set_latency(1000)
    item = city.plan("Вторая")
    city.wait_for(lambda: city.states()[OperationState.SENDING] == 3, "all are on their way")
    with locked(city):
        time.sleep(15)
    city.wait_until_settled()
    stand_once(city, "Первая", "Вторая")
    with city.store.reading() as session:
        ids = [operation.id for operation in city.operations(item)]
        tries = session.query(Attempt).filter(Attempt.operation_id.in_(ids)).all()
    assert [attempt.outcome for attempt in tries] == ["sent"] * 3
    said = [line for line in city.log.read_text("utf-8").splitlines() if "database" in line]
    assert any(
        "the database cannot be used; trying until it can: database is locked" in line for line in said
    )
    assert "Traceback" not in city.log.read_text("utf-8")


@contextmanager
def full(city: City, worker: Any) -> Iterator[None]:
    """The worker's files cannot grow any more, as on a full disk."""
    log = Path(f"{make_url(city.settings.database_url).database}-wal")
    resource.prlimit(worker.pid, resource.RLIMIT_FSIZE, (log.stat().st_size, resource.RLIM_INFINITY))
    yield
    unlimited = (resource.RLIM_INFINITY, resource.RLIM_INFINITY)
    resource.prlimit(worker.pid, resource.RLIMIT_FSIZE, unlimited)


def test_what_the_network_answered_waits_in_memory_while_the_disk_is_full(city: City) -> None:
    worker = start(city)
    city.sandbox.set_latency(700)
    item = city.plan("Вторая")
    city.wait_for(lambda: city.states()[OperationState.SENDING] == 3, "all are on their way")
    with full(city, worker):
        city.wait_for(lambda: len(city.titles(city.handles[0])) == 2, "it stands")
        time.sleep(3)
        assert city.states()[OperationState.SENDING] == 3
    city.wait_until_settled()
    stand_once(city, "Первая", "Вторая")
    assert [operation.attempts for operation in city.operations(item)] == [1, 1, 1]


def test_a_worker_outlives_its_database_server(tmp_path: Path, postgres_url: str) -> None:
    with running_city(tmp_path, url=postgres_url) as city:
        worker = start(city)
        city.sandbox.set_latency(300)
        city.plan("Вторая")
        city.wait_for(lambda: city.states()[OperationState.SENDING] == 3, "all are on their way")
        city.store.close()
        with away(postgres_url):
            time.sleep(3)
        city.sandbox.set_latency(0)
        city.plan("Третья")
        city.wait_until_settled()
        stand_once(city, "Первая", "Вторая", "Третья")
        assert worker.is_alive()


@contextmanager
def away(url: str) -> Iterator[None]:
    """The server drops all connections to the database and takes no new ones."""
    target = make_url(url)
    name = target.database
    elsewhere = target.set(database="postgres").render_as_string(hide_password=False)
    with psycopg.connect(elsewhere, autocommit=True) as connection:
        connection.execute(f'ALTER DATABASE "{name}" ALLOW_CONNECTIONS false')
        connection.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s", [name]
        )
        yield
        connection.execute(f'ALTER DATABASE "{name}" ALLOW_CONNECTIONS true')


def test_a_second_worker_on_sqlite_is_refused_in_one_line(city: City) -> None:
    worker = start(city)
    with pytest.raises(
        StoreError, match=rf"publisher worker --realm sandbox is already running .*{worker.pid}"
    ):
        work(city.settings, city.log)


def test_a_worker_that_was_killed_is_followed_by_one_that_finishes_its_work(city: City) -> None:
    worker = start(city)
    city.sandbox.set_latency(500)
    city.plan("Вторая")
    city.wait_for(lambda: city.states()[OperationState.SENDING] == 3, "all are on their way")
    city.kill_worker(worker)
    city.start_worker()
    city.wait_until_settled()
    stand_once(city, "Первая", "Вторая")


def test_a_worker_that_is_stopped_leaves_nothing_unknown(city: City) -> None:
    worker = start(city)
    city.sandbox.set_latency(300)
    for number in range(4):
        city.plan(f"Новость {number}")
    city.wait_for(lambda: city.states()[OperationState.SENDING] > 0, "something is on its way")
    city.stop_worker(worker)
    states = city.states()
    assert set(states) == {OperationState.SENT, OperationState.PLANNED}
    assert sum(len(city.titles(handle)) for handle in city.handles) == states[OperationState.SENT]
