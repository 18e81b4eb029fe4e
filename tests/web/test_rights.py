"""Whatever address a person posts to with whatever ids: nothing happens that their role and desk forbid."""

from collections.abc import Mapping
from typing import Any

import pytest
from sqlalchemy import select

from publisher.core.states import ItemStatus, OperationState, PostState, Role
from publisher.store.models import (
    Account,
    Channel,
    Desk,
    Installation,
    Item,
    Operation,
    Post,
    SignInLink,
    User,
    Version,
)
from tests.builders import add_operation, add_post
from tests.web.desk import DeskOffice, Visitor
from tests.web.test_security import path_of, rules

# What only editors move, and what nobody moves for a desk that is not theirs.
EDITED = (Operation, Post, Channel, Account, Desk, Installation, SignInLink)
WRITTEN = (Item, Version)
# Ids of the other desk in every field that any form has, and the presses that would send something.
FIELDS: Mapping[str, str] = {
    "title": "Чужое", "body": "Чужое", "desk_id": "1", "channels": "1", "version": "1", "base": "1",
    "when": "later", "due": "2026-12-02T09:00", "confirmed": "1", "reason": "Чужое", "reissue": "1",
    "permalink": "https://t.me/krd_news/1", "agreed": "1", "account": "1", "desk": "1", "desks": "1",
    "handle": "krd_other", "name": "Чужое", "email": "other@example.org", "role": "admin",
    "network": "telegram", "realm": "real", "api_id": "1", "api_hash": "0" * 32,
    "bot_token": f"1:{'A' * 35}", "undo": "1",
}  # fmt: skip
PRESSES = ("save", "submit", "approve", "publish", "schedule", "over-1")
WAITING = (OperationState.PLANNED, OperationState.HELD, OperationState.FAILED, OperationState.UNCONFIRMED)


@pytest.fixture
def item_id(office: DeskOffice) -> int:
    """An item of the press office that stands in its channel."""
    channel = office.add_channel("krd_news")
    item, version = office.add_item(channel)
    with office.store.begin() as session:
        version, channel = session.get_one(Version, version.id), session.get_one(Channel, channel.id)
        add_post(session, add_operation(session, version, channel, state=OperationState.SENT), 1)
    return item.id


def state(office: DeskOffice, tables: tuple[Any, ...]) -> list[Any]:
    """Every row of the tables, as values."""
    with office.store.reading() as session:
        return [tuple(row) for table in tables for row in session.execute(select(table.__table__))]


def set_up(office: DeskOffice, operation: OperationState, post: PostState) -> None:
    """Bring the one operation and its post into these states, and the item into the one that fits."""
    with office.store.begin() as session:
        session.get_one(Operation, 1).state = operation
        session.get_one(Post, 1).state = post
        stands = operation is OperationState.SENT
        session.get_one(Item, 1).status = ItemStatus.PUBLISHED if stands else ItemStatus.SCHEDULED


def press_everything(office: DeskOffice, visitor: Visitor) -> None:
    """Post to every address there is, with a good mark against forged requests."""
    headers = {**visitor.headers, "X-CSRFToken": visitor.get("/session").json["csrf"]}
    for rule in rules(office.app, "POST"):
        if rule.endpoint == "security.logout":
            continue
        presses = PRESSES if rule.endpoint.startswith("composer.") else ("",)
        for do in presses:
            answer = visitor.browser.post(
                path_of(office.app, rule), {**FIELDS, "do": do}, headers=headers, expect_errors=True
            )
            assert answer.status_int < 500, rule.rule


def moments() -> list[tuple[OperationState, PostState]]:
    """The moments in which different acts are open."""
    stands = [(OperationState.SENT, post) for post in PostState]
    return [*stands, *((waiting, PostState.WITHDRAWN) for waiting in WAITING)]


@pytest.mark.usefixtures("item_id")
def test_an_editor_of_another_desk_moves_nothing(office: DeskOffice) -> None:
    visitor = office.visitor(Role.EDITOR, office.add_desk("social", "Соцзащита"))
    for operation, post in moments():
        set_up(office, operation, post)
        before = state(office, EDITED + WRITTEN)
        press_everything(office, visitor)
        assert state(office, EDITED + WRITTEN) == before


@pytest.mark.usefixtures("item_id")
def test_an_author_sends_nothing_and_changes_nothing_that_is_sent(office: DeskOffice) -> None:
    visitor = office.visitor(Role.AUTHOR)
    for operation, post in moments():
        set_up(office, operation, post)
        before = state(office, EDITED)
        press_everything(office, visitor)
        assert state(office, EDITED) == before


@pytest.mark.usefixtures("item_id")
def test_nobody_but_an_administrator_changes_people_channels_and_accounts(office: DeskOffice) -> None:
    visitor = office.visitor(Role.CHIEF)
    before = state(office, (Channel, Account, Desk, SignInLink))
    press_everything(office, visitor)
    assert state(office, (Channel, Account, Desk, SignInLink)) == before
    with office.store.reading() as session:
        assert [user.role for user in session.query(User)] == [Role.CHIEF]


def test_the_same_presses_of_an_editor_of_the_desk_do_move_it(office: DeskOffice, item_id: int) -> None:
    visitor = office.visitor(Role.EDITOR)
    before = state(office, EDITED)
    press_everything(office, visitor)
    assert state(office, EDITED) != before
    with office.store.reading() as session:
        assert session.get_one(Item, item_id).head > 1
