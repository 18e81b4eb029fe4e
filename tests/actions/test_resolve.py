"""Ways out of the states in which an operation waits for a person."""

from datetime import timedelta

import pytest

from publisher.actions.correct import correct_item
from publisher.actions.kill import kill_item
from publisher.actions.publish import publish_item
from publisher.actions.resolve import (
    acts_for,
    cancel,
    check_again,
    confirm_by_links,
    send_again,
    send_all_again,
)
from publisher.core.editions import edition_to_json
from publisher.core.states import HoldReason, ItemStatus, OperationKind, OperationState, PostState
from publisher.errors import EmbargoInForce, NotAllowed, RuleError
from publisher.store.items import get_item
from publisher.store.models import Operation, Post
from publisher.store.outbox import get_operation
from publisher.store.session import Store
from tests.actions.newsroom import DELIVERY, Newsroom
from tests.builders import NOW, add_post, picture_edition

PUBLISH, EDIT, DELETE = OperationKind.PUBLISH, OperationKind.EDIT, OperationKind.DELETE
PLANNED, SENT, CANCELLED = OperationState.PLANNED, OperationState.SENT, OperationState.CANCELLED
FAILED, HELD = OperationState.FAILED, OperationState.HELD
CHECKING, UNCONFIRMED = OperationState.CHECKING, OperationState.UNCONFIRMED
HOUR = timedelta(hours=1)


@pytest.fixture
def newsroom(store: Store) -> Newsroom:
    """One item published to two channels, on both databases."""
    return Newsroom(store)


def press_send_again(newsroom: Newsroom, operation: Operation) -> None:
    """Press «send again»."""
    with newsroom.store.begin() as session:
        send_again(session, newsroom.chief, operation.id, DELIVERY, NOW)


def press_cancel(newsroom: Newsroom, operation: Operation) -> None:
    """Press «do not send»."""
    with newsroom.store.begin() as session:
        cancel(session, newsroom.chief, operation.id, NOW)


def confirm(newsroom: Newsroom, operation: Operation, *links: str) -> None:
    """Press «it stands»."""
    with newsroom.store.begin() as session:
        confirm_by_links(session, newsroom.chief, operation.id, links, NOW)


def correct(newsroom: Newsroom, **options: bool) -> None:
    """Save another text and press «correct»."""
    newsroom.save("Второй текст")
    with newsroom.store.begin() as session:
        correct_item(session, newsroom.chief, newsroom.item_id, DELIVERY, NOW, **options)


def kill(newsroom: Newsroom) -> None:
    """Press «withdraw»."""
    with newsroom.store.begin() as session:
        kill_item(session, newsroom.chief, newsroom.item_id, "Ошибка", DELIVERY, NOW)


def set_state(newsroom: Newsroom, operation: Operation, state: OperationState) -> None:
    """Say what became of an operation that is no first publish."""
    with newsroom.store.begin() as session:
        found = session.get_one(Operation, operation.id)
        found.state, found.wake_at = state, None


def status(newsroom: Newsroom) -> ItemStatus:
    """Where the item is."""
    with newsroom.store.reading() as session:
        return get_item(session, newsroom.item_id).status


def link(newsroom: Newsroom, number: int, place: int = 0) -> str:
    """The link of a post in a channel."""
    return f"https://t.me/{newsroom.channels[place].handle}/{number}"


def test_a_press_that_comes_second_changes_nothing_and_says_so(newsroom: Newsroom) -> None:
    newsroom.deliver(0, FAILED)
    operation = newsroom.operations(0)[0]
    press_send_again(newsroom, operation)
    with pytest.raises(RuleError, match="moved on"):
        press_send_again(newsroom, operation)
    assert newsroom.lane(0) == [(PUBLISH, PLANNED)]


