"""Corrections and kills reach exactly those who got, or are about to get, the item."""

from datetime import timedelta

import pytest

from publisher.actions.correct import correct_item, preview_correction
from publisher.actions.kill import REASON_LENGTH, kill_item, restore_item, spike_item
from publisher.actions.resolve import confirm_standing, send_again
from publisher.actions.save import create_item
from publisher.core.editions import inspect_edition
from publisher.core.platforms import PLATFORMS, Network
from publisher.core.states import ItemStatus, OperationKind, OperationState, PostState, Priority
from publisher.errors import NotAllowed, RuleError
from publisher.rendering import render_notice
from publisher.store.items import get_item
from publisher.store.session import Store
from tests.actions.newsroom import DELIVERY, Newsroom
from tests.builders import NOW, picture_edition

PUBLISH, EDIT, DELETE = OperationKind.PUBLISH, OperationKind.EDIT, OperationKind.DELETE
PLANNED, SENT, CANCELLED = OperationState.PLANNED, OperationState.SENT, OperationState.CANCELLED


@pytest.fixture
def newsroom(sqlite_store: Store) -> Newsroom:
    """One item published to two channels."""
    return Newsroom(sqlite_store)


def correct(newsroom: Newsroom) -> None:
    """Press «correct»."""
    with newsroom.store.begin() as session:
        correct_item(session, newsroom.chief, newsroom.item_id, DELIVERY, NOW)


def kill(newsroom: Newsroom) -> None:
    """Press «withdraw»."""
    with newsroom.store.begin() as session:
        kill_item(session, newsroom.chief, newsroom.item_id, "Ошибка", DELIVERY, NOW)


def status(newsroom: Newsroom) -> ItemStatus:
    """Where the item is."""
    with newsroom.store.reading() as session:
        return get_item(session, newsroom.item_id).status


def test_a_correction_edits_what_stands_and_replaces_what_waits(newsroom: Newsroom) -> None:
    newsroom.deliver(0, SENT)
    newsroom.save("Второй текст")
    correct(newsroom)
    assert newsroom.lane(0) == [(PUBLISH, SENT), (EDIT, PLANNED)]
    assert newsroom.lane(1) == [(PUBLISH, PLANNED)]
    assert newsroom.text(newsroom.operations(0)[1]) == "Новость\n\nВторой текст"
    assert newsroom.text(newsroom.operations(1)[0]) == "Новость\n\nВторой текст"
    assert status(newsroom) is ItemStatus.CORRECTED


def test_a_preview_writes_nothing(newsroom: Newsroom) -> None:
    newsroom.deliver(0, SENT)
    newsroom.save("Второй текст")
    with newsroom.store.reading() as session:
        assert len(preview_correction(session, newsroom.item_id).steps) == 2
    assert newsroom.lane(0) == [(PUBLISH, SENT)]


def test_a_second_correction_takes_the_place_of_one_that_has_not_started(newsroom: Newsroom) -> None:
    newsroom.deliver(0, SENT)
    for text in ("Второй текст", "Третий текст"):
        newsroom.save(text)
        correct(newsroom)
    assert newsroom.lane(0) == [(PUBLISH, SENT), (EDIT, CANCELLED), (EDIT, PLANNED)]
    assert newsroom.text(newsroom.operations(0)[2]).endswith("Третий текст")


def test_a_correction_of_what_nobody_has_is_refused(newsroom: Newsroom) -> None:
    with newsroom.store.begin() as session:
        item = create_item(session, newsroom.chief, newsroom.form("Другой"), NOW)
    with pytest.raises(RuleError, match="Nobody"), newsroom.store.begin() as session:
        correct_item(session, newsroom.chief, item.id, DELIVERY, NOW)


@pytest.mark.parametrize(("who", "priority"), [("editor", Priority.URGENT), ("chief", Priority.EMERGENCY)])
def test_only_a_chiefs_correction_passes_as_an_emergency(
    newsroom: Newsroom, who: str, priority: Priority
) -> None:
    newsroom.deliver(0, SENT)
    newsroom.save("Второй текст", priority=Priority.EMERGENCY)
    with newsroom.store.begin() as session:
        correct_item(session, getattr(newsroom, who), newsroom.item_id, DELIVERY, NOW)
    assert newsroom.operations(0)[1].priority is priority


