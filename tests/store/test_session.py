"""Opening the database: migrations, the UTC column, the append-only audit, and copies that don't speak."""

import shutil
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import text
from sqlalchemy.exc import DatabaseError, StatementError

from publisher.core.permissions import COMMAND_LINE
from publisher.core.states import HoldReason, OperationState
from publisher.errors import StoreError
from publisher.store.audit import record_act
from publisher.store.models import Base, Desk, Installation, Operation
from publisher.store.outbox import list_existing, release_operation, reschedule_operation
from publisher.store.restored import hold_everything, release_restored
from publisher.store.session import Store, open_store
from tests.builders import NOW, add_account, add_channel, add_desk, add_item, add_operation


def test_the_migrated_tables_are_those_of_the_models(store: Store) -> None:
    with store.engine.connect() as connection:
        context = MigrationContext.configure(
            connection, opts={"compare_type": True, "include_name": is_of_a_model}
        )
        assert compare_metadata(context, Base.metadata) == []


def is_of_a_model(name: str | None, kind: str, _parents: object) -> bool:
    """What the full-text search of either database is made of has no model (tests/store/test_search.py)."""
    return not (
        kind in {"table", "index"} and name and name.startswith(("search_words", "search_entry_words"))
    )


def test_instants_come_back_aware_and_in_utc(store: Store) -> None:
    moscow = timezone(timedelta(hours=3))
    with store.begin() as session:
        session.get_one(Installation, 1).paused_at = datetime(2026, 12, 1, 9, 0, tzinfo=moscow)
    with store.reading() as session:
        paused = session.get_one(Installation, 1).paused_at
    assert paused == datetime(2026, 12, 1, 6, 0, tzinfo=UTC)
    assert paused.tzinfo is UTC


def test_a_naive_instant_is_refused(store: Store) -> None:
    with pytest.raises(StatementError, match="naive"), store.begin() as session:
        session.get_one(Installation, 1).paused_at = datetime(2026, 12, 1, 9, 0)  # noqa: DTZ001 - the subject


def test_the_audit_cannot_be_changed(store: Store) -> None:
    with store.begin() as session:
        record_act(session, COMMAND_LINE, "test", "item:1", NOW)
    for statement in ("UPDATE audit_event SET actor = 'x'", "DELETE FROM audit_event"):
        with pytest.raises(DatabaseError, match="append-only"), store.begin() as session:
            session.execute(text(statement))


def test_a_failed_transaction_leaves_nothing(store: Store) -> None:
    def fail() -> None:
        with store.begin() as session:
            add_desk(session)
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail()
    with store.reading() as session:
        assert session.query(Desk).count() == 0


def plan_three(store: Store) -> dict[OperationState, int]:
    """One operation of each state that a copy must treat differently."""
    ids = {}
    with store.begin() as session:
        desk, account = add_desk(session), add_account(session)
        channel = add_channel(session, account, desk)
        for state in (OperationState.PLANNED, OperationState.SENDING, OperationState.SENT):
            _, version = add_item(session, desk, channel)
            ids[state] = add_operation(session, version, channel, state=state).id
    return ids


def test_a_copied_data_folder_wakes_up_paused_with_everything_held(tmp_path: Path) -> None:
    original = open_store(f"sqlite:///{tmp_path / 'a' / 'newsroom.sqlite'}", NOW)
    ids = plan_three(original)
    original.close()
    shutil.copytree(tmp_path / "a", tmp_path / "b")

    copy = open_store(f"sqlite:///{tmp_path / 'b' / 'newsroom.sqlite'}", NOW)
    with copy.reading() as session:
        assert session.get_one(Installation, 1).pause_reason == HoldReason.RESTORED
        planned = session.get_one(Operation, ids[OperationState.PLANNED])
        assert (planned.state, planned.hold_reason) == (OperationState.HELD, HoldReason.RESTORED)
        assert session.get_one(Operation, ids[OperationState.SENDING]).state is OperationState.CHECKING
        assert session.get_one(Operation, ids[OperationState.SENT]).state is OperationState.SENT
    copy.close()

    again = open_store(f"sqlite:///{tmp_path / 'a' / 'newsroom.sqlite'}", NOW)
    with again.reading() as session:
        assert session.get_one(Installation, 1).paused_at is None
    again.close()


def test_a_moved_data_folder_goes_on(tmp_path: Path) -> None:
    open_store(f"sqlite:///{tmp_path / 'a' / 'newsroom.sqlite'}", NOW).close()
    (tmp_path / "a").rename(tmp_path / "b")
    moved = open_store(f"sqlite:///{tmp_path / 'b' / 'newsroom.sqlite'}", NOW)
    with moved.reading() as session:
        assert session.get_one(Installation, 1).paused_at is None
    moved.close()


def test_a_damaged_database_gives_one_clear_error(tmp_path: Path) -> None:
    file = tmp_path / "newsroom.sqlite"
    file.write_bytes(b"this is no database, but long enough to look like one" * 100)
    with pytest.raises(StoreError, match="cannot use the database"):
        open_store(f"sqlite:///{file}", NOW)


def test_what_a_copy_releases_is_read_back_before_it_goes_out(store: Store) -> None:
    earlier, later = NOW - timedelta(hours=3), NOW + timedelta(hours=3)
    with store.begin() as session:
        channel = add_channel(session, add_account(session))
        _, version = add_item(session, add_desk(session), channel)
        passed, planned = (add_operation(session, version, channel, due=due) for due in (earlier, later))
        hold_everything(session, session.get_one(Installation, 1), NOW)
    with store.begin() as session:
        assert release_restored(session, NOW) == 2
    with store.reading() as session:
        row = session.get_one(Operation, passed.id)
        assert (row.state, row.first_sent_at, row.wake_at) == (OperationState.CHECKING, earlier, NOW)
        row = session.get_one(Operation, planned.id)
        assert (row.state, row.wake_at) == (OperationState.PLANNED, later)


def test_one_operation_of_a_copy_is_checked_when_a_person_sends_it_again(store: Store) -> None:
    with store.begin() as session:
        channel = add_channel(session, add_account(session))
        _, version = add_item(session, add_desk(session), channel)
        operation = add_operation(session, version, channel)
        hold_everything(session, session.get_one(Installation, 1), NOW)
        (existing,) = list_existing(session, version.item_id)
        assert existing.state is OperationState.UNCONFIRMED
        assert not reschedule_operation(session, operation.id, NOW + timedelta(hours=1), None)
        assert release_operation(session, operation.id, {OperationState.HELD}, NOW, None)
    with store.reading() as session:
        assert session.get_one(Operation, operation.id).state is OperationState.CHECKING