def test_a_failed_correction_gives_way_to_the_next_one_and_never_comes_back(newsroom: Newsroom) -> None:
    newsroom.deliver(0, SENT)
    correct(newsroom)
    set_state(newsroom, newsroom.operations(0)[1], FAILED)
    newsroom.save("Третий текст")
    with newsroom.store.begin() as session:
        correct_item(session, newsroom.chief, newsroom.item_id, DELIVERY, NOW)
    assert newsroom.lane(0) == [(PUBLISH, SENT), (EDIT, CANCELLED), (EDIT, PLANNED)]
    with pytest.raises(RuleError):
        press_send_again(newsroom, newsroom.operations(0)[1])


def test_an_older_correction_is_not_sent_after_a_newer_one(newsroom: Newsroom) -> None:
    newsroom.deliver(0, SENT)
    correct(newsroom)
    first = newsroom.operations(0)[1]
    set_state(newsroom, first, OperationState.SENDING)
    newsroom.save("Третий текст")
    with newsroom.store.begin() as session:
        correct_item(session, newsroom.chief, newsroom.item_id, DELIVERY, NOW)
    set_state(newsroom, first, FAILED)
    with pytest.raises(RuleError, match="out of date"):
        press_send_again(newsroom, first)


def test_a_failed_publish_that_was_corrected_goes_out_with_the_new_text(newsroom: Newsroom) -> None:
    newsroom.deliver(0, FAILED)
    newsroom.deliver(1, SENT)
    correct(newsroom)
    (operation,) = newsroom.operations(0)
    assert (operation.state, newsroom.text(operation)) == (FAILED, "Новость\n\nВторой текст")
    press_send_again(newsroom, operation)
    assert newsroom.lane(0) == [(PUBLISH, PLANNED)]


def test_a_failed_publish_gives_way_when_the_item_is_published_again(newsroom: Newsroom) -> None:
    newsroom.deliver(0, FAILED)
    newsroom.deliver(1, SENT)
    with newsroom.store.begin() as session:
        publish_item(session, newsroom.chief, newsroom.item_id, DELIVERY, NOW)
    assert newsroom.lane(0) == [(PUBLISH, CANCELLED), (PUBLISH, PLANNED)]
    with pytest.raises(RuleError):
        press_send_again(newsroom, newsroom.operations(0)[0])


def test_nothing_held_goes_out_before_the_embargo_ends(newsroom: Newsroom) -> None:
    newsroom.deliver(0, HELD)
    with newsroom.store.begin() as session:
        get_item(session, newsroom.item_id).embargo = NOW + HOUR
    with pytest.raises(EmbargoInForce):
        press_send_again(newsroom, newsroom.operations(0)[0])
    assert newsroom.lane(0) == [(PUBLISH, HELD)]


def test_all_that_failed_goes_out_at_one_press(newsroom: Newsroom) -> None:
    newsroom.deliver(0, FAILED)
    newsroom.deliver(1, HELD)
    with newsroom.store.begin() as session:
        assert send_all_again(session, newsroom.chief, newsroom.item_id, DELIVERY, NOW) == 2
    assert [newsroom.lane(place) for place in (0, 1)] == [[(PUBLISH, PLANNED)]] * 2
    with pytest.raises(RuleError), newsroom.store.begin() as session:
        send_all_again(session, newsroom.chief, newsroom.item_id, DELIVERY, NOW)


def test_an_unconfirmed_post_is_looked_for_once_more(newsroom: Newsroom) -> None:
    newsroom.deliver(0, UNCONFIRMED)
    with newsroom.store.begin() as session:
        check_again(session, newsroom.chief, newsroom.operations(0)[0].id, NOW)
    (operation,) = newsroom.operations(0)
    assert (operation.state, operation.wake_at) == (CHECKING, NOW)


def test_a_link_settles_an_unconfirmed_post(newsroom: Newsroom) -> None:
    newsroom.deliver(0, UNCONFIRMED)
    confirm(newsroom, newsroom.operations(0)[0], link(newsroom, 77) + "?single")
    (post,) = newsroom.posts()
    assert (post.external_ids, post.permalink, post.next_check_at) == ([77], link(newsroom, 77), NOW)
    assert newsroom.lane(0) == [(PUBLISH, SENT)]
    assert status(newsroom) is ItemStatus.PUBLISHED


