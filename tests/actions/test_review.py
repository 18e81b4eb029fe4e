"""Review: handing in, approving, giving back."""

import pytest

from publisher.actions.review import approve_item, return_item, submit_item
from publisher.actions.save import create_item, save_item
from publisher.core.permissions import Actor
from publisher.core.states import ItemStatus
from publisher.errors import NotAllowed, RuleError
from publisher.store.items import get_item, get_version
from publisher.store.models import AuditEvent
from publisher.store.session import Store
from tests.actions.newsroom import Newsroom
from tests.builders import NOW


class Draft:
    """A draft of an author, and the presses that concern it."""

    def __init__(self, store: Store) -> None:
        self.newsroom = Newsroom(store)
        self.store = store
        with store.begin() as session:
            self.id = create_item(session, self.newsroom.author, self.newsroom.form("Текст"), NOW).id

    def submit(self, actor: Actor | None = None) -> None:
        """Hand it in."""
        with self.store.begin() as session:
            submit_item(session, actor or self.newsroom.author, self.id, NOW)

    def approve(self, number: int = 1, actor: Actor | None = None) -> None:
        """Approve a version."""
        with self.store.begin() as session:
            approve_item(session, actor or self.newsroom.chief, self.id, number, NOW)

    def give_back(self) -> None:
        """Give it back."""
        with self.store.begin() as session:
            return_item(session, self.newsroom.chief, self.id, NOW)

    def status(self) -> ItemStatus:
        """Where it is."""
        with self.store.reading() as session:
            return get_item(session, self.id).status


@pytest.fixture
def draft(store: Store) -> Draft:
    """On both databases."""
    return Draft(store)


def test_an_item_goes_from_the_author_to_the_editor_and_back(draft: Draft) -> None:
    draft.submit()
    assert draft.status() is ItemStatus.IN_REVIEW
    draft.give_back()
    assert draft.status() is ItemStatus.DRAFT
    draft.submit()
    draft.approve()
    assert draft.status() is ItemStatus.APPROVED


def test_an_approval_names_who_gave_it_to_which_version(draft: Draft) -> None:
    draft.approve()
    with draft.store.reading() as session:
        version = get_version(session, get_item(session, draft.id))
        assert (version.approved_at, version.approved_by_id) == (NOW, draft.newsroom.chief.user_id)
        event = session.query(AuditEvent).filter_by(action="item.approve").one()
        assert event.detail == {"version": 1}


def test_a_version_that_is_no_longer_the_newest_is_not_approved(draft: Draft) -> None:
    draft.submit()
    with draft.store.begin() as session:
        save_item(session, draft.newsroom.author, draft.id, draft.newsroom.form("Другой", base=1), NOW)
    with pytest.raises(RuleError, match="newer version"):
        draft.approve(1)
    assert draft.status() is ItemStatus.DRAFT


@pytest.mark.parametrize("act", ["submit", "approve"])
def test_a_second_press_is_told_that_the_item_moved_on(draft: Draft, act: str) -> None:
    getattr(draft, act)()
    with pytest.raises(RuleError, match="moved on"):
        getattr(draft, act)()


def test_an_author_does_not_approve(draft: Draft) -> None:
    with pytest.raises(NotAllowed):
        draft.approve(actor=draft.newsroom.author)


def test_what_is_published_is_not_approved_any_more(draft: Draft) -> None:
    with draft.store.begin() as session:
        get_item(session, draft.id).status = ItemStatus.PUBLISHED
    with pytest.raises(RuleError, match="moved on"):
        draft.approve()
