"""Moving and calling off what has not left."""

from datetime import timedelta

import pytest

from publisher.actions.publish import publish_item
from publisher.actions.save import create_item
from publisher.actions.schedule import reschedule_item, take_back
from publisher.core.states import ItemStatus, OperationKind, OperationState
from publisher.errors import EmbargoInForce, NotAllowed, RuleError
from publisher.store.items import get_item
from publisher.store.models import Account
from publisher.store.session import Store
from tests.actions.newsroom import DELIVERY, Newsroom
from tests.builders import NOW, add_channel

PUBLISH = OperationKind.PUBLISH
PLANNED, SENT, CANCELLED = OperationState.PLANNED, OperationState.SENT, OperationState.CANCELLED
FAILED, HELD, SENDING = OperationState.FAILED, OperationState.HELD, OperationState.SENDING
HOUR = timedelta(hours=1)


@pytest.fixture
def newsroom(store: Store) -> Newsroom:
    """One item published to two channels, on both databases."""
    return Newsroom(store)


def call_off(newsroom: Newsroom) -> int:
    """Press «call off»."""
    with newsroom.store.begin() as session:
        return take_back(session, newsroom.chief, newsroom.item_id, NOW)


def move(newsroom: Newsroom, due: timedelta) -> int:
    """Give another time."""
    with newsroom.store.begin() as session:
        return reschedule_item(session, newsroom.chief, newsroom.item_id, NOW + due, DELIVERY, NOW)


def status(newsroom: Newsroom) -> ItemStatus:
    """Where the item is."""
    with newsroom.store.reading() as session:
        return get_item(session, newsroom.item_id).status


def test_what_has_left_stays_when_the_rest_is_called_off(newsroom: Newsroom) -> None:
    newsroom.deliver(0, SENT)
    assert call_off(newsroom) == 1
    assert (newsroom.lane(0), newsroom.lane(1)) == ([(PUBLISH, SENT)], [(PUBLISH, CANCELLED)])
    assert status(newsroom) is ItemStatus.PUBLISHED


def test_an_item_of_which_something_is_on_its_way_stays_scheduled(newsroom: Newsroom) -> None:
    newsroom.deliver(0, SENDING)
    call_off(newsroom)
    assert status(newsroom) is ItemStatus.SCHEDULED


def test_what_failed_and_what_is_on_hold_is_called_off_too(newsroom: Newsroom) -> None:
    newsroom.deliver(0, FAILED)
    newsroom.deliver(1, HELD)
    assert call_off(newsroom) == 2
    assert status(newsroom) is ItemStatus.APPROVED


def test_an_item_whose_newest_version_nobody_approved_becomes_a_draft(newsroom: Newsroom) -> None:
    newsroom.save("Второй текст")
    call_off(newsroom)
    assert status(newsroom) is ItemStatus.DRAFT


def test_a_second_press_is_told_that_nothing_waits(newsroom: Newsroom) -> None:
    call_off(newsroom)
    with pytest.raises(RuleError, match="Too late"):
        call_off(newsroom)


def test_only_what_waits_gets_another_time(newsroom: Newsroom) -> None:
    newsroom.deliver(0, FAILED)
    newsroom.deliver(1, HELD)
    assert move(newsroom, 2 * HOUR) == 1
    assert newsroom.lane(0) == [(PUBLISH, FAILED)]
    moved = newsroom.operations(1)[0]
    assert (moved.state, moved.wake_at, moved.hold_reason) == (PLANNED, NOW + 2 * HOUR, None)


def test_nothing_is_moved_to_before_its_embargo(newsroom: Newsroom) -> None:
    with newsroom.store.begin() as session:
        get_item(session, newsroom.item_id).embargo = NOW + 3 * HOUR
    with pytest.raises(EmbargoInForce):
        move(newsroom, 2 * HOUR)


def test_nothing_is_moved_when_all_has_gone_out(newsroom: Newsroom) -> None:
    for place in (0, 1):
        newsroom.deliver(place, SENT)
    with pytest.raises(RuleError, match="Nothing of this item is waiting"):
        move(newsroom, HOUR)


def test_an_author_may_not_move_or_call_off(newsroom: Newsroom) -> None:
    with pytest.raises(NotAllowed), newsroom.store.begin() as session:
        take_back(session, newsroom.author, newsroom.item_id, NOW)
    with pytest.raises(NotAllowed), newsroom.store.begin() as session:
        reschedule_item(session, newsroom.author, newsroom.item_id, NOW + HOUR, DELIVERY, NOW)


def test_an_item_that_was_called_off_can_be_published_again(newsroom: Newsroom) -> None:
    call_off(newsroom)
    with newsroom.store.begin() as session:
        publish_item(session, newsroom.chief, newsroom.item_id, DELIVERY, NOW)
    assert newsroom.lane(0) == [(PUBLISH, CANCELLED), (PUBLISH, PLANNED)]


def test_only_the_last_press_is_taken_back_within_the_undo_time(newsroom: Newsroom) -> None:
    move(newsroom, HOUR)
    with newsroom.store.begin() as session:
        channel = add_channel(session, session.query(Account).one(), newsroom.desk)
        item = get_item(session, newsroom.item_id)
        item.channels.append(channel)
    newsroom.channels.append(channel)
    with newsroom.store.begin() as session:
        publish_item(session, newsroom.chief, newsroom.item_id, DELIVERY, NOW, undo=True)
    with newsroom.store.begin() as session:
        assert take_back(session, newsroom.chief, newsroom.item_id, NOW, undo=True) == 1
    assert [newsroom.lane(place) for place in range(3)] == [
        *[[(PUBLISH, PLANNED)]] * 2,
        [(PUBLISH, CANCELLED)],
    ]
    with newsroom.store.reading() as session:
        item = get_item(session, newsroom.item_id)
        assert (item.status, item.due) == (ItemStatus.SCHEDULED, NOW + HOUR)


def test_nothing_is_taken_back_once_the_undo_time_is_over(newsroom: Newsroom) -> None:
    with pytest.raises(RuleError, match="Too late"), newsroom.store.begin() as session:
        take_back(session, newsroom.chief, newsroom.item_id, NOW + HOUR, undo=True)
    assert newsroom.lane(0) == [(PUBLISH, PLANNED)]


def test_an_embargo_set_after_planning_moves_what_waits(newsroom: Newsroom) -> None:
    newsroom.save("Второй текст", embargo=NOW + 3 * HOUR)
    waiting = newsroom.operations(0)[0]
    assert (waiting.due, waiting.wake_at) == (NOW + 3 * HOUR, NOW + 3 * HOUR)
    assert waiting.latest == NOW + 5 * HOUR
    with newsroom.store.reading() as session:
        assert get_item(session, newsroom.item_id).due == NOW + 3 * HOUR


def test_a_draft_has_nothing_to_call_off(newsroom: Newsroom) -> None:
    with newsroom.store.begin() as session:
        draft = create_item(session, newsroom.chief, newsroom.form("Другой"), NOW).id
    with pytest.raises(RuleError), newsroom.store.begin() as session:
        take_back(session, newsroom.chief, draft, NOW)
