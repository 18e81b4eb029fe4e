"""One operation's way to the network, on a model of it."""

import asyncio
from datetime import timedelta

import pytest

from publisher.core.editions import edition_to_json
from publisher.core.states import ChannelState, HoldReason, OperationKind, OperationState
from publisher.delivery.sending import send
from publisher.store.claims import Claimed, Lane
from publisher.store.results import Result
from tests.builders import NOW, text_edition
from tests.delivery.network import Answer, Network

LANE = Lane(channel_id=1, account_id=1, network="telegram", handle="krd", address={"channel_id": 1})
HOUR = timedelta(hours=1)


def publish(**values: object) -> Claimed:
    """A claimed publish of a text."""
    fields: dict[str, object] = {
        "id": 1, "item_id": 1, "channel_id": 1, "kind": OperationKind.PUBLISH, "key": "ab" * 16,
        "edition": edition_to_json(text_edition("Новость")), "attempts": 1, "first_sent_at": NOW,
        "latest": NOW + 2 * HOUR, "settling": False, "cost": 1,
    }  # fmt: skip
    return Claimed(**{**fields, **values})  # type: ignore[arg-type]  # its own fields


def carry_out(
    network: Network, operation: Claimed, *, after: int | None = None, may_send: bool = True
) -> Result:
    """What comes of it."""
    return asyncio.run(send(operation, LANE, network, after, lambda: network.now, lambda: may_send))


def standing(network: Network) -> list[str]:
    """What the wall shows."""
    return [post.text for post in network.walls.get(1, []) if not post.deleted]


def test_a_lease_that_ended_during_the_upload_sends_nothing() -> None:
    network = Network()
    result = carry_out(network, publish(), may_send=False)
    assert (result.transition.state, result.outcome) == (OperationState.RETRYING, "lease_ended")
    assert standing(network) == []


def test_what_is_settled_without_a_lease_stays_unknown() -> None:
    result = carry_out(Network(), publish(settling=True), may_send=False)
    assert result.transition.state is OperationState.CHECKING


def test_a_late_answer_settles_without_asking_the_network() -> None:
    network = Network(answer=Answer.NEVER_CAME)
    result = carry_out(network, publish(settling=True, answered=(7,)))
    assert result.transition.state is OperationState.SENT
    assert (result.external_ids, result.permalink) == ((7,), "https://t.me/krd/7")


@pytest.mark.parametrize(("answered", "notice_stands"), [((), False), ((7,), True)])
def test_a_late_answer_to_a_delete_says_whether_the_notice_stands(
    answered: tuple[int, ...], notice_stands: bool
) -> None:
    operation = publish(kind=OperationKind.DELETE, settling=True, answered=answered, post_id=1)
    result = carry_out(Network(answer=Answer.NEVER_CAME), operation)
    assert result.transition.state is OperationState.SENT
    assert result.notice_stands is notice_stands


def test_a_repeat_that_is_refused_finds_the_post_that_the_first_try_put_up() -> None:
    network = Network(answer=Answer.LOST)
    assert carry_out(network, publish()).transition.state is OperationState.CHECKING
    network.answer = Answer.REFUSED
    result = carry_out(network, publish(settling=True), after=0)
    assert (result.transition.state, result.external_ids) == (OperationState.SENT, (1,))
    assert standing(network) == ["Новость"]


def test_a_repeat_that_is_refused_fails_when_the_first_try_left_nothing() -> None:
    network = Network(answer=Answer.REFUSED)
    result = carry_out(network, publish(settling=True), after=0)
    assert result.transition.state is OperationState.FAILED
    assert result.transition.error is not None
    assert result.transition.error["code"] == "MESSAGE_TOO_LONG"


def test_a_delete_in_a_channel_that_is_gone_does_not_count_as_done() -> None:
    network = Network(answer=Answer.CHANNEL_GONE)
    result = carry_out(
        network, publish(kind=OperationKind.DELETE, edition=None, post_id=1, external_ids=(1,))
    )
    assert (result.transition.state, result.transition.hold_reason) == (
        OperationState.HELD,
        HoldReason.CHANNEL_DOWN,
    )
    assert (result.channel_state, result.post_gone) == (ChannelState.MISSING, False)


def test_past_the_keys_window_a_publish_is_looked_for_and_not_repeated() -> None:
    network = Network(answer=Answer.LOST)
    carry_out(network, publish())
    network.answer, network.now = Answer.GOOD, NOW + HOUR + HOUR / 2
    result = carry_out(network, publish(settling=True), after=0)
    assert result.transition.state is OperationState.SENT
    assert standing(network) == ["Новость"]
