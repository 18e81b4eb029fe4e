"""A year of subscribers from a seeded model: the same seed tells the same story, whenever it is told."""

import random
from collections.abc import Iterator
from datetime import UTC, datetime, time, timedelta
from math import exp
from zoneinfo import ZoneInfo

from publisher.core.schedule import aligned
from publisher.demo.city import Place

SEED = 2024
YEAR = timedelta(days=365)
# The last week is as fine as real counting; before it, one count an hour keeps the loading short.
FINE = timedelta(days=7)
HOUR, QUARTER = timedelta(hours=1), timedelta(minutes=15)
# When the readers of a strong post begin to come: demo/year.py published it an hour or two before.
NOON = time(12)
# One night without counts, in all channels: a gap is a gap.
GAP_BEGINS, GAP_LASTS = timedelta(days=166, hours=5), timedelta(hours=9)
WEEK = (1.0, 1.05, 1.1, 1.05, 1.0, 0.7, 0.6)
# Interest that a strong post wakes fades within a day or so.
FADING = exp(-1 / 18)
LOSS_LASTS = timedelta(days=3)


def history(place: Place, zone: ZoneInfo, now: datetime) -> Iterator[tuple[int, int]]:
    """(epoch seconds, subscribers) of a channel from a year ago, or its opening, until now, oldest first."""
    end = aligned(now, QUARTER)
    start = _start(place, zone, now)
    values = list(_hourly(place, zone, start, now))
    gap = now - GAP_BEGINS, now - GAP_BEGINS + GAP_LASTS
    moment = start
    while moment <= end:
        if not gap[0] <= moment < gap[1]:
            yield int(moment.timestamp()), _between(values, (moment - start) / HOUR)
        moment += QUARTER if moment >= end - FINE else HOUR


def jump_begins(ago: int, zone: ZoneInfo, now: datetime) -> datetime:
    """When the readers of a strong post begin to come: at noon of its day, days ago."""
    day = now.astimezone(zone).date() - timedelta(days=ago)
    return datetime.combine(day, NOON, zone).astimezone(UTC)


def _start(place: Place, zone: ZoneInfo, now: datetime) -> datetime:
    opened_on = place.opened_on(now.astimezone(zone).date())
    opened = datetime(opened_on.year, opened_on.month, opened_on.day, 10, tzinfo=zone).astimezone(UTC)
    return max(opened, aligned(now - YEAR, HOUR))


def _hourly(place: Place, zone: ZoneInfo, start: datetime, now: datetime) -> Iterator[float]:
    """Subscribers at each hour: those of the start, what came, scaled to what was gained, less what left."""
    came = list(_coming(place, zone, start, now))
    left = list(_leaving(place, start, now, len(came)))
    scale = (place.gained + sum(left)) / sum(came)
    value = float(place.readers - place.gained)
    yield value
    for more, less in zip(came, left, strict=True):
        value += more * scale - less
        yield max(0.0, value)


def _coming(place: Place, zone: ZoneInfo, start: datetime, now: datetime) -> Iterator[float]:
    """New readers per hour, in any unit: the week's and the day's rhythm, chance, and strong posts."""
    rng = random.Random(f"{SEED}:{place.handle}")  # noqa: S311 - a story, not a secret
    # What a jump brings is told as a share of the readers; the rhythm alone brings about one an hour.
    usual = max(place.gained, 1) / max((now - start) / HOUR, 1)
    jumps = {int((jump_begins(ago, zone, now) - start) / HOUR): share for ago, share in place.jumps}
    interest = 0.0
    for hour in range(int((now - start) / HOUR) + 1):
        local = (start + hour * HOUR).astimezone(zone)
        interest += jumps.get(hour, 0.0) * place.readers / usual * (1 - FADING)
        yield WEEK[local.weekday()] * _daytime(local.hour) * rng.uniform(0.3, 1.7) + interest
        interest *= FADING


def _leaving(place: Place, start: datetime, now: datetime, hours: int) -> Iterator[float]:
    """Readers who left per hour in the one bad week."""
    if place.loss is None:
        yield from [0.0] * hours
        return
    ago, share = place.loss
    begins = now - timedelta(days=ago)
    for hour in range(hours):
        is_bad = begins <= start + hour * HOUR < begins + LOSS_LASTS
        yield share * place.readers / (LOSS_LASTS / HOUR) if is_bad else 0.0


def _daytime(hour: int) -> float:
    if hour < 7:
        return 0.2
    return 1.5 if hour >= 18 else 1.0


def _between(values: list[float], hours: float) -> int:
    place = min(int(hours), len(values) - 1)
    following = values[min(place + 1, len(values) - 1)]
    return round(values[place] + (following - values[place]) * (hours - place))
