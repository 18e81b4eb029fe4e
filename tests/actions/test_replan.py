"""Planning anew what is waiting."""

from datetime import timedelta

import pytest

from publisher.actions.replan import replan_item
from publisher.actions.save import save_item
from publisher.core.states import ItemStatus, OperationKind, OperationState
from publisher.errors import RuleError
from publisher.store.items import get_item
from publisher.store.models import ItemChannel
from publisher.store.session import Store
from tests.actions.newsroom import DELIVERY, Newsroom
from tests.builders import NOW

PUBLISH = OperationKind.PUBLISH
TOMORROW = NOW + timedelta(days=1)


@pytest.fixture
def newsroom(sqlite_store: Store) -> Newsroom:
    """One item planned for two channels."""
    return Newsroom(sqlite_store)


def replan(newsroom: Newsroom, **values: object) -> None:
    """Press «schedule» in the composer."""
    with newsroom.store.begin() as session:
        replan_item(session, newsroom.chief, newsroom.item_id, DELIVERY, NOW, **values)  # type: ignore[arg-type]  # its own keywords


def test_what_waits_gives_way_to_the_newest_version_at_the_new_time(newsroom: Newsroom) -> None:
    newsroom.save("Второй текст")
    replan(newsroom, due=TOMORROW)
    old, new = newsroom.operations(0)
    assert (old.state, new.state, new.due) == (OperationState.CANCELLED, OperationState.PLANNED, TOMORROW)
    assert "Второй текст" in newsroom.text(new)
    with newsroom.store.reading() as session:
        item = get_item(session, newsroom.item_id)
        assert (item.status, item.due) == (ItemStatus.SCHEDULED, TOMORROW)


def test_a_channel_that_was_deselected_gets_nothing(newsroom: Newsroom) -> None:
    with newsroom.store.begin() as session:
        session.query(ItemChannel).filter_by(channel_id=newsroom.channels[1].id).delete()
    replan(newsroom, due=TOMORROW)
    assert newsroom.lane(0)[-1] == (PUBLISH, OperationState.PLANNED)
    assert newsroom.lane(1) == [(PUBLISH, OperationState.CANCELLED)]


@pytest.mark.parametrize("state", [OperationState.SENDING, OperationState.SENT, OperationState.UNCONFIRMED])
def test_what_has_left_stays(newsroom: Newsroom, state: OperationState) -> None:
    newsroom.deliver(0, state)
    replan(newsroom, due=TOMORROW)
    assert newsroom.lane(0) == [(PUBLISH, state)]
    assert newsroom.lane(1)[-1] == (PUBLISH, OperationState.PLANNED)


def test_nothing_is_cancelled_when_the_new_time_is_refused(newsroom: Newsroom) -> None:
    with pytest.raises(RuleError):
        replan(newsroom, due=NOW - timedelta(hours=1))
    assert newsroom.lane(0) == [(PUBLISH, OperationState.PLANNED)]


def test_a_new_version_alone_leaves_the_queue_as_it_is(newsroom: Newsroom) -> None:
    with newsroom.store.begin() as session:
        save_item(session, newsroom.chief, newsroom.item_id, newsroom.form("Второй", base=1), NOW)
    assert "Первый текст" in newsroom.text(newsroom.operations(0)[0])
