"""Two people press at the same moment: one act is carried out, the other is told so."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from sqlalchemy.orm import Session

from publisher.actions.kill import kill_item
from publisher.actions.publish import publish_item
from publisher.actions.save import create_item
from publisher.core.states import OperationKind, OperationState
from publisher.errors import RuleError
from publisher.store.models import Operation
from publisher.store.session import Store
from tests.actions.newsroom import DELIVERY, Newsroom
from tests.builders import NOW

PEOPLE = 4


@pytest.fixture
def newsroom(store: Store) -> Newsroom:
    """On both databases."""
    return Newsroom(store)


def all_at_once(newsroom: Newsroom, act: Callable[[Session], object]) -> list[str]:
    """Everybody presses when all are ready; what each was told."""
    ready = Barrier(PEOPLE)

    def press(_: int) -> str:
        ready.wait()
        try:
            with newsroom.store.begin() as session:
                act(session)
        except RuleError:
            return "told"
        return "done"

    with ThreadPoolExecutor(PEOPLE) as pool:
        return sorted(pool.map(press, range(PEOPLE)))


def test_an_item_is_published_once(newsroom: Newsroom) -> None:
    with newsroom.store.begin() as session:
        item_id = create_item(session, newsroom.chief, newsroom.form("Другой"), NOW).id
    told = all_at_once(newsroom, lambda s: publish_item(s, newsroom.chief, item_id, DELIVERY, NOW))
    assert told == ["done", *["told"] * (PEOPLE - 1)]
    with newsroom.store.reading() as session:
        assert session.query(Operation).filter_by(item_id=item_id).count() == len(newsroom.channels)


def test_an_item_is_withdrawn_once(newsroom: Newsroom) -> None:
    newsroom.deliver(0, OperationState.SENT)
    told = all_at_once(
        newsroom, lambda s: kill_item(s, newsroom.chief, newsroom.item_id, "Ошибка", DELIVERY, NOW)
    )
    assert told == ["done", *["told"] * (PEOPLE - 1)]
    assert [kind for kind, _ in newsroom.lane(0)] == [OperationKind.PUBLISH, OperationKind.DELETE]
