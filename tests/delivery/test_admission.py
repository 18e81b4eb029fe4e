"""Who may speak in one turn."""

from publisher.core.states import Priority
from publisher.delivery.admission import Admission
from publisher.limits import Limits
from publisher.store.claims import Lane

NOW = 100.0
NORMAL, EMERGENCY = Priority.NORMAL, Priority.EMERGENCY


def lanes(*channels: int, account: int = 1) -> dict[int, Lane]:
    """Lanes of one account."""
    return {
        number: Lane(channel_id=number, account_id=account, network="telegram", handle="", address={})
        for number in channels
    }


NOBODY: frozenset[int] = frozenset()


def test_no_more_leave_than_there_is_room_for() -> None:
    admission = Admission(Limits(0, 0), lanes(1, 2), NOBODY, 1, NOW)
    assert [admission.admit(channel, 1, NORMAL) for channel in (1, 2)] == [True, False]


def test_what_follows_in_a_lane_needs_no_room_of_its_own() -> None:
    admission = Admission(Limits(0, 0), lanes(1, 2), frozenset({1}), 1, NOW)
    assert [admission.admit(channel, 1, NORMAL) for channel in (1, 2)] == [True, False]


def test_an_emergency_needs_no_room() -> None:
    assert Admission(Limits(0, 0), lanes(1), NOBODY, 0, NOW).admit(1, 1, EMERGENCY)


def test_texts_do_not_take_what_an_album_before_them_waits_for() -> None:
    limits = Limits(account_rate=10, channel_rate=0)
    assert limits.try_take(1, 9, 5, NOW)
    admission = Admission(limits, lanes(1, 2), NOBODY, 9, NOW)
    assert [admission.admit(1, 10, EMERGENCY), admission.admit(2, 1, NORMAL)] == [False, False]
    assert admission.next_at == NOW + 0.5
    later = Admission(limits, lanes(1, 2), NOBODY, 9, NOW + 0.5)
    assert later.admit(1, 10, EMERGENCY)


def test_one_account_does_not_wait_for_the_album_of_another() -> None:
    limits = Limits(account_rate=10, channel_rate=0)
    limits.try_take(1, 9, 5, NOW)
    admission = Admission(limits, lanes(1) | lanes(2, account=2), NOBODY, 9, NOW)
    assert [admission.admit(1, 10, NORMAL), admission.admit(2, 1, NORMAL)] == [False, True]


def test_a_channel_that_waits_does_not_stop_the_others_of_its_account() -> None:
    limits = Limits(account_rate=0, channel_rate=1)
    limits.wait_channel(1, NOW + 60)
    admission = Admission(limits, lanes(1, 2), NOBODY, 9, NOW)
    assert admission.free_lanes(full=frozenset()) == [2]
    assert admission.next_at == NOW + 60


def test_a_lane_that_is_full_is_not_free() -> None:
    admission = Admission(Limits(0, 0), lanes(1, 2), NOBODY, 9, NOW)
    assert admission.free_lanes(full=frozenset({1})) == [2]
    assert admission.next_at is None
