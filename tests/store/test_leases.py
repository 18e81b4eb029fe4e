"""One account, one worker: who takes what, and what changes hands."""

from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from publisher.core.platforms import Realm
from publisher.core.states import OperationState
from publisher.store.leases import share_out, start_worker, stop_worker, take_leases
from publisher.store.models import AccountLease, Channel
from publisher.store.session import Store
from tests.builders import NOW, add_account, add_channel, add_desk, add_item, add_operation

MINUTE = timedelta(minutes=1)


def take(store: Store, worker: str, *, alone: bool = False, lease: timedelta = MINUTE) -> frozenset[int]:
    """A renewal of the worker's leases."""
    with store.begin() as session:
        return take_leases(session, worker, Realm.SANDBOX, lease, NOW, alone=alone)


def start(store: Store, *workers: str) -> None:
    """Workers begin."""
    with store.begin() as session:
        for number, worker in enumerate(workers):
            start_worker(session, worker, Realm.SANDBOX, "host", number, NOW)


def accounts(store: Store, count: int) -> frozenset[int]:
    """So many accounts, each with a channel."""
    with store.begin() as session:
        made = [add_account(session) for _ in range(count)]
        for account in made:
            add_channel(session, account)
        return frozenset(account.id for account in made)


def test_a_worker_that_is_alone_takes_everything_at_once(store: Store) -> None:
    all_ = accounts(store, 3)
    start(store, "dead", "new")
    assert take(store, "dead", alone=True) == all_
    assert take(store, "new", alone=True) == all_


def test_nobody_takes_what_another_one_holds(postgres_store: Store) -> None:
    all_ = accounts(postgres_store, 1)
    start(postgres_store, "first", "second")
    assert take(postgres_store, "first") == all_
    assert take(postgres_store, "second") == frozenset()


def test_a_dead_workers_accounts_are_free_when_its_lease_has_run_out(postgres_store: Store) -> None:
    all_ = accounts(postgres_store, 2)
    start(postgres_store, "dead")
    assert take(postgres_store, "dead", lease=timedelta()) == all_
    start(postgres_store, "new")
    assert take(postgres_store, "new", lease=timedelta(milliseconds=1)) == all_


def test_a_clean_stop_frees_at_once(postgres_store: Store) -> None:
    all_ = accounts(postgres_store, 2)
    start(postgres_store, "first", "second")
    take(postgres_store, "first")
    with postgres_store.begin() as session:
        stop_worker(session, "first", NOW)
    assert take(postgres_store, "second") == all_


def test_workers_share_the_accounts_and_hand_over_what_is_too_much(postgres_store: Store) -> None:
    all_ = accounts(postgres_store, 4)
    start(postgres_store, "first")
    assert take(postgres_store, "first") == all_
    start(postgres_store, "second")
    assert take(postgres_store, "second") == frozenset()
    kept = take(postgres_store, "first")
    assert len(kept) == 2
    assert take(postgres_store, "second") == all_ - kept
    with postgres_store.reading() as session:
        assert sorted(lease.token for lease in session.query(AccountLease)) == [1, 1, 2, 2]


def test_an_account_with_something_under_way_does_not_change_hands(postgres_store: Store) -> None:
    all_ = accounts(postgres_store, 2)
    start(postgres_store, "first")
    take(postgres_store, "first")
    with postgres_store.begin() as session:
        desk = add_desk(session)
        for channel in session.query(Channel):
            _, version = add_item(session, desk, channel)
            add_operation(session, version, channel, state=OperationState.SENDING, claimed_by="first")
    start(postgres_store, "second")
    assert take(postgres_store, "first") == all_


@given(
    st.integers(1, 12),
    st.dictionaries(st.integers(1, 12), st.sampled_from("abc")),
    st.sets(st.sampled_from("bc")),
    st.sets(st.integers(1, 12)),
)
def test_sharing_takes_nothing_from_others_and_nothing_that_is_under_way(
    count: int, held: dict[int, str], others: set[str], under_way: set[int]
) -> None:
    all_ = range(1, count + 1)
    held = {account: holder for account, holder in held.items() if account in all_}
    holders = share_out(all_, held, ["a", *others], "a", under_way)
    for account, holder in held.items():
        moved = holders[account] != holder
        assert not moved or (holder == "a" and account not in under_way)
    share = -(-count // (1 + len(others)))
    before = sum(holder == "a" for holder in held.values())
    free = count - len(held)
    now = sum(holder == "a" for holder in holders.values())
    assert now <= max(share, before)
    assert now >= min(share, before + free)
