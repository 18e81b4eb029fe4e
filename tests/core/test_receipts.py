"""Every answer of a network leads to one safe next state."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from publisher.core.receipts import (
    SETTLE_FOR,
    Found,
    Progress,
    Settling,
    after_error,
    after_read_back,
    choose_settling,
    pause_before_retry,
)
from publisher.core.states import OPEN_STATES, HoldReason, OperationKind, OperationState
from publisher.errors import (
    ChannelError,
    Forbidden,
    Gone,
    Limited,
    Refused,
    Scope,
    SignedOut,
    Unconfirmed,
    Unreachable,
)

NOW = datetime(2026, 12, 1, 6, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)
ERRORS: list[ChannelError] = [
    Limited("FLOOD_WAIT", timedelta(seconds=7), Scope.ACCOUNT),
    Refused("MESSAGE_TOO_LONG"),
    Forbidden("CHAT_WRITE_FORBIDDEN"),
    Gone("CHANNEL_INVALID"),
    SignedOut("AUTH_KEY_UNREGISTERED"),
    Unreachable("CONNECT"),
    Unconfirmed("TIMEOUT"),
]


def progress(
    kind: OperationKind = OperationKind.PUBLISH,
    *,
    attempts: int = 1,
    first_sent_at: datetime = NOW,
    latest: datetime | None = NOW + 2 * HOUR,
    key_window: timedelta = HOUR,
    settling: bool = False,
) -> Progress:
    """An operation under way."""
    return Progress(
        kind=kind,
        attempts=attempts,
        first_sent_at=first_sent_at,
        latest=latest,
        key_window=key_window,
        settling=settling,
    )


def test_waits_exactly_as_long_as_the_network_asks() -> None:
    transition = after_error(ERRORS[0], progress(), NOW)
    assert transition.state is OperationState.RETRYING
    assert transition.wake_at == NOW + timedelta(seconds=7)


def test_is_held_when_the_network_asks_to_wait_past_the_latest_time() -> None:
    long_wait = Limited("FLOOD_WAIT", timedelta(hours=3), Scope.ACCOUNT)
    transition = after_error(long_wait, progress(), NOW)
    assert (transition.state, transition.hold_reason) == (OperationState.HELD, HoldReason.STALE)


@pytest.mark.parametrize(
    ("error", "state", "reason"),
    [
        (ERRORS[1], OperationState.FAILED, None),
        (ERRORS[2], OperationState.HELD, HoldReason.CHANNEL_DOWN),
        (ERRORS[3], OperationState.HELD, HoldReason.CHANNEL_DOWN),
        (ERRORS[4], OperationState.HELD, HoldReason.ACCOUNT_DOWN),
        (ERRORS[5], OperationState.RETRYING, None),
        (ERRORS[6], OperationState.CHECKING, None),
    ],
)
def test_a_first_publish_moves_by_the_class_of_the_error(
    error: ChannelError, state: OperationState, reason: HoldReason | None
) -> None:
    transition = after_error(error, progress(), NOW)
    assert (transition.state, transition.hold_reason) == (state, reason)
    assert transition.error is not None
    assert transition.error["message"]


@given(st.sampled_from(ERRORS), st.integers(1, 50))
def test_settling_never_forgets_that_a_post_may_stand(error: ChannelError, attempts: int) -> None:
    transition = after_error(error, progress(settling=True, attempts=attempts), NOW)
    assert transition.state is OperationState.CHECKING
    assert transition.state not in OPEN_STATES


@pytest.mark.parametrize(
    "error",
    [
        Limited("FLOOD_WAIT", HOUR, Scope.ACCOUNT),
        Refused("MESSAGE_TOO_LONG"),
        Forbidden("CHAT_WRITE_FORBIDDEN"),
        SignedOut("AUTH_KEY_UNREGISTERED"),
        Unreachable("CONNECT"),
    ],
)
def test_half_a_post_is_settled_whatever_stopped_the_other_half(error: ChannelError) -> None:
    error.may_have_applied = True
    transition = after_error(error, progress(), NOW)
    assert transition.state is OperationState.CHECKING
    if isinstance(error, Limited):
        assert transition.wake_at == NOW + error.retry_after


def test_asks_a_person_when_settling_did_not_get_through_for_hours() -> None:
    old = progress(settling=True, first_sent_at=NOW - SETTLE_FOR - HOUR)
    assert after_error(Unreachable("CONNECT"), old, NOW).state is OperationState.UNCONFIRMED


def test_a_delete_of_what_is_gone_is_done() -> None:
    assert after_error(Gone("MESSAGE_ID_INVALID"), progress(OperationKind.DELETE), NOW).state is (
        OperationState.SENT
    )


@pytest.mark.parametrize("kind", list(OperationKind))
def test_a_channel_that_is_gone_says_nothing_about_a_post(kind: OperationKind) -> None:
    transition = after_error(Gone("CHANNEL_INVALID", is_channel=True), progress(kind), NOW)
    assert (transition.state, transition.hold_reason) == (OperationState.HELD, HoldReason.CHANNEL_DOWN)


@pytest.mark.parametrize("kind", list(OperationKind))
def test_a_person_is_asked_about_any_outcome_that_stayed_unknown_for_hours(kind: OperationKind) -> None:
    old = progress(kind, settling=True, first_sent_at=NOW - SETTLE_FOR - HOUR)
    assert after_error(Unconfirmed("TIMEOUT"), old, NOW).state is OperationState.UNCONFIRMED


def test_a_repeat_that_is_refused_fails_only_what_surely_is_not_there() -> None:
    refused, unknown = Refused("MEDIA_MISSING"), progress(settling=True)
    assert after_read_back(Found.STANDS, unknown, NOW, refused).state is OperationState.SENT
    assert after_read_back(Found.UNKNOWN, unknown, NOW, refused).state is OperationState.UNCONFIRMED
    absent = after_read_back(Found.ABSENT, unknown, NOW, refused)
    assert absent.state is OperationState.FAILED
    assert absent.error is not None
    assert absent.error["code"] == "MEDIA_MISSING"


def test_an_edit_of_what_is_gone_has_failed() -> None:
    assert after_error(Gone("MESSAGE_ID_INVALID"), progress(OperationKind.EDIT), NOW).state is (
        OperationState.FAILED
    )


@pytest.mark.parametrize(
    ("kind", "age", "latest", "window", "expected"),
    [
        (OperationKind.PUBLISH, timedelta(minutes=59), NOW + HOUR, HOUR, Settling.RESEND),
        (OperationKind.PUBLISH, timedelta(minutes=61), NOW + HOUR, HOUR, Settling.READ_BACK),
        (OperationKind.PUBLISH, timedelta(minutes=1), NOW - HOUR, HOUR, Settling.READ_BACK),
        (OperationKind.PUBLISH, timedelta(0), NOW + HOUR, timedelta(0), Settling.READ_BACK),
        (OperationKind.EDIT, timedelta(hours=9), None, HOUR, Settling.RESEND),
        (OperationKind.DELETE, timedelta(hours=9), None, timedelta(0), Settling.RESEND),
    ],
)
def test_settles_by_the_key_only_while_it_is_recognised(
    kind: OperationKind, age: timedelta, latest: datetime | None, window: timedelta, expected: Settling
) -> None:
    chosen = choose_settling(
        progress(kind, first_sent_at=NOW - age, latest=latest, key_window=window, settling=True), NOW
    )
    assert chosen is expected


def test_sends_again_what_surely_is_not_there_only_where_a_key_protects() -> None:
    with_key, without = progress(settling=True), progress(settling=True, key_window=timedelta(0))
    assert after_read_back(Found.ABSENT, with_key, NOW).state is OperationState.RETRYING
    assert after_read_back(Found.ABSENT, without, NOW).state is OperationState.UNCONFIRMED
    assert after_read_back(Found.UNKNOWN, with_key, NOW).state is OperationState.UNCONFIRMED


def test_holds_stale_news_that_surely_is_not_there() -> None:
    stale = progress(settling=True, latest=NOW - HOUR)
    transition = after_read_back(Found.ABSENT, stale, NOW)
    assert (transition.state, transition.hold_reason) == (OperationState.HELD, HoldReason.STALE)


@given(st.integers(1, 10_000))
def test_pauses_grow_to_a_minute_and_stay(attempts: int) -> None:
    pause = pause_before_retry(attempts)
    assert timedelta(seconds=2) <= pause <= timedelta(minutes=1)
    assert pause_before_retry(attempts + 1) >= pause
