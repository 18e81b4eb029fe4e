"""Totals of appeals by day, source and topic: writing and reading. No citizen's data is ever here."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import groupby

from sqlalchemy import func, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from publisher.store.models import AppealTotal

ROWS_AT_ONCE = 1_000


@dataclass(frozen=True, slots=True, kw_only=True)
class AppealMonth:
    """What came in a month (its first day) from a source about a topic."""

    month: date
    source: str
    topic: str
    value: int


def add_appeals(session: Session, totals: Iterable[tuple[date, str, str, int]]) -> None:
    """Store totals as (day, source, topic, value); one that is known is replaced."""
    rows = [
        {"day": day, "source": source, "topic": topic, "value": value} for day, source, topic, value in totals
    ]
    is_postgresql = session.get_bind().dialect.name == "postgresql"
    insert = postgresql.insert(AppealTotal) if is_postgresql else sqlite.insert(AppealTotal)
    upsert = insert.on_conflict_do_update(
        index_elements=["day", "source", "topic"], set_={"value": insert.excluded.value}
    )
    for start in range(0, len(rows), ROWS_AT_ONCE):
        session.execute(upsert, rows[start : start + ROWS_AT_ONCE])


def find_totals(session: Session, first: date, last: date) -> dict[tuple[date, str, str], int]:
    """The totals of a period by day, source and topic."""
    query = select(AppealTotal.day, AppealTotal.source, AppealTotal.topic, AppealTotal.value)
    rows = session.execute(query.where(AppealTotal.day >= first, AppealTotal.day <= last))
    return {(day, source, topic): value for day, source, topic, value in rows}


def count_days(session: Session) -> int:
    """How many totals there are."""
    return session.scalar(select(func.count()).select_from(AppealTotal)) or 0


def iterate_totals(session: Session) -> Iterator[AppealTotal]:
    """All totals by day, streamed."""
    query = select(AppealTotal).order_by(AppealTotal.day, AppealTotal.source, AppealTotal.topic)
    yield from session.scalars(query.execution_options(yield_per=2_000))


def list_years(session: Session) -> Sequence[int]:
    """The years with totals, the newest first."""
    days = session.scalars(select(AppealTotal.day).distinct())
    return sorted({day.year for day in days}, reverse=True)


def list_months(session: Session, year: int) -> list[AppealMonth]:
    """The year's totals by month, source and topic, the newest month first."""
    rows = session.execute(
        select(AppealTotal.day, AppealTotal.source, AppealTotal.topic, AppealTotal.value).where(
            AppealTotal.day >= date(year, 1, 1), AppealTotal.day <= date(year, 12, 31)
        )
    )
    placed = sorted((-day.month, source, topic, value) for day, source, topic, value in rows)
    return [
        AppealMonth(
            month=date(year, -month, 1), source=source, topic=topic, value=sum(row[3] for row in group)
        )
        for (month, source, topic), group in groupby(placed, key=lambda row: row[:3])
    ]
