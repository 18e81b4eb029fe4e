"""How the audience of chosen channels grew over a period: values, totals, gaps and their causes, jumps."""

from bisect import bisect_left, bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from publisher.core.gaps import Gap, Suspect, explain
from publisher.core.platforms import Network, Realm
from publisher.core.points import QUARTERS, TICKS, Pace, Point, hours_of, midnight, points_of, usual_pace
from publisher.core.series import (
    Bridge,
    Part,
    Period,
    Step,
    Total,
    Track,
    add_up,
    bridge,
    change,
    counted,
    counted_bounds,
    every_nth,
    largest,
    steps,
    totals,
    track,
)
from publisher.store.growth import (
    CountedChannel,
    Moment,
    Outing,
    find_outing,
    list_channels_of_period,
    list_counted_days,
    list_evenings,
    list_last_values,
    list_misses,
    list_outings,
    list_post_moments,
    list_ticks,
    list_values_at,
)

# What went out so long before a step may have caused it.
BEFORE = timedelta(days=1)
AFTER = timedelta(days=1)
# Counts lie a quarter of an hour apart; over a longer gap no change is claimed.
SLACK = timedelta(hours=6)
MOST_JUMPS, MOST_CAUSES, MOST_CONTRIBUTORS = 5, 6, 3
# Up to so many days every item that went out has its mark on the chart.
MARKED_DAYS = 92
MOST_MARKS = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """Whose growth, and when. No `channel_ids` means all that desk and network leave, no `pace` the finest
    that one picture holds."""

    realm: Realm
    period: Period
    desk_id: int | None = None
    network: Network | None = None
    channel_ids: tuple[int, ...] = ()
    pace: Pace | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Growth:
    """The answer. `steps[place]` leads to `points[place + 1]`; the first point lies before the period.

    `bounds` are the first and last points with counts, None where there are none at all.
    """

    question: Question
    pace: Pace
    points: Sequence[Point]
    offered: Sequence[CountedChannel]
    channels: Sequence[CountedChannel]
    tracks: Sequence[Track]
    totals: Sequence[Total]
    steps: Sequence[Step]
    bounds: tuple[int, int] | None
    bridge: Bridge | None
    gaps: Sequence[Gap]

    @property
    def new(self) -> tuple[str, ...]:
        """The channels that were opened within the period."""
        return self.bridge.opened.names if self.bridge else ()

    @property
    def is_marked(self) -> bool:
        """Whether every item that went out has its mark."""
        return self.question.period.days <= MARKED_DAYS


@dataclass(frozen=True, slots=True, kw_only=True)
class Cause:
    """An item that went out before a jump, and what its channels gained in the day after it.

    `hours` is less than 24 while that day is not over.
    """

    outing: Outing
    gained: Total
    hours: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Jump:
    """One of the largest changes: where, how much, in which channels most, and what went out before it."""

    point: Point
    step: Step
    contributors: Sequence[Part]
    causes: Sequence[Cause]


def read_growth(session: Session, question: Question, zone: ZoneInfo, now: datetime) -> Growth:
    """The channels' values at the points of the period, and what they come to."""
    offered, channels = _read_channels(session, question, zone)
    pace, points, found = _read_values(session, question, [c.id for c in channels], zone, now)
    tracks = [_track(channel, points, found, zone) for channel in channels]
    bounds = counted_bounds(tracks, len(points))
    return Growth(
        question=question, pace=pace, points=points, offered=offered, channels=channels, tracks=tracks,
        totals=totals(tracks, len(points)),
        steps=steps(tracks, len(points)),
        bounds=bounds,
        bridge=bridge(tracks, *bounds) if bounds else None,
        gaps=_read_gaps(session, offered, channels, tracks, points),
    )  # fmt: skip


def list_offered(session: Session, question: Question, zone: ZoneInfo) -> Sequence[CountedChannel]:
    """The realm's channels that can be chosen for the period."""
    return list_channels_of_period(session, question.realm, midnight(question.period.first, zone))


def read_marks(session: Session, growth: Growth) -> Sequence[Outing]:
    """What went out in the period, those in most channels first; nothing for a period too long for marks."""
    if not growth.is_marked or not growth.channels:
        return ()
    whole = (growth.points[0].end, growth.points[-1].end)
    [outings] = list_outings(session, [c.id for c in growth.channels], [whole], MOST_MARKS)
    return outings


