"""Counts as people read them: changes, totals that say what they lack, days with their gaps."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

ONE_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Day:
    """A channel's day as its counts tell it."""

    day: date
    opening: int
    closing: int
    low: int
    high: int
    samples: int


@dataclass(frozen=True, slots=True, kw_only=True)
class DayLine:
    """A day with its change against the evening before; None where that evening was not counted."""

    day: Day
    change: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Gap:
    """Days without a single count, first and last included."""

    first: date
    last: date

    @property
    def days(self) -> int:
        """How many days that is."""
        return (self.last - self.first).days + 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Total:
    """A sum of what is known, and the names of those it lacks; None where nothing is known."""

    value: int | None
    missing: tuple[str, ...]


def change(newer: int | None, older: int | None) -> int | None:
    """The difference, or None where one of them is not known."""
    return None if newer is None or older is None else newer - older


def add_up(values: Iterable[tuple[str, int | None]]) -> Total:
    """The total of named values; a gap is named, never counted as zero."""
    pairs = list(values)
    known = [value for _, value in pairs if value is not None]
    return Total(
        value=sum(known) if known else None,
        missing=tuple(name for name, value in pairs if value is None),
    )


def day_lines(days: Sequence[Day], first: date, last: date) -> list[DayLine | Gap]:
    """The period's days and gaps, newest first.

    `days` come oldest first; the one before `first`, if it is among them, only lends its evening.
    """
    lines: list[DayLine | Gap] = []
    closing_of = {day.day: day.closing for day in days}
    expected = first
    for day in (day for day in days if first <= day.day <= last):
        if day.day > expected:
            lines.append(Gap(first=expected, last=day.day - ONE_DAY))
        before = closing_of.get(day.day - ONE_DAY)
        lines.append(DayLine(day=day, change=change(day.closing, before)))
        expected = day.day + ONE_DAY
    if expected <= last:
        lines.append(Gap(first=expected, last=last))
    return lines[::-1]
