"""Counts as people read them: changes, totals that say what they lack, days with their gaps."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import pairwise

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
class Period:
    """Days of the city's calendar, first and last included."""

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


NOTHING = Total(value=None, missing=())


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


def day_lines(days: Sequence[Day], first: date, last: date) -> list[DayLine | Period]:
    """The period's days, and its gaps as periods without a single count, newest first.

    `days` come oldest first; the one before `first`, if it is among them, only lends its evening.
    """
    lines: list[DayLine | Period] = []
    closing_of = {day.day: day.closing for day in days}
    expected = first
    for day in (day for day in days if first <= day.day <= last):
        if day.day > expected:
            lines.append(Period(first=expected, last=day.day - ONE_DAY))
        before = closing_of.get(day.day - ONE_DAY)
        lines.append(DayLine(day=day, change=change(day.closing, before)))
        expected = day.day + ONE_DAY
    if expected <= last:
        lines.append(Period(first=expected, last=last))
    return lines[::-1]


@dataclass(frozen=True, slots=True, kw_only=True)
class Track:
    """A channel's values at the points of a view, in their order.

    It is there from point `begins` up to point `ends`, that one not included; None between them is a gap.
    """

    name: str
    values: Sequence[int | None]
    begins: int
    ends: int

    def is_there(self, place: int) -> bool:
        """Whether the channel is open at this point."""
        return self.begins <= place < self.ends


def track(name: str, values: Sequence[int | None], *, begins: int = 0, ends: int | None = None) -> Track:
    """The track of these values. Whoever was counted was there, whatever the calendar says of its opening."""
    counted = [place for place, value in enumerate(values) if value is not None]
    ends = len(values) if ends is None else ends
    return Track(
        name=name,
        values=values,
        begins=min(counted[0], begins) if counted else begins,
        ends=max(counted[-1] + 1, ends) if counted else ends,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """What happened between a point and the one before it.

    `change` is of the channels that were there at both; those that came or went are not in it.
    """

    change: Total
    opened: Total
    closed: Total


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """A part of a change, and whose it is."""

    value: int
    names: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Bridge:
    """How the total of one point became that of another: start + kept + opened + closed + rest = end.

    `kept` is the growth of the channels that are there at both and were counted at both; `opened` what new
    ones have; `closed` what went with those that are no more; `rest` what one side has of channels that were
    not counted at the other.
    """

    start: Total
    end: Total
    kept: Part
    opened: Part
    closed: Part
    rest: Part

    @property
    def change(self) -> int | None:
        """What the totals differ by, everything included."""
        return change(self.end.value, self.start.value)


def every_nth(one: Track, places: int) -> Track:
    """The track at so many places in one: the last value counted in them."""
    starts = range(0, len(one.values), places)
    groups = [
        [value for value in one.values[start : start + places] if value is not None] for start in starts
    ]
    return Track(
        name=one.name,
        values=[group[-1] if group else None for group in groups],
        begins=one.begins // places,
        ends=-(-one.ends // places),
    )


def total_at(tracks: Iterable[Track], place: int) -> Total:
    """What the channels that are there have together."""
    return add_up((track.name, track.values[place]) for track in tracks if track.is_there(place))


def totals(tracks: Sequence[Track], points: int) -> list[Total]:
    """What the channels have together at each point."""
    sums = _whole_sums(tracks, points)
    return [total_at(tracks, place) if value is None else _known(value) for place, value in enumerate(sums)]


def steps(tracks: Sequence[Track], points: int) -> list[Step]:
    """The step to each point but the first."""
    sums = _whole_sums(tracks, points)
    changes = [change(newer, older) for older, newer in pairwise(sums)]
    return [
        _step(tracks, place) if moved is None else Step(change=_known(moved), opened=NOTHING, closed=NOTHING)
        for place, moved in enumerate(changes, start=1)
    ]


def _whole_sums(tracks: Sequence[Track], points: int) -> list[int | None]:
    """The sums of the points at which every channel was counted, which most points of a long view are."""
    columns = zip(*(one.values for one in tracks), strict=True)
    return [None if None in column else sum(column) for column in columns] or [None] * points


def _known(value: int) -> Total:
    return Total(value=value, missing=())


def _step(tracks: Iterable[Track], place: int) -> Step:
    changes, opened, closed = [], [], []
    for one in tracks:
        was, is_ = one.is_there(place - 1), one.is_there(place)
        if was and is_:
            changes.append((one.name, change(one.values[place], one.values[place - 1])))
        elif is_:
            opened.append((one.name, one.values[place]))
        elif was:
            closed.append((one.name, change(0, one.values[place - 1])))
    return Step(change=add_up(changes), opened=add_up(opened), closed=add_up(closed))


def bridge(tracks: Sequence[Track], start: int, end: int) -> Bridge:
    """How the total at `start` became the one at `end`; the parts add up, whatever was not counted."""
    found: dict[str, list[tuple[str, int]]] = {"kept": [], "opened": [], "closed": [], "rest": []}
    for one in tracks:
        first = one.values[start] if one.is_there(start) else None
        last = one.values[end] if one.is_there(end) else None
        if first is not None or last is not None:
            found[_side(one, start, end)].append((one.name, (last or 0) - (first or 0)))
    return Bridge(
        start=total_at(tracks, start),
        end=total_at(tracks, end),
        **{kind: _part(pairs) for kind, pairs in found.items()},
    )


def _side(one: Track, start: int, end: int) -> str:
    if not one.is_there(start):
        return "opened"
    if not one.is_there(end):
        return "closed"
    return "rest" if None in (one.values[start], one.values[end]) else "kept"


def _part(pairs: Sequence[tuple[str, int]]) -> Part:
    return Part(value=sum(value for _, value in pairs), names=tuple(name for name, _ in pairs))


def counted(series: Iterable[Sequence[int | None]], points: int) -> list[bool]:
    """At which points anybody was counted."""
    columns = zip(*series, strict=True)
    return [any(value is not None for value in column) for column in columns] or [False] * points


def counted_bounds(tracks: Sequence[Track], points: int) -> tuple[int, int] | None:
    """The first and the last point at which anybody was counted; None when nobody ever was."""
    worked = counted([one.values for one in tracks], points)
    places = [place for place, is_counted in enumerate(worked) if is_counted]
    return (places[0], places[-1]) if places else None


def largest(changes: Sequence[Step], most: int) -> list[int]:
    """The places in `changes` of the largest ones, up or down, the largest first; zero is none.

    What came right before or after a larger one in the same direction belongs to it and is not told again.
    """
    values = [step.change.value or 0 for step in changes]
    chosen: list[int] = []
    for place in sorted(range(len(values)), key=lambda place: -abs(values[place])):
        beside = any(abs(place - other) == 1 and values[place] * values[other] > 0 for other in chosen)
        if values[place] and not beside and len(chosen) < most:
            chosen.append(place)
    return chosen
