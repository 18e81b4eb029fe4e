"""Drafts and carried out forms, on both databases."""

from datetime import timedelta

import pytest

from publisher.actions.drafts import LARGEST, Restored, discard_draft, forget_drafts, keep_draft
from publisher.core.states import Role
from publisher.errors import NotFound, RuleError
from publisher.store.drafts import (
    claim_submission,
    find_submission,
    get_submission_result,
    list_drafts,
    list_drafts_of_item,
    set_submission_result,
)
from publisher.store.models import User
from publisher.store.session import Store
from tests.builders import NOW, add_desk, add_item, add_user

UID = "a" * 32
OTHER = "b" * 32
LATER = NOW + timedelta(minutes=1)


@pytest.fixture
def user(store: Store) -> User:
    """An author."""
    with store.begin() as session:
        return add_user(session, Role.AUTHOR)


def keep(
    store: Store, user: User, body: str, uid: str = UID, item_id: int | None = None, **more: object
) -> None:
    """What the composer does a second after the last key."""
    with store.begin() as session:
        values: dict[str, object] = {"now": NOW, **more}
        keep_draft(session, user.id, uid, item_id, 0, {"body": [body]}, **values)  # type: ignore[arg-type]  # its own keywords


def bodies(store: Store, user: User) -> list[str]:
    """What is kept, newest first."""
    with store.reading() as session:
        return [draft.form["body"][0] for draft in list_drafts(session, user.id)]


def test_the_newest_text_stands_in_its_draft(store: Store, user: User) -> None:
    keep(store, user, "Раз")
    keep(store, user, "Раз, два", now=LATER)
    assert bodies(store, user) == ["Раз, два"]


def test_drafts_of_an_item_are_found_newest_first(store: Store, user: User) -> None:
    with store.begin() as session:
        item, _ = add_item(session, add_desk(session))
    keep(store, user, "Раз", item_id=item.id)
    keep(store, user, "Два", OTHER, item.id, now=LATER)
    keep(store, user, "Новая", "c" * 32)
    with store.reading() as session:
        found = list_drafts_of_item(session, user.id, item.id)
    assert [draft.form["body"] for draft in found] == [["Два"], ["Раз"]]


def test_a_draft_of_an_item_that_is_gone_is_kept_as_a_new_one(store: Store, user: User) -> None:
    keep(store, user, "Текст", item_id=12345)
    with store.reading() as session:
        assert list_drafts(session, user.id)[0].item_id is None


def test_the_draft_that_was_restored_goes_with_the_first_key(store: Store, user: User) -> None:
    keep(store, user, "Было")
    keep(store, user, "Стало", OTHER, restored=Restored(uid=UID, at=NOW), now=LATER)
    assert bodies(store, user) == ["Стало"]


def test_the_draft_that_was_restored_stays_while_another_tab_writes_it(store: Store, user: User) -> None:
    keep(store, user, "Первая вкладка", now=LATER)
    keep(store, user, "Вторая вкладка", OTHER, restored=Restored(uid=UID, at=NOW), now=LATER)
    assert sorted(bodies(store, user)) == ["Вторая вкладка", "Первая вкладка"]


def test_a_saved_text_takes_both_its_drafts_along(store: Store, user: User) -> None:
    keep(store, user, "Было")
    keep(store, user, "Стало", OTHER)
    with store.begin() as session:
        forget_drafts(session, user.id, OTHER, Restored(uid=UID, at=NOW))
    assert bodies(store, user) == []


def test_another_persons_draft_can_neither_be_written_nor_thrown_away(store: Store, user: User) -> None:
    keep(store, user, "Моё")
    with store.begin() as session:
        stranger = add_user(session, Role.CHIEF)
    with pytest.raises(NotFound):
        keep(store, stranger, "Чужое")
    with pytest.raises(NotFound), store.begin() as session:
        discard_draft(session, stranger.id, UID)
    assert bodies(store, user) == ["Моё"]


@pytest.mark.parametrize("uid", ["", "short", "A" * 32, "../" + "a" * 29, "a" * 33])
def test_a_name_that_no_composer_gives_is_refused(store: Store, user: User, uid: str) -> None:
    with pytest.raises(NotFound):
        keep(store, user, "Текст", uid)


def test_a_form_that_no_person_types_is_refused(store: Store, user: User) -> None:
    with pytest.raises(RuleError):
        keep(store, user, "а" * (LARGEST + 1))
    assert bodies(store, user) == []


def test_a_form_is_carried_out_once_and_leads_to_the_same_place(store: Store) -> None:
    with store.begin() as session:
        assert claim_submission(session, "token-one", None, NOW)
        set_submission_result(session, "token-one", "/items/1")
    with store.begin() as session:
        assert not claim_submission(session, "token-one", None, LATER)
        assert get_submission_result(session, "token-one") == "/items/1"


def test_a_form_that_failed_may_be_sent_again(store: Store) -> None:
    with store.begin() as session:
        claim_submission(session, "token-one", None, NOW)
        session.rollback()
    with store.begin() as session:
        assert claim_submission(session, "token-one", None, LATER)


def test_a_form_is_found_by_the_beginning_of_its_token(store: Store) -> None:
    token, more = "0" * 32, "f" * 32
    with store.begin() as session:
        claim_submission(session, token + more, None, NOW)
    with store.reading() as session:
        assert find_submission(session, token) is not None
        assert find_submission(session, more) is None
