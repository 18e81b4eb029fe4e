"""When jobs run, and what they do through a real worker on the real protocol."""

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import TypeVar

import pytest
from sqlalchemy import delete, update

from jobs import JOBS, check_accounts, count_audience, deliver, index_search, reconcile
from jobs.count_audience import tick_of
from publisher.core.platforms import Realm
from publisher.core.states import AccountState, ChannelState, CountSource, PostState
from publisher.store.misses import list_misses
from publisher.store.models import (
    Account,
    AudienceCount,
    AudienceDay,
    Channel,
    Post,
    SearchEntry,
    SearchProgress,
    Version,
)
from publisher.store.search_index import read_filling
from publisher.tracking.collect import PERIOD
from publisher.worker import AtNextDue, Every, Job, Worker, trigger_of
from tests.delivery.city import City, running_city

QUARTER = datetime(2026, 12, 1, 9, 15, tzinfo=UTC)
SECOND = timedelta(seconds=1)
T = TypeVar("T")


@pytest.fixture
def city(tmp_path: Path) -> Iterator[City]:
    """Two channels that have one post each; no worker runs any more."""
    with running_city(tmp_path, channels=2) as made:
        worker = made.start_worker()
        made.plan("Новость")
        made.wait_until_settled()
        made.stop_worker(worker)
        yield made


def work(city: City, what: Callable[[Worker], Awaitable[T]]) -> T:
    """What a worker of its own gives."""

    async def do() -> T:
        worker = Worker(city.settings, Realm.SANDBOX, city.store)
        try:
            await worker.take_accounts()
            return await what(worker)
        finally:
            await worker.adapters.close()
            worker.database.close()

    return asyncio.run(do())


def run(city: City, job: Job) -> None:
    """One tick of a job."""
    work(city, job.run)


def posts(city: City) -> list[Post]:
    """What we believe to stand, by channel."""
    with city.store.reading() as session:
        return session.query(Post).order_by(Post.channel_id).all()


def let_time_pass(city: City) -> None:
    """The next read-back of every post is due."""
    with city.store.begin() as session:
        session.execute(update(Post).values(next_check_at=datetime.now(UTC) - SECOND))


def test_every_job_is_in_the_one_tuple() -> None:
    files = {file.stem for file in Path(deliver.__file__).parent.glob("*.py")} - {"__init__"}
    assert {job.name for job in JOBS} == files


def test_counting_keeps_to_the_quarters_of_an_hour() -> None:
    assert isinstance(count_audience.JOB.when, Every)
    trigger = trigger_of(count_audience.JOB.when)
    moment, ticks = QUARTER + SECOND, []
    for _ in range(4):
        moment = trigger.get_next_fire_time(None, moment)
        ticks.append(moment.minute)
        moment += SECOND
    assert ticks == [30, 45, 0, 15]


@pytest.mark.parametrize("late", [timedelta(), SECOND, timedelta(minutes=2)])
def test_a_count_is_dated_to_its_tick(late: timedelta) -> None:
    assert tick_of(QUARTER + late) == QUARTER


def test_a_tick_that_was_slept_through_stays_a_gap() -> None:
    assert tick_of(QUARTER + timedelta(minutes=7)) is None


def test_missed_ticks_become_one_run_whenever_it_is() -> None:
    assert {job.name for job in JOBS if isinstance(job.when, AtNextDue)} == {"deliver"}
    settings = {"coalesce": True, "max_instances": 1, "misfire_grace_time": None}
    assert settings == Worker.HOW_JOBS_RUN


def test_a_count_is_stored_with_its_moment_and_its_day(city: City) -> None:
    city.sandbox.set_subscribers(city.handles[0], 1234)
    assert work(city, lambda worker: worker.count(QUARTER)) == (2, 0)
    with city.store.reading() as session:
        row = session.get_one(AudienceCount, (city.channel_ids[0], int(QUARTER.timestamp())))
        assert (row.value, row.source) == (1234, CountSource.NETWORK)
        day = session.query(AudienceDay).filter_by(channel_id=city.channel_ids[0]).one()
        assert (day.day.isoformat(), day.closing, day.samples) == ("2026-12-01", 1234, 1)


def test_a_channel_that_cannot_be_counted_is_a_gap_beside_the_others(city: City) -> None:
    city.sandbox.remove_channel(city.handles[0])
    assert work(city, lambda worker: worker.count(QUARTER)) == (1, 1)
    with city.store.reading() as session:
        assert [row.channel_id for row in session.query(AudienceCount)] == [city.channel_ids[1]]


def misses(city: City) -> list[tuple[int, str, datetime]]:
    """(channel, cause, last missed tick) of what could not be counted."""
    with city.store.reading() as session:
        found = list_misses(session, city.channel_ids, 0, 2**40)
    return [(miss.channel_id, miss.code, datetime.fromtimestamp(miss.last_at, UTC)) for miss in found]


