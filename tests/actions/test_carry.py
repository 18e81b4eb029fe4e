"""A worker takes an operation in hand between the plan and its writing."""

from sqlalchemy import update

from publisher.actions.carry import carry_beside_workers
from publisher.actions.correct import preview_correction
from publisher.actions.publish import timing_for
from publisher.core.states import OperationKind, OperationState, Priority
from publisher.store.items import get_item, get_version
from publisher.store.models import Operation
from publisher.store.session import Store
from tests.actions.newsroom import DELIVERY, Newsroom
from tests.builders import NOW

PUBLISH, EDIT = OperationKind.PUBLISH, OperationKind.EDIT


def test_a_correction_comes_behind_what_was_just_taken_in_hand(store: Store) -> None:
    newsroom = Newsroom(store)
    newsroom.save("Второй текст")
    taken = newsroom.operations(0)[0].id
    with store.begin() as session:
        version = get_version(session, get_item(session, newsroom.item_id))
        steps = preview_correction(session, newsroom.item_id).steps
        session.execute(update(Operation).where(Operation.id == taken).values(state=OperationState.SENDING))
        carried = carry_beside_workers(
            session, steps, lambda: preview_correction(session, newsroom.item_id).steps, version,
            timing_for(Priority.NORMAL, NOW, DELIVERY, undo=False), None, NOW,
        )  # fmt: skip
    assert newsroom.lane(0) == [(PUBLISH, OperationState.SENDING), (EDIT, OperationState.PLANNED)]
    assert newsroom.lane(1) == [(PUBLISH, OperationState.PLANNED)]
    assert newsroom.text(newsroom.operations(1)[0]) == "Новость\n\nВторой текст"
    assert (len(carried.added), len(carried.replaced), carried.missed) == (1, 1, ())
