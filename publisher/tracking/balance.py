"""What a period brought each channel, and how the total of its first evening became that of its last."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from publisher.core.platforms import Realm
from publisher.core.points import midnight
from publisher.core.series import ONE_DAY, Bridge, Period, Track, bridge, change, track
from publisher.store.audience import count_days
from publisher.store.growth import CountedChannel, list_channels_of_period, list_last_values


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """A channel's period: the last count before it, the last count of its last day, and days not counted."""

    channel: CountedChannel
    opening: int | None
    closing: int | None
    missing_days: int
    is_new: bool

    @property
    def net(self) -> int | None:
        """What it gained; None where one end was not counted."""
        return change(self.closing, self.opening)


@dataclass(frozen=True, slots=True, kw_only=True)
class Balance:
    """All channels of a realm over a period, and their total."""

    period: Period
    lines: Sequence[Line]
    total: Bridge


def read_balance(session: Session, realm: Realm, period: Period, zone: ZoneInfo) -> Balance:
    """The evenings before and at the end of the period; two queries, however long it is."""
    channels = [
        channel
        for channel in list_channels_of_period(session, realm, midnight(period.first, zone))
        if channel.opened_on is None or channel.opened_on <= period.last
    ]
    ids = [channel.id for channel in channels]
    eve = period.first - ONE_DAY
    ends = [Period(first=eve, last=eve), Period(first=period.last, last=period.last)]
    values = list_last_values(session, ids, ends)
    counted = count_days(session, ids, period.first, period.last)
    tracks = [_track(channel, values, period, zone) for channel in channels]
    lines = [
        Line(
            channel=channel, opening=one.values[0], closing=one.values[1], is_new=not one.is_there(0),
            missing_days=_days_there(channel, period, zone) - counted.get(channel.id, 0),
        )
        for channel, one in zip(channels, tracks, strict=True)
    ]  # fmt: skip
    return Balance(period=period, lines=lines, total=bridge(tracks, 0, 1))


def _track(
    channel: CountedChannel, values: Mapping[int, Sequence[int | None]], period: Period, zone: ZoneInfo
) -> Track:
    is_new = channel.opened_on is not None and channel.opened_on >= period.first
    end = midnight(period.last + ONE_DAY, zone)
    is_closed = channel.retired_at is not None and channel.retired_at < end
    return track(channel.title, values[channel.id], begins=int(is_new), ends=1 if is_closed else 2)


def _days_there(channel: CountedChannel, period: Period, zone: ZoneInfo) -> int:
    """The period's days since the channel was opened, until it was retired."""
    first = max(period.first, channel.opened_on or period.first)
    retired_on = channel.retired_at.astimezone(zone).date() if channel.retired_at else period.last
    last = min(period.last, retired_on)
    return max(0, (last - first).days + 1)