def read_jumps(session: Session, growth: Growth, now: datetime) -> Sequence[Jump]:
    """The largest changes of the period, up or down, the largest first."""
    points, tracks, changes = _by_hour(growth)
    ids = [channel.id for channel in growth.channels]
    places = largest(changes, MOST_JUMPS)
    stretches = [(points[place + 1].begin - BEFORE, points[place + 1].end) for place in places]
    outings = list_outings(session, ids, stretches, MOST_CAUSES)
    causes = read_causes(session, [one for some in outings for one in some], growth.channels, now)
    return [
        Jump(
            point=points[place + 1],
            step=changes[place],
            contributors=_contributors(tracks, place + 1, changes[place]),
            causes=_strongest_first([causes[one.item_id] for one in some], changes[place]),
        )
        for place, some in zip(places, outings, strict=True)
    ]


def _by_hour(growth: Growth) -> tuple[Sequence[Point], Sequence[Track], Sequence[Step]]:
    """The view as it is told: what changes within a quarter of an hour is noise."""
    if growth.pace is not Pace.QUARTER:
        return growth.points, growth.tracks, growth.steps
    points = hours_of(growth.points)
    tracks = [every_nth(one, QUARTERS) for one in growth.tracks]
    return points, tracks, steps(tracks, len(points))


def read_cause(
    session: Session, question: Question, item_id: int, zone: ZoneInfo, now: datetime
) -> Cause | None:
    """What the chosen channels gained after this item went out to them; None when it never did."""
    _, channels = _read_channels(session, question, zone)
    outing = find_outing(session, item_id, [channel.id for channel in channels])
    return read_causes(session, [outing], channels, now)[item_id] if outing else None


def read_causes(
    session: Session, outings: Sequence[Outing], channels: Sequence[CountedChannel], now: datetime
) -> Mapping[int, Cause]:
    """What these items' channels gained in the 24 hours after them, or until now; by item."""
    of_item = {outing.item_id: outing for outing in outings}
    names = {channel.id: channel.title for channel in channels}
    posts = list_post_moments(session, of_item, names)
    before = [moment for _, moment in posts]
    after = [Moment(channel_id=one.channel_id, at=min(one.at + AFTER, now)) for one in before]
    counts = list_values_at(session, [*before, *after], SLACK)
    gained: dict[int, list[tuple[str, int | None]]] = {item_id: [] for item_id in of_item}
    for (item_id, moment), older, newer in zip(
        posts, counts[: len(posts)], counts[len(posts) :], strict=True
    ):
        gained[item_id].append((names[moment.channel_id], change(newer, older)))
    return {
        item_id: Cause(outing=outing, gained=add_up(gained[item_id]), hours=_hours(outing, now))
        for item_id, outing in of_item.items()
    }


def _strongest_first(causes: Sequence[Cause], step: Step) -> list[Cause]:
    """Those first after which the channels moved most in the jump's own direction."""
    sign = 1 if (step.change.value or 0) > 0 else -1
    return sorted(causes, key=lambda cause: -sign * (cause.gained.value or 0))


