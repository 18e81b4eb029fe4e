"""A week in figures: what its page and its letter say, frozen when the week is over. Nothing is made up: what
is not known is None, and who lacks it is named."""

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, fields
from datetime import UTC, date, datetime, time, timedelta
from math import ceil
from typing import Any
from zoneinfo import ZoneInfo

from publisher.core.series import ONE_DAY, change

ONE_WEEK = timedelta(days=7)
# A post this late is still on time: the network's answer takes a moment.
ON_TIME = timedelta(minutes=1)
# How many weeks the chart of the total goes back.
CHART_WEEKS = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class ChannelWeek:
    """A channel's week. `before` and `after` are its subscribers on the evenings that the week lies between;
    None where that evening was not counted. `is_new`: opened in this week."""

    id: int
    title: str
    before: int | None
    after: int | None
    is_new: bool = False

    @property
    def change(self) -> int | None:
        """What the week brought; all of it for a channel that was opened in it."""
        return self.after if self.is_new else change(self.after, self.before)


@dataclass(frozen=True, slots=True, kw_only=True)
class BestPost:
    """A post that earned much for the size of its channel; views per thousand subscribers."""

    item_id: int
    title: str
    channel: str
    views: int
    per_thousand: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Deliveries:
    """How the week's posts went out. Lateness in seconds: of half of them at most, of all but one in a
    hundred at most; None where nothing went out."""

    on_time: int = 0
    late: int = 0
    failed: int = 0
    waiting: int = 0
    half_within: float | None = None
    most_within: float | None = None

    @property
    def sent(self) -> int:
        """How many went out."""
        return self.on_time + self.late


@dataclass(frozen=True, slots=True, kw_only=True)
class CountGap:
    """Hours in which a channel could not be counted, in epoch seconds; `code` says why."""

    channel: str
    first_at: int
    last_at: int
    code: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Broken:
    """An account or a channel that does not work; `reason` as stored (core/receipts.describe)."""

    kind: str
    name: str
    reason: dict[str, Any] | None


@dataclass(frozen=True, slots=True, kw_only=True)
class WeekFigures:
    """The whole document. `week` is the Monday; `until` the last day that is summed up: its Sunday, or today
    while the week is not over. `change_before` is the week before's change, None unless both are complete."""

    week: date
    until: date
    channels: tuple[ChannelWeek, ...] = ()
    change_before: int | None = None
    best: tuple[BestPost, ...] = ()
    published: int = 0
    corrected: int = 0
    withdrawn: int = 0
    deliveries: Deliveries = Deliveries()
    gaps: tuple[CountGap, ...] = ()
    broken: tuple[Broken, ...] = ()

    @property
    def is_over(self) -> bool:
        """Whether the week is summed up whole."""
        return self.until == last_day(self.week)

    @property
    def total(self) -> int | None:
        """Subscribers at the end, of the channels that were counted then."""
        known = [channel.after for channel in self.channels if channel.after is not None]
        return sum(known) if known else None

    @property
    def total_before(self) -> int | None:
        """Subscribers before the week, of the channels whose change is known."""
        known = [c.before for c in self.compared if c.before is not None]
        return sum(known) if known else None

    @property
    def compared(self) -> tuple[ChannelWeek, ...]:
        """Channels that were there before and were counted on both evenings."""
        return tuple(c for c in self.channels if not c.is_new and c.change is not None)

    @property
    def organic(self) -> int | None:
        """What came and went in the channels that were there before; None where none can be compared."""
        changes = [channel.change for channel in self.compared if channel.change is not None]
        return sum(changes) if changes else None

    @property
    def opened(self) -> tuple[ChannelWeek, ...]:
        """Channels opened in this week that were counted."""
        return tuple(c for c in self.channels if c.is_new and c.after is not None)

    @property
    def missing(self) -> tuple[str, ...]:
        """Channels that the sums lack."""
        return tuple(c.title for c in self.channels if c.change is None)

    @property
    def is_complete(self) -> bool:
        """Whether the sums lack nobody."""
        return bool(self.channels) and not self.missing


def grew_most(channels: Iterable[ChannelWeek], most: int) -> tuple[ChannelWeek, ...]:
    """Channels that grew, the largest change first."""
    grown = [c for c in channels if not c.is_new and (c.change or 0) > 0]
    return tuple(sorted(grown, key=lambda c: (-(c.change or 0), c.title))[:most])


def lost_most(channels: Iterable[ChannelWeek], most: int) -> tuple[ChannelWeek, ...]:
    """Channels that lost, the largest loss first."""
    lost = [c for c in channels if not c.is_new and (c.change or 0) < 0]
    return tuple(sorted(lost, key=lambda c: (c.change or 0, c.title))[:most])


def sum_up_deliveries(sent: Sequence[tuple[datetime, datetime]], failed: int, waiting: int) -> Deliveries:
    """From (due, sent) of each post that went out. One that left before its minute was over is on time."""
    lateness = sorted(max(0.0, (sent_at - due).total_seconds()) for due, sent_at in sent)
    late = sum(seconds > ON_TIME.total_seconds() for seconds in lateness)
    return Deliveries(
        on_time=len(lateness) - late, late=late, failed=failed, waiting=waiting,
        half_within=_at_most(lateness, 0.5), most_within=_at_most(lateness, 0.99),
    )  # fmt: skip


def _at_most(ordered: Sequence[float], share: float) -> float | None:
    """The value that this share of them does not exceed."""
    return ordered[max(0, ceil(share * len(ordered)) - 1)] if ordered else None


# Weeks


def week_of(day: date) -> date:
    """The Monday of the day's week."""
    return day - timedelta(days=day.weekday())


def last_day(week: date) -> date:
    """Its Sunday."""
    return week + ONE_WEEK - ONE_DAY


def bounds(week: date, zone: ZoneInfo) -> tuple[datetime, datetime]:
    """The first instant of the week and of the next one."""
    first, after = (datetime.combine(day, time.min, zone).astimezone(UTC) for day in (week, week + ONE_WEEK))
    return first, after


def week_to_sum_up(now: datetime, zone: ZoneInfo, at: time) -> date | None:
    """The week whose digest is due: the past one, from this Monday's time on. Older ones stay without."""
    local = now.astimezone(zone)
    past = week_of(local.date()) - ONE_WEEK
    return past if local.replace(tzinfo=None) >= datetime.combine(past + ONE_WEEK, at) else None


def last_try(week: date, zone: ZoneInfo) -> datetime:
    """Until when a letter about the week is tried again: Tuesday evening after it."""
    return datetime.combine(week + ONE_WEEK + ONE_DAY, time(20), zone).astimezone(UTC)


# As it is stored


def figures_to_json(figures: WeekFigures) -> dict[str, Any]:
    """For the column; days as ISO dates."""
    return {**asdict(figures), "week": figures.week.isoformat(), "until": figures.until.isoformat()}


def figures_from_json(stored: dict[str, Any]) -> WeekFigures:
    """What `figures_to_json` gave, by this version of the program or an earlier one."""
    known = {f.name for f in fields(WeekFigures)}
    return WeekFigures(
        **{
            **{name: value for name, value in stored.items() if name in known},
            "week": date.fromisoformat(stored["week"]),
            "until": date.fromisoformat(stored["until"]),
            "channels": tuple(ChannelWeek(**one) for one in stored["channels"]),
            "best": tuple(BestPost(**one) for one in stored["best"]),
            "deliveries": Deliveries(**stored["deliveries"]),
            "gaps": tuple(CountGap(**one) for one in stored["gaps"]),
            "broken": tuple(Broken(**one) for one in stored["broken"]),
        }
    )