def test_a_channel_that_the_network_refuses_leaves_its_cause_and_the_others_are_counted(city: City) -> None:
    refused, counted = city.channel_ids
    city.sandbox.plan_fault(
        method="channels.getFullChannel", channel=city.handles[0], code=400, error="CHANNEL_PRIVATE"
    )
    assert work(city, lambda worker: worker.count(QUARTER)) == (1, 1)
    assert misses(city) == [(refused, "CHANNEL_PRIVATE", QUARTER)]
    with city.store.reading() as session:
        assert [row.channel_id for row in session.query(AudienceCount)] == [counted]


def test_a_network_out_of_reach_is_one_cause_from_tick_to_tick(city: City) -> None:
    city.sandbox.set_offline(on=True)
    later = QUARTER + PERIOD
    for tick in (QUARTER, later):
        assert work(city, partial(Worker.count, taken_at=tick)) == (0, 2)
    assert misses(city) == [(channel_id, "unreachable", later) for channel_id in city.channel_ids]


def test_channels_of_an_account_that_is_signed_out_have_that_for_a_cause(city: City) -> None:
    city.sandbox.revoke_bot(city.bot)
    run(city, check_accounts.JOB)
    assert work(city, lambda worker: worker.count(QUARTER)) == (0, 2)
    known = account(city).reason
    assert known is not None
    assert {code for _, code, _ in misses(city)} == {known["code"]}


def test_reconciling_marks_what_was_altered_and_what_is_gone(city: City) -> None:
    altered, gone = posts(city)
    city.sandbox.change_post(city.handles[0], altered.external_ids[0], "edit", text="Взломано")
    city.sandbox.change_post(city.handles[1], gone.external_ids[0], "delete")
    let_time_pass(city)
    run(city, reconcile.JOB)
    assert [post.state for post in posts(city)] == [PostState.ALTERED, PostState.MISSING]


def test_reconciling_reads_a_post_three_times_and_then_leaves_it(city: City) -> None:
    for checks in (1, 2, 3):
        let_time_pass(city)
        run(city, reconcile.JOB)
        assert [(post.state, post.checks) for post in posts(city)] == [(PostState.LIVE, checks)] * 2
    assert [post.next_check_at for post in posts(city)] == [None, None]


def test_reconciling_comes_back_to_what_the_network_did_not_show(city: City) -> None:
    let_time_pass(city)
    city.sandbox.set_offline(on=True)
    run(city, reconcile.JOB)
    now = datetime.now(UTC)
    assert all(post.checks == 0 for post in posts(city))
    assert all(post.next_check_at and post.next_check_at > now for post in posts(city))


def test_checking_accounts_finds_dead_credentials_and_lets_working_ones_go_on(city: City) -> None:
    city.sandbox.revoke_bot(city.bot)
    run(city, check_accounts.JOB)
    assert account(city).state is AccountState.DOWN
    city.sandbox.revoke_bot(city.bot, restore=True)
    run(city, check_accounts.JOB)
    assert account(city).state is AccountState.OK
    assert account(city).reason is None


def test_checking_accounts_looks_again_at_a_channel_that_was_not_in_order(city: City) -> None:
    with city.store.begin() as session:
        row = session.get_one(Channel, city.channel_ids[0])
        row.state, row.checked_at = ChannelState.FORBIDDEN, datetime.now(UTC) - timedelta(minutes=5)
    run(city, check_accounts.JOB)
    with city.store.reading() as session:
        assert session.get_one(Channel, city.channel_ids[0]).state is ChannelState.OK


def test_a_name_that_is_not_to_be_found_is_looked_for_once_an_hour(city: City) -> None:
    with city.store.begin() as session:
        row = session.get_one(Channel, city.channel_ids[0])
        row.state, row.address, row.checked_at = ChannelState.MISSING, None, datetime.now(UTC)
    before = resolves(city)
    run(city, check_accounts.JOB)
    assert resolves(city) == before


def account(city: City) -> Account:
    """The account as it is now."""
    with city.store.reading() as session:
        return session.get_one(Account, city.account_ids[0])


def resolves(city: City) -> int:
    """How often a channel was looked for by its name."""
    return sum(entry["method"] == "contacts.resolveUsername" for entry in city.sandbox.requests())


def test_the_search_index_of_an_older_installation_is_filled(city: City) -> None:
    with city.store.begin() as session:
        session.execute(delete(SearchEntry))
        session.execute(delete(SearchProgress))
    run(city, index_search.JOB)
    with city.store.reading() as session:
        assert read_filling(session).is_complete
        assert session.query(SearchEntry).count() == session.query(Version).count()
