"""The lines of the growth chart: the total first, then what the choice divides it into."""

from bisect import bisect_right
from calendar import timegm
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from flask import url_for
from flask_babel import gettext, ngettext

from publisher.core.gaps import Cause, Gap
from publisher.core.platforms import PLATFORMS
from publisher.core.receipts import BY_CODE
from publisher.core.series import Total, Track, change, steps, total_at
from publisher.store.growth import Outing
from publisher.tracking.growth import Growth
from publisher.web.context import zone
from publisher.web.formats import moment
from publisher.web.growth_choice import Choice, Division, Measure

# More lines cannot be told apart.
MOST_LINES = 8
NAMES_SHOWN = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One line: its name in the page's code, its title, and what it adds up."""

    key: str
    title: str
    tracks: Sequence[Track]


def lines_of(growth: Growth, choice: Choice) -> list[Line]:
    """The total, the total without channels opened in the period, and the parts, the largest first."""
    lines = [Line(key="total", title=gettext("In all"), tracks=growth.tracks)]
    if len(growth.channels) == 1:
        return [Line(key="total", title=growth.channels[0].title, tracks=growth.tracks)]
    if growth.new and choice.measure is not Measure.STEP:
        kept = [one for one in growth.tracks if one.name not in growth.new]
        lines.append(Line(key="kept", title=gettext("Without those opened in the period"), tracks=kept))
    return lines + _parts(growth, choice.division)[:MOST_LINES]


def values_of(line: Line, growth: Growth, measure: Measure) -> list[int | None]:
    """The line's values at the points of the period; None where a channel that belongs to it lacks one."""
    points = len(growth.points)
    if measure is Measure.STEP:
        return [_whole(step.change) for step in steps(line.tracks, points)]
    totals = [_whole(total_at(line.tracks, place)) for place in range(points)]
    if measure is Measure.NET:
        start = next((value for value in totals if value is not None), None)
        totals = [change(value, start) for value in totals]
    return totals[1:]


def parts_left_out(growth: Growth, choice: Choice) -> int:
    """How many parts of the division have no line."""
    return max(len(_parts(growth, choice.division)) - MOST_LINES, 0)


def series(growth: Growth, choice: Choice, lines: Sequence[Line], marks: Sequence[Outing]) -> dict[str, Any]:
    """The chart as its script reads it. `x` are seconds of the city's wall clock, as if it were UTC."""
    points = growth.points[1:]
    return {
        "pace": growth.pace.value,
        "measure": choice.measure.value,
        "x": [_wall_clock(point.begin) for point in points],
        "lines": [
            {"key": line.key, "title": line.title, "values": values_of(line, growth, choice.measure)}
            for line in lines
        ],
        "gaps": [
            {"first": max(gap.first - 1, 0), "last": gap.last - 1, "text": gap_text(gap, growth)}
            for gap in growth.gaps
            if gap.last
        ],
        "marks": _marks(growth, marks),
    }


def gap_text(gap: Gap, growth: Growth) -> str:
    """«Не посчитаны: Пресс-служба. Рабочий процесс не работал.»"""
    names = names_text(gap.names, len(growth.channels))
    return str(gettext("Not counted: %(names)s. %(cause)s", names=names, cause=cause_text(gap)))


def cause_text(gap: Gap) -> str:
    """Why, in the editor's words."""
    match gap.cause:
        case Cause.NO_WORKER:
            return str(gettext("Nobody counted: the worker was not running."))
        case Cause.NOT_CONNECTED:
            return str(gettext("The channel was not connected here yet."))
        case Cause.UNKNOWN:
            return str(gettext("No cause was noted."))
    known = BY_CODE.get(gap.code)
    return str(gettext(known)) if known else str(gettext("The network answered: %(code)s.", code=gap.code))


def names_text(names: Sequence[str], channels: int) -> str:
    """The names, or their number where they are many; «все каналы» for all of several."""
    if len(names) == channels > 1:
        return str(gettext("all channels"))
    if len(names) <= NAMES_SHOWN:
        return ", ".join(names)
    more = len(names) - NAMES_SHOWN + 1
    shown = ", ".join(names[: NAMES_SHOWN - 1])
    return str(ngettext("%(names)s and %(num)s more", "%(names)s and %(num)s more", more, names=shown))


def where_text(outing: Outing, growth: Growth) -> str:
    """The channel it went into, or how many."""
    if outing.channels > 1:
        return str(ngettext("%(num)s channel", "%(num)s channels", outing.channels))
    return next(channel.title for channel in growth.channels if channel.id == outing.channel_id)


def place_of(instant: datetime, growth: Growth) -> int | None:
    """The point within whose stretch the instant lies; None outside of the period."""
    place = bisect_right(growth.points, instant, key=lambda point: point.begin) - 1
    return place if place > 0 and instant < growth.points[place].end else None


def _whole(total: Total) -> int | None:
    return None if total.missing else total.value


def _parts(growth: Growth, division: Division) -> list[Line]:
    groups: dict[str, tuple[str, list[Track]]] = {}
    for channel, one in zip(growth.channels, growth.tracks, strict=True):
        match division:
            case Division.DESK:
                key, title = f"desk-{channel.desk_id}", channel.desk_title or gettext("No desk")
            case Division.NETWORK:
                key, title = f"network-{channel.network}", PLATFORMS[channel.network].title
            case Division.CHANNEL:
                key, title = f"channel-{channel.id}", channel.title
            case Division.TOTAL:
                return []
        groups.setdefault(key, (title, []))[1].append(one)
    lines = [Line(key=key, title=title, tracks=tracks) for key, (title, tracks) in groups.items()]
    end = growth.bounds[1] if growth.bounds else 0
    return sorted(lines, key=lambda line: -(total_at(line.tracks, end).value or 0))


def _marks(growth: Growth, marks: Sequence[Outing]) -> list[dict[str, Any]]:
    """What went out, by the point at which it stands."""
    found: dict[int, list[Outing]] = {}
    for outing in marks:
        place = place_of(outing.at, growth)
        if place is not None:
            found.setdefault(place - 1, []).append(outing)
    return [
        {"place": place, "items": [_mark(outing, growth) for outing in found[place]]}
        for place in sorted(found)
    ]


def _mark(outing: Outing, growth: Growth) -> dict[str, Any]:
    return {
        "id": outing.item_id,
        "title": outing.title,
        "when": moment(outing.at),
        "where": where_text(outing, growth),
        "href": url_for("item.show", item_id=outing.item_id),
    }


def _wall_clock(instant: datetime) -> int:
    return timegm(instant.astimezone(zone()).timetuple())
