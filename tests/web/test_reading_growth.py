"""Pages about growth read what they show: seeks by key, never all counts."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from sqlalchemy import event, text

from publisher.store.audience import Count, add_counts
from tests.web.desk import DeskOffice

PAGES = [
    "/growth?days=30", "/growth?days=365", "/growth?from=2016-12-02&to=2026-12-01",
    "/growth/channels?days=30", "/growth/channels?days=365", "/audience", "/audience/1",
]  # fmt: skip


@contextmanager
def statements(office: DeskOffice) -> Iterator[list[tuple[str, Any]]]:
    """What the database is asked within the block."""
    asked: list[tuple[str, Any]] = []

    def note(_connection: Any, _cursor: Any, statement: str, parameters: Any, *_: Any) -> None:
        asked.append((statement, parameters))

    event.listen(office.store.engine, "before_cursor_execute", note)
    yield asked
    event.remove(office.store.engine, "before_cursor_execute", note)


def plan(office: DeskOffice, statement: str, parameters: Any) -> list[str]:
    """How SQLite answers it, step by step."""
    with office.store.engine.connect() as connection:
        rows = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", parameters)
        return [row.detail for row in rows]


@pytest.fixture
def counted(office: DeskOffice) -> DeskOffice:
    """Three channels that were counted over two years, once a day."""
    for handle in ("a_one", "b_two", "c_three"):
        channel = office.add_channel(handle)
        end = int(office.now.timestamp())
        counts = [
            Count(channel_id=channel.id, taken_at=end - 86_400 * n, value=1_000 - n) for n in range(730)
        ]
        with office.store.begin() as session:
            add_counts(session, counts, office.settings.office.zone)
            session.execute(text("ANALYZE"))
    return office


@pytest.mark.parametrize("page", PAGES)
def test_a_page_of_growth_looks_counts_up_by_their_key(counted: DeskOffice, page: str) -> None:
    visitor = counted.visitor()
    with statements(counted) as asked:
        visitor.get(page)
    about = [one for one in asked if "audience_count" in one[0] or "audience_day" in one[0]]
    assert about
    steps = [step for one in about for step in plan(counted, *one)]
    tables = [step for step in steps if "audience_" in step and "SUBQUERY" not in step]
    assert tables
    assert [step for step in tables if not step.startswith("SEARCH") or "PRIMARY KEY" not in step] == []
