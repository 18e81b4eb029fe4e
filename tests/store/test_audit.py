"""The audit: rows are added, read and never changed."""

from datetime import timedelta

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from publisher.core.permissions import COMMAND_LINE
from publisher.core.states import Role
from publisher.store.audit import ActFilter, find_newest_act, list_acts, name_subjects, record_act
from publisher.store.models import AuditEvent
from publisher.store.session import Store
from tests.builders import (
    NOW,
    actor_for,
    add_account,
    add_channel,
    add_desk,
    add_item,
    add_operation,
    add_user,
)

DAY = timedelta(days=1)


def note(store: Store, action: str, subject: str = "queue", at: timedelta = 0 * DAY) -> None:
    """An event of the command line."""
    with store.begin() as session:
        record_act(session, COMMAND_LINE, action, subject, NOW + at)


def actions(store: Store, **chosen: object) -> list[str]:
    """What the journal with this filter shows."""
    with store.reading() as session:
        events = list_acts(session, ActFilter(**chosen), limit=10)  # type: ignore[arg-type]  # the filter's own fields
        return [event.action for event in events]


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE audit_event SET actor = 'nobody'",
        "DELETE FROM audit_event",
        "DELETE FROM audit_event WHERE id = 1",
    ],
)
def test_the_database_refuses_to_change_or_remove_events(store: Store, statement: str) -> None:
    note(store, "queue.pause")
    with pytest.raises(DBAPIError, match="append-only"), store.begin() as session:
        session.execute(text(statement))
    with store.reading() as session:
        assert [event.actor for event in session.query(AuditEvent)] == ["command line"]


def test_postgresql_refuses_to_empty_the_table_as_well(postgres_store: Store) -> None:
    note(postgres_store, "queue.pause")
    with pytest.raises(DBAPIError, match="append-only"), postgres_store.begin() as session:
        session.execute(text("TRUNCATE audit_event"))


def test_events_come_newest_first_page_by_page(store: Store) -> None:
    for number in range(5):
        note(store, f"item.act{number}")
    with store.reading() as session:
        first = list_acts(session, ActFilter(), limit=3)
        second = list_acts(session, ActFilter(), limit=3, before=first[-1].id)
    assert [event.action for event in first] == ["item.act4", "item.act3", "item.act2"]
    assert [event.action for event in second] == ["item.act1", "item.act0"]


def test_events_are_in_the_order_of_their_moments(store: Store) -> None:
    for number, at in enumerate((DAY, 0 * DAY, 2 * DAY, 0 * DAY)):
        note(store, f"item.act{number}", at=at)
    with store.reading() as session:
        first = list_acts(session, ActFilter(), limit=2)
        second = list_acts(session, ActFilter(), limit=2, before=first[-1].id)
    assert [event.action for event in [*first, *second]] == [
        "item.act2",
        "item.act0",
        "item.act3",
        "item.act1",
    ]


def test_events_are_narrowed_by_person_action_subject_and_time(store: Store) -> None:
    note(store, "queue.pause", at=-DAY)
    note(store, "item.save", "item:1")
    with store.begin() as session:
        chief = add_user(session, Role.CHIEF)
        record_act(session, actor_for(chief), "item.kill", "item:2", NOW + DAY)
    assert actions(store, user_id=chief.id) == ["item.kill"]
    assert actions(store, only_command_line=True) == ["item.save", "queue.pause"]
    assert actions(store, prefixes=("queue.", "desk.")) == ["queue.pause"]
    assert actions(store, subject="item:1") == ["item.save"]
    assert actions(store, since=NOW, until=NOW + DAY) == ["item.save"]


def test_the_newest_event_tells_when_something_was_done(store: Store) -> None:
    with store.reading() as session:
        assert find_newest_act(session) is None
    note(store, "queue.pause", at=DAY)
    with store.reading() as session:
        assert find_newest_act(session) == NOW + DAY


def test_subjects_have_the_names_of_today(store: Store) -> None:
    with store.begin() as session:
        desk = add_desk(session, title="Пресс-служба")
        user = add_user(session, name="Дежурный")
        account = add_account(session, "Бот")
        channel = add_channel(session, account, title="Новости города")
        item, version = add_item(session, desk, channel, title="Мост")
        operation = add_operation(session, version, channel)
    subjects = {
        f"desk:{desk.id}": ("Пресс-служба",),
        f"user:{user.id}": ("Дежурный",),
        f"account:{account.id}": ("Бот",),
        f"channel:{channel.id}": ("Новости города",),
        f"item:{item.id}": ("Мост",),
        f"operation:{operation.id}": ("Мост", "Новости города"),
    }
    gone = ["item:999", "queue", "moon:1", "item:x", ""]
    with store.reading() as session:
        assert name_subjects(session, [*subjects, *gone]) == subjects
