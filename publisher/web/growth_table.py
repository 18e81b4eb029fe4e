"""The growth table: its rows on the page, and the same as a file."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date

from babel.dates import format_date
from flask_babel import gettext

from publisher.core.points import TICKS, Pace, Point
from publisher.core.series import ONE_DAY, Step, Total
from publisher.core.spreadsheets import Cell
from publisher.store.growth import Outing
from publisher.tracking.growth import Growth
from publisher.web.context import language
from publisher.web.formats import clock, date_, moment
from publisher.web.growth_choice import Choice
from publisher.web.growth_lines import Line, cause_text, place_of, values_of
from publisher.web.spreadsheet_files import local_cell


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """A point of the period as the table shows it."""

    place: int
    total: Total
    step: Step
    outings: Sequence[Outing]


def rows_of(growth: Growth, marks: Sequence[Outing]) -> Sequence[Row]:
    """The points of the period, the newest first."""
    of_place = outings_by_place(growth, marks)
    # Of the time before anything was counted there is nothing to tell.
    oldest = max(growth.bounds[0], 1) if growth.bounds else 1
    places = range(len(growth.points) - 1, oldest - 1, -1)
    return [
        Row(
            place=place,
            total=growth.totals[place],
            step=growth.steps[place - 1],
            outings=of_place.get(place, ()),
        )
        for place in places
    ]


def outings_by_place(growth: Growth, marks: Sequence[Outing]) -> dict[int, list[Outing]]:
    """What went out, by the point within which it did, the earliest first."""
    found: dict[int, list[Outing]] = {}
    for outing in sorted(marks, key=lambda outing: outing.at):
        place = place_of(outing.at, growth)
        if place is not None:
            found.setdefault(place, []).append(outing)
    return found


def point_label(point: Point, pace: Pace) -> str:
    """«24 ноября 2026», «16–22 ноября 2026», «ноябрь 2026», «сегодня, 09:15»."""
    days = point.days
    if pace in TICKS:
        return moment(point.begin)
    if days.first == days.last:
        return date_(days.last)
    if pace is Pace.MONTH and days.first.day == 1 and (days.last + ONE_DAY).day == 1:
        return format_date(days.last, "LLLL y", locale=language())
    return f"{_short(days.first, days.last)} – {date_(days.last)}"


def jump_label(point: Point, pace: Pace) -> str:
    """The same of a jump: an hour has its end too."""
    return f"{moment(point.begin)} – {clock(point.end)}" if pace in TICKS else point_label(point, pace)


def moment_label(point: Point, pace: Pace) -> str:
    """The moment of the point's value: its last day, or the time of a count."""
    return moment(point.begin) if pace in TICKS else date_(point.days.last)


def export_rows(
    growth: Growth, choice: Choice, lines: Sequence[Line], marks: Sequence[Outing]
) -> Iterator[Sequence[Cell]]:
    """The view as a file, the oldest point first: what the table has, and a column for each line."""
    parts = [line for line in lines if line.key != "total"]
    columns = [values_of(line, growth, choice.measure) for line in parts]
    of_place = outings_by_place(growth, marks)
    news = gettext("News that went out") if growth.is_marked else gettext("News before the largest jumps")
    yield [
        gettext("Moment") if growth.pace in TICKS else gettext("Day"), gettext("Subscribers"),
        gettext("Difference"), gettext("Opened"), gettext("Closed"), gettext("Not counted"),
        gettext("Why not counted"), gettext("Difference without"), *(line.title for line in parts), news,
    ]  # fmt: skip
    for place in range(1, len(growth.points)):
        point, total, step = growth.points[place], growth.totals[place], growth.steps[place - 1]
        yield [
            local_cell(point.begin) if growth.pace in TICKS else point.days.last, total.value,
            step.change.value, step.opened.value, step.closed.value, ", ".join(total.missing),
            why_text(place, growth), ", ".join(step.change.missing),
            *(column[place - 1] for column in columns),
            "; ".join(outing.title for outing in of_place.get(place, ())),
        ]  # fmt: skip


def why_text(place: int, growth: Growth) -> str:
    """The causes of the point's gaps; whose each is, where they differ."""
    gaps = [gap for gap in growth.gaps if gap.first <= place <= gap.last]
    if len({(gap.cause, gap.code) for gap in gaps}) <= 1:
        return cause_text(gaps[0]) if gaps else ""
    return " ".join(f"{', '.join(gap.names)}: {cause_text(gap)}" for gap in gaps)


def _short(first: date, last: date) -> str:
    pattern = "d" if (first.year, first.month) == (last.year, last.month) else "d MMMM"
    return format_date(first, pattern if first.year == last.year else "d MMMM y", locale=language())