def test_an_album_is_settled_by_its_first_link(newsroom: Newsroom) -> None:
    newsroom.deliver(0, UNCONFIRMED)
    operation = newsroom.operations(0)[0]
    with newsroom.store.begin() as session:
        session.get_one(Operation, operation.id).edition = edition_to_json(picture_edition(3))
    confirm(newsroom, operation, link(newsroom, 77))
    assert newsroom.posts()[0].external_ids == [77, 78, 79]


def test_a_picture_with_the_text_after_it_needs_both_links(newsroom: Newsroom) -> None:
    newsroom.deliver(0, UNCONFIRMED)
    operation = newsroom.operations(0)[0]
    with newsroom.store.begin() as session:
        edition = edition_to_json(picture_edition(2, text_after=True))
        session.get_one(Operation, operation.id).edition = edition
    with pytest.raises(RuleError) as caught:
        confirm(newsroom, operation, link(newsroom, 77), "")
    assert caught.value.field == "permalink_of_text"
    with pytest.raises(RuleError, match="link of the picture"):
        confirm(newsroom, operation, link(newsroom, 77), link(newsroom, 78))
    confirm(newsroom, operation, link(newsroom, 77), link(newsroom, 90))
    assert newsroom.posts()[0].external_ids == [77, 78, 90]


def test_the_link_of_another_post_of_ours_is_refused(newsroom: Newsroom) -> None:
    newsroom.deliver(0, UNCONFIRMED)
    other = Newsroom(newsroom.store)
    with newsroom.store.begin() as session:
        operation = session.get_one(Operation, other.operations(0)[0].id)
        operation.channel_id = newsroom.channels[0].id
        add_post(session, operation, 77, permalink=link(newsroom, 77))
    with pytest.raises(RuleError, match="another post of ours") as caught:
        confirm(newsroom, newsroom.operations(0)[0], link(newsroom, 77))
    assert caught.value.field == "permalink"


def test_a_post_that_surely_is_not_there_is_given_up_with_what_waits_behind_it(newsroom: Newsroom) -> None:
    newsroom.deliver(0, UNCONFIRMED)
    newsroom.deliver(1, SENT)
    correct(newsroom)
    assert newsroom.lane(0) == [(PUBLISH, UNCONFIRMED), (EDIT, PLANNED)]
    press_cancel(newsroom, newsroom.operations(0)[0])
    assert newsroom.lane(0) == [(PUBLISH, CANCELLED), (EDIT, CANCELLED)]
    assert status(newsroom) is ItemStatus.CORRECTED


def test_a_withdrawn_item_can_be_settled_both_ways_but_never_sent(newsroom: Newsroom) -> None:
    for place in (0, 1):
        newsroom.deliver(place, UNCONFIRMED)
    kill(newsroom)
    standing, absent = newsroom.operations(0)[0], newsroom.operations(1)[0]
    with pytest.raises(RuleError, match="withdrawn"):
        press_send_again(newsroom, standing)
    confirm(newsroom, standing, link(newsroom, 77))
    press_cancel(newsroom, absent)
    assert newsroom.lane(0) == [(PUBLISH, SENT), (DELETE, PLANNED)]
    assert newsroom.lane(1) == [(PUBLISH, CANCELLED), (DELETE, CANCELLED)]
    assert status(newsroom) is ItemStatus.KILLED


def test_the_withdrawal_of_a_withdrawn_item_cannot_be_given_up(newsroom: Newsroom) -> None:
    newsroom.deliver(0, SENT)
    kill(newsroom)
    delete = newsroom.operations(0)[1]
    set_state(newsroom, delete, FAILED)
    with pytest.raises(RuleError, match="posts must go"):
        press_cancel(newsroom, delete)
    press_send_again(newsroom, delete)
    assert newsroom.lane(0) == [(PUBLISH, SENT), (DELETE, PLANNED)]