def test_an_author_may_not_correct(newsroom: Newsroom) -> None:
    with pytest.raises(NotAllowed), newsroom.store.begin() as session:
        correct_item(session, newsroom.author, newsroom.item_id, DELIVERY, NOW)


def test_a_kill_deletes_what_stands_and_cancels_what_waits(newsroom: Newsroom) -> None:
    newsroom.deliver(0, SENT)
    kill(newsroom)
    assert newsroom.lane(0) == [(PUBLISH, SENT), (DELETE, PLANNED)]
    assert newsroom.lane(1) == [(PUBLISH, CANCELLED)]
    assert status(newsroom) is ItemStatus.KILLED
    with pytest.raises(RuleError, match="already withdrawn"):
        kill(newsroom)


def test_a_kill_edits_old_posts_into_the_notice(newsroom: Newsroom) -> None:
    newsroom.deliver(0, SENT, NOW - timedelta(days=3))
    kill(newsroom)
    edit = newsroom.operations(0)[1]
    assert edit.kind is EDIT
    assert "отозвана" in newsroom.text(edit)
    assert "Ошибка" in newsroom.text(edit)


def test_a_kill_waits_for_an_unknown_outcome(newsroom: Newsroom) -> None:
    newsroom.deliver(0, OperationState.CHECKING)
    kill(newsroom)
    assert newsroom.lane(0) == [(PUBLISH, OperationState.CHECKING), (DELETE, PLANNED)]


def test_the_longest_reason_fits_under_a_picture_and_a_longer_one_is_refused(newsroom: Newsroom) -> None:
    notice = render_notice(picture_edition(1), Network.TELEGRAM, "о" * REASON_LENGTH)
    assert inspect_edition(notice, PLATFORMS[Network.TELEGRAM]) == ()
    with pytest.raises(RuleError) as caught, newsroom.store.begin() as session:
        kill_item(session, newsroom.chief, newsroom.item_id, "о" * (REASON_LENGTH + 1), DELIVERY, NOW)
    assert caught.value.field == "reason"


def test_a_kill_needs_a_reason(newsroom: Newsroom) -> None:
    with pytest.raises(RuleError) as caught, newsroom.store.begin() as session:
        kill_item(session, newsroom.chief, newsroom.item_id, "  ", DELIVERY, NOW)
    assert caught.value.field == "reason"


def test_only_what_never_ran_is_spiked_and_it_can_come_back(newsroom: Newsroom) -> None:
    with pytest.raises(RuleError, match="withdraw"), newsroom.store.begin() as session:
        spike_item(session, newsroom.chief, newsroom.item_id, NOW)
    with newsroom.store.begin() as session:
        item = create_item(session, newsroom.chief, newsroom.form("Другой"), NOW)
        spike_item(session, newsroom.chief, item.id, NOW)
        restore_item(session, newsroom.chief, item.id, NOW)
        assert item.status is ItemStatus.DRAFT


def test_a_failed_publish_can_be_sent_again_with_the_same_key(newsroom: Newsroom) -> None:
    newsroom.deliver(0, OperationState.FAILED)
    before = newsroom.operations(0)[0]
    with newsroom.store.begin() as session:
        send_again(session, newsroom.chief, before.id, DELIVERY, NOW + timedelta(hours=5))
    after = newsroom.operations(0)[0]
    assert (after.state, after.key, after.wake_at) == (PLANNED, before.key, NOW + timedelta(hours=5))
    assert after.latest == NOW + timedelta(hours=7)


def test_what_has_been_sent_cannot_be_sent_again(newsroom: Newsroom) -> None:
    newsroom.deliver(0, SENT)
    with pytest.raises(RuleError, match="moved on"), newsroom.store.begin() as session:
        send_again(session, newsroom.chief, newsroom.operations(0)[0].id, DELIVERY, NOW)


def test_a_person_who_saw_the_post_settles_an_unconfirmed_one(newsroom: Newsroom) -> None:
    newsroom.deliver(0, OperationState.UNCONFIRMED)
    operation = newsroom.operations(0)[0]
    with newsroom.store.begin() as session:
        confirm_standing(session, newsroom.chief, operation.id, [77], "https://t.me/a/77", NOW)
    (post,) = newsroom.posts()
    assert (post.external_ids, post.state, post.permalink) == ([77], PostState.LIVE, "https://t.me/a/77")
    assert newsroom.lane(0) == [(PUBLISH, SENT)]
    assert status(newsroom) is ItemStatus.PUBLISHED
