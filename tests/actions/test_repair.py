"""Answers to posts that the network shows otherwise than we sent them."""

from datetime import timedelta

import pytest

from publisher.actions.kill import kill_item
from publisher.actions.repair import accept_deleted, publish_anew, put_back, repairs_for
from publisher.core.states import ItemStatus, OperationKind, OperationState, PostState
from publisher.errors import EmbargoInForce, NotAllowed, RuleError
from publisher.store.models import Post
from publisher.store.session import Store
from tests.actions.newsroom import DELIVERY, Newsroom
from tests.builders import NOW

PUBLISH, EDIT = OperationKind.PUBLISH, OperationKind.EDIT
PLANNED, SENT = OperationState.PLANNED, OperationState.SENT


@pytest.fixture
def newsroom(store: Store) -> Newsroom:
    """One item that stands in the first of two channels, on both databases."""
    newsroom = Newsroom(store)
    newsroom.deliver(0, SENT)
    return newsroom


def found(newsroom: Newsroom, state: PostState) -> int:
    """Reconcile saw the post in this state; its id."""
    with newsroom.store.begin() as session:
        post = session.query(Post).one()
        post.state = state
        return post.id


def test_our_text_goes_back_into_an_altered_post(newsroom: Newsroom) -> None:
    post_id = found(newsroom, PostState.ALTERED)
    newsroom.save("Второй текст")
    with newsroom.store.begin() as session:
        put_back(session, newsroom.chief, post_id, DELIVERY, NOW)
    assert newsroom.lane(0) == [(PUBLISH, SENT), (EDIT, PLANNED)]
    assert newsroom.text(newsroom.operations(0)[1]) == "Новость\n\nПервый текст"


def test_a_second_press_adds_no_second_edit(newsroom: Newsroom) -> None:
    post_id = found(newsroom, PostState.ALTERED)
    with newsroom.store.begin() as session:
        put_back(session, newsroom.chief, post_id, DELIVERY, NOW)
    with pytest.raises(RuleError, match="moved on"), newsroom.store.begin() as session:
        put_back(session, newsroom.chief, post_id, DELIVERY, NOW)
    assert len(newsroom.lane(0)) == 2


def test_a_deleted_post_is_published_anew_in_its_channel_only(newsroom: Newsroom) -> None:
    post_id = found(newsroom, PostState.MISSING)
    newsroom.save("Второй текст")
    with newsroom.store.begin() as session:
        publish_anew(session, newsroom.chief, post_id, DELIVERY, NOW)
    assert newsroom.lane(0) == [(PUBLISH, SENT), (PUBLISH, PLANNED)]
    assert newsroom.text(newsroom.operations(0)[1]).endswith("Второй текст")
    assert newsroom.lane(1) == [(PUBLISH, PLANNED)]
    with pytest.raises(RuleError), newsroom.store.begin() as session:
        publish_anew(session, newsroom.chief, post_id, DELIVERY, NOW)
    assert len(newsroom.lane(0)) == 2


def test_nothing_is_published_anew_before_the_embargo_ends(newsroom: Newsroom) -> None:
    post_id = found(newsroom, PostState.MISSING)
    newsroom.save("Второй текст", embargo=NOW + timedelta(hours=1))
    with pytest.raises(EmbargoInForce), newsroom.store.begin() as session:
        publish_anew(session, newsroom.chief, post_id, DELIVERY, NOW)
    assert newsroom.lane(0) == [(PUBLISH, SENT)]


def test_a_post_deleted_on_purpose_asks_for_nothing_any_more(newsroom: Newsroom) -> None:
    post_id = found(newsroom, PostState.MISSING)
    with newsroom.store.begin() as session:
        accept_deleted(session, newsroom.chief, post_id, NOW)
    assert newsroom.posts()[0].state is PostState.WITHDRAWN


def test_a_post_that_stands_as_we_sent_it_needs_no_repair(newsroom: Newsroom) -> None:
    post_id = found(newsroom, PostState.LIVE)
    for act in (put_back, publish_anew):
        with pytest.raises(RuleError, match="moved on"), newsroom.store.begin() as session:
            act(session, newsroom.chief, post_id, DELIVERY, NOW)


def test_nothing_of_a_withdrawn_item_is_brought_back(newsroom: Newsroom) -> None:
    post_id = found(newsroom, PostState.ALTERED)
    with newsroom.store.begin() as session:
        kill_item(session, newsroom.chief, newsroom.item_id, "Ошибка", DELIVERY, NOW)
    with pytest.raises(RuleError, match="withdrawn"), newsroom.store.begin() as session:
        put_back(session, newsroom.chief, post_id, DELIVERY, NOW)
    assert repairs_for(newsroom.posts()[0], ItemStatus.KILLED) == ()


def test_an_author_repairs_nothing(newsroom: Newsroom) -> None:
    post_id = found(newsroom, PostState.ALTERED)
    with pytest.raises(NotAllowed), newsroom.store.begin() as session:
        put_back(session, newsroom.author, post_id, DELIVERY, NOW)