@pytest.mark.parametrize(
    ("kind", "state"), [(EDIT, PostState.LIVE), (DELETE, PostState.WITHDRAWN)], ids=["edit", "delete"]
)
def test_what_became_of_a_post_can_be_said_by_a_person(
    newsroom: Newsroom, kind: OperationKind, state: PostState
) -> None:
    newsroom.deliver(0, SENT)
    (correct if kind is EDIT else kill)(newsroom)
    follower = newsroom.operations(0)[1]
    set_state(newsroom, follower, UNCONFIRMED)
    confirm(newsroom, follower)
    (post,) = newsroom.posts()
    assert (post.state, post.standing_id == follower.id) == (state, kind is EDIT)
    assert newsroom.lane(0)[1] == (kind, SENT)


def test_a_publish_that_is_to_be_replaced_is_not_sent_again(newsroom: Newsroom) -> None:
    newsroom.deliver(0, UNCONFIRMED)
    publish = newsroom.operations(0)[0]
    with newsroom.store.begin() as session:
        edition = edition_to_json(picture_edition(1))
        session.get_one(Operation, publish.id).edition = edition
    correct(newsroom, reissue=True)
    assert newsroom.lane(0) == [(PUBLISH, UNCONFIRMED), (DELETE, PLANNED), (PUBLISH, PLANNED)]
    with pytest.raises(RuleError, match="out of date"):
        press_send_again(newsroom, publish)
    press_cancel(newsroom, publish)
    assert newsroom.lane(0) == [(PUBLISH, CANCELLED), (DELETE, CANCELLED), (PUBLISH, PLANNED)]


def test_the_last_cancelled_publish_gives_the_item_back_to_the_desk(newsroom: Newsroom) -> None:
    press_cancel(newsroom, newsroom.operations(0)[0])
    assert status(newsroom) is ItemStatus.SCHEDULED
    press_cancel(newsroom, newsroom.operations(1)[0])
    assert status(newsroom) is ItemStatus.APPROVED


def test_only_the_channels_desk_decides(newsroom: Newsroom) -> None:
    newsroom.deliver(0, FAILED)
    with pytest.raises(NotAllowed), newsroom.store.begin() as session:
        send_again(session, newsroom.author, newsroom.operations(0)[0].id, DELIVERY, NOW)


@pytest.mark.parametrize(
    ("state", "acts"),
    [
        (UNCONFIRMED, ("confirm", "send_again", "check_again", "cancel")),
        (FAILED, ("send_again", "cancel")),
        (PLANNED, ("cancel",)),
        (SENT, ()),
    ],
)
def test_the_acts_offered_fit_the_state(
    newsroom: Newsroom, state: OperationState, acts: tuple[str, ...]
) -> None:
    newsroom.deliver(0, state)
    with newsroom.store.reading() as session:
        assert acts_for(get_operation(session, newsroom.operations(0)[0].id)) == acts


def test_a_held_operation_loses_its_reason_when_it_goes_on(newsroom: Newsroom) -> None:
    newsroom.deliver(0, HELD)
    operation = newsroom.operations(0)[0]
    with newsroom.store.begin() as session:
        session.get_one(Operation, operation.id).hold_reason = HoldReason.STALE
    press_send_again(newsroom, operation)
    assert newsroom.operations(0)[0].hold_reason is None


def test_posts_are_one_per_confirmed_publish(newsroom: Newsroom) -> None:
    newsroom.deliver(0, UNCONFIRMED)
    operation = newsroom.operations(0)[0]
    confirm(newsroom, operation, link(newsroom, 77))
    with pytest.raises(RuleError):
        confirm(newsroom, operation, link(newsroom, 78))
    with newsroom.store.reading() as session:
        assert session.query(Post).filter_by(operation_id=operation.id).count() == 1
