"""An import in two transactions: prepared while others write, then written all or nothing."""

from zoneinfo import ZoneInfo

from sqlalchemy import select

from publisher.actions.imports import FileMark, import_entries, prepare_import
from publisher.core.entries import Entry
from publisher.core.guessing import Kind
from publisher.core.permissions import COMMAND_LINE
from publisher.core.states import CountSource
from publisher.store.imports import Stage
from publisher.store.models import AuditEvent
from publisher.store.session import Store
from tests.builders import NOW, add_account, add_channel

CITY = ZoneInfo("Europe/Moscow")
MARK = FileMark(name="counts.csv", sha256="0" * 64)


def test_the_same_file_leaves_one_mark_when_it_is_imported_twice_at_once(store: Store) -> None:
    with store.begin() as session:
        channel_id = add_channel(session, add_account(session)).id
    stage = Stage(Kind.COUNTS)
    stage.fill([Entry(2, 1, channel_id, int(NOW.timestamp()), CountSource.IMPORT, 7)])
    with store.reading() as session:
        prepared = [prepare_import(session, COMMAND_LINE, stage) for _ in range(2)]
    done = []
    for changes in prepared:
        with store.begin() as session:
            done.append(import_entries(session, COMMAND_LINE, stage, changes, MARK, NOW, CITY))
    stage.close()
    assert [(summary.new, summary.same) for summary in done] == [(1, 0), (0, 1)]
    with store.reading() as session:
        assert session.scalars(select(AuditEvent.action)).all() == ["import.counts"]