def _hours(outing: Outing, now: datetime) -> int:
    return int(min(AFTER, now - outing.at).total_seconds() // 3600)


def _read_channels(
    session: Session, question: Question, zone: ZoneInfo
) -> tuple[Sequence[CountedChannel], Sequence[CountedChannel]]:
    """All channels of the realm and those chosen."""
    offered = list_offered(session, question, zone)
    return offered, [
        channel
        for channel in offered
        if question.desk_id in (None, channel.desk_id)
        and question.network in (None, channel.network)
        and (not question.channel_ids or channel.id in question.channel_ids)
    ]


# By channel, its values at the points.
Found = Mapping[int, Sequence[int | None]]


def _read_values(
    session: Session, question: Question, ids: Sequence[int], zone: ZoneInfo, now: datetime
) -> tuple[Pace, Sequence[Point], Found]:
    """The pace, its points, and the values at them."""
    pace = question.pace or usual_pace(question.period)
    for ticks in TICKS if pace in TICKS else ():
        points = points_of(question.period, ticks, zone, now)
        found = _read_ticks(session, ids, points)
        # Counts that were imported, or taken by a slower clock, lie further apart.
        if 2 * sum(counted(found.values(), len(points))) >= len(points):
            return ticks, points, found
    pace = Pace.DAY if pace in TICKS else pace
    points = points_of(question.period, pace, zone, now)
    if pace is Pace.DAY:
        return pace, points, _read_days(session, ids, points)
    return pace, points, list_last_values(session, ids, [point.days for point in points])


def _read_ticks(session: Session, ids: Sequence[int], points: Sequence[Point]) -> Found:
    found: dict[int, list[int | None]] = {channel_id: [None] * len(points) for channel_id in ids}
    if points:
        begin, every = points[0].begin, points[0].end - points[0].begin
        start, length = int(begin.timestamp()), int(every.total_seconds())
        # Of several counts at one point the last one stays.
        for channel_id, at, value in list_ticks(session, ids, begin, points[-1].end):
            found[channel_id][(at - start) // length] = value
    return found


def _read_days(session: Session, ids: Sequence[int], points: Sequence[Point]) -> Found:
    days = [point.days.first.isoformat() for point in points]
    evenings = list_evenings(session, ids, points[0].days.first, points[-1].days.last)
    return {channel_id: [values.get(day) for day in days] for channel_id, values in evenings.items()}


def _track(channel: CountedChannel, points: Sequence[Point], found: Found, zone: ZoneInfo) -> Track:
    begins, ends = 0, len(points)
    if channel.opened_on is not None:
        begins = bisect_right(points, midnight(channel.opened_on, zone), key=lambda point: point.end)
    if channel.retired_at is not None:
        ends = bisect_left(points, channel.retired_at, key=lambda point: point.begin)
    values = found.get(channel.id, [None] * len(points))
    return track(channel.title, values, begins=begins, ends=ends)


def _contributors(tracks: Sequence[Track], place: int, step: Step) -> list[Part]:
    """The channels that moved most in the direction in which the total went."""
    up = (step.change.value or 0) > 0
    changes = [
        (one.name, change(one.values[place], one.values[place - 1]) or 0)
        for one in tracks
        if one.is_there(place) and one.is_there(place - 1)
    ]
    changes.sort(key=lambda pair: pair[1], reverse=up)
    return [Part(value=value, names=(name,)) for name, value in changes[:MOST_CONTRIBUTORS] if value]


def _read_gaps(
    session: Session,
    offered: Sequence[CountedChannel],
    channels: Sequence[CountedChannel],
    tracks: Sequence[Track],
    points: Sequence[Point],
) -> Sequence[Gap]:
    """Nothing more is read where nothing is missing."""
    lacking = [
        (channel, one)
        for channel, one in zip(channels, tracks, strict=True)
        if None in one.values[one.begins : one.ends]
    ]
    if not lacking:
        return ()
    misses = list_misses(session, [channel.id for channel, _ in lacking], points[0].begin, points[-1].end)
    suspects = [
        Suspect(track=one, misses=misses.get(channel.id, ()), connected_at=channel.connected_at)
        for channel, one in lacking
    ]
    return explain(suspects, points, _worked(session, offered, channels, tracks, points))


def _worked(
    session: Session,
    offered: Sequence[CountedChannel],
    channels: Sequence[CountedChannel],
    tracks: Sequence[Track],
    points: Sequence[Point],
) -> Sequence[bool]:
    """At which points anybody of the realm was counted; the others are asked only where it matters."""
    worked = counted([one.values for one in tracks], len(points))
    chosen = {channel.id for channel in channels}
    others = [channel.id for channel in offered if channel.id not in chosen]
    if all(worked) or not others:
        return worked
    if points[0].end - points[0].begin < AFTER / 2:
        others_worked = counted(_read_ticks(session, others, points).values(), len(points))
        return [known or other for known, other in zip(worked, others_worked, strict=True)]
    days = list_counted_days(session, others, points[0].days.first, points[-1].days.last)
    return [
        known or any(point.days.first <= day <= point.days.last for day in days)
        for known, point in zip(worked, points, strict=True)
    ]
