"""A week summed up: from rows to the document that the page and the letter show. Reads only."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from publisher.core.digest import (
    CHART_WEEKS,
    ONE_WEEK,
    BestPost,
    ChannelWeek,
    WeekFigures,
    bounds,
    last_day,
    sum_up_deliveries,
    week_of,
)
from publisher.core.measuring import Measure
from publisher.core.platforms import Realm
from publisher.core.points import midnight
from publisher.core.series import ONE_DAY
from publisher.store.digest import (
    list_broken,
    list_channels_of_realm,
    list_closings,
    list_count_gaps,
    read_work,
)
from publisher.store.metrics import list_earnings
from publisher.store.models import Channel

MOST_POSTS = 5
Closings = Mapping[int, Mapping[date, int]]


def sum_up(session: Session, realm: Realm, week: date, zone: ZoneInfo, now: datetime) -> WeekFigures:
    """The week's document; of a week that is not over, as far as it has come."""
    until = min(last_day(week), now.astimezone(zone).date())
    channels, closings = _read_channels(session, realm, week - ONE_WEEK - ONE_DAY, until, zone)
    first, after = bounds(week, zone)
    work = read_work(session, realm, first, min(after, now))
    return WeekFigures(
        week=week,
        until=until,
        channels=tuple(_channel_week(channel, closings, week, until) for channel in channels),
        change_before=_change_before(channels, closings, week, until),
        best=_best(session, realm, first, min(after, now), now),
        published=work.published,
        corrected=work.corrected,
        withdrawn=work.withdrawn,
        deliveries=sum_up_deliveries(work.sent, work.failed, work.waiting),
        gaps=tuple(list_count_gaps(session, realm, first, min(after, now))),
        broken=tuple(list_broken(session, realm)),
    )


def _read_channels(
    session: Session, realm: Realm, first: date, last: date, zone: ZoneInfo
) -> tuple[Sequence[Channel], Closings]:
    """The channels that were there on the last evening, as «Рост» has it, and their evenings."""
    found = list_channels_of_realm(session, realm, midnight(last, zone))
    closings = list_closings(session, [channel.id for channel in found], first, last)
    after = midnight(last + ONE_DAY, zone)
    there = [
        channel
        for channel in found
        if last in closings.get(channel.id, {})
        or (
            (channel.retired_at is None or channel.retired_at >= after)
            and (channel.opened_on is None or channel.opened_on <= last)
        )
    ]
    return there, {channel.id: closings[channel.id] for channel in there if channel.id in closings}


def read_totals(session: Session, realm: Realm, week: date, zone: ZoneInfo) -> list[tuple[date, int | None]]:
    """The total of each evening of the last weeks up to the week's Sunday. An evening on which a channel that
    had been counted before was not counted is a gap: a total without it would pass for a loss."""
    last = last_day(week)
    first = last - CHART_WEEKS * ONE_WEEK + ONE_DAY
    _, closings = _read_channels(session, realm, first, last, zone)
    days = [first + timedelta(days=number) for number in range((last - first).days + 1)]
    return [(day, _total(closings, day)) for day in days]


def _total(closings: Closings, day: date) -> int | None:
    """The evening's sum over the channels that were there."""
    values = [known.get(day) for known in closings.values() if min(known) <= day]
    known = [value for value in values if value is not None]
    return sum(known) if known and len(known) == len(values) else None


def _channel_week(channel: Channel, closings: Closings, week: date, until: date) -> ChannelWeek:
    known = closings.get(channel.id, {})
    before = known.get(week - ONE_DAY)
    is_opened = channel.opened_on is not None and week <= channel.opened_on <= last_day(week)
    return ChannelWeek(
        id=channel.id,
        title=channel.title,
        before=before,
        after=_evening(known, week, until),
        # Whoever was counted was there, whatever the calendar says of its opening.
        is_new=is_opened and before is None,
    )


def _evening(known: Mapping[date, int], week: date, until: date) -> int | None:
    """The last evening; while a day is young, the one before will do."""
    if until in known:
        return known[until]
    return known.get(until - ONE_DAY) if week < until < last_day(week) else None


def _best(
    session: Session, realm: Realm, first: datetime, after: datetime, now: datetime
) -> tuple[BestPost, ...]:
    """The posts that were seen most for the size of their channel; of each item the best one."""
    best: dict[int, BestPost] = {}
    for earning in list_earnings(session, first, after, realm, now=now):
        views, rate = earning.figures.views, earning.per_thousand(Measure.VIEWS)
        known = best.get(earning.item_id)
        if views is None or rate is None or (known is not None and known.per_thousand >= rate):
            continue
        best[earning.item_id] = BestPost(
            item_id=earning.item_id, title=earning.title, channel=earning.channel_title,
            views=views, per_thousand=rate,
        )  # fmt: skip
    return tuple(sorted(best.values(), key=lambda post: (-post.per_thousand, post.title))[:MOST_POSTS])


def _change_before(channels: Sequence[Channel], closings: Closings, week: date, until: date) -> int | None:
    """What the week before brought, unless one of the two is not complete or this one is not over."""
    if until != last_day(week) or not channels:
        return None
    total = 0
    for channel in channels:
        known = closings.get(channel.id, {})
        evenings = known.get(week - ONE_WEEK - ONE_DAY), known.get(week - ONE_DAY), known.get(until)
        if channel.opened_on is not None and channel.opened_on >= week - ONE_WEEK:
            # It was not there to be compared with; this week it is named apart.
            continue
        if evenings[0] is None or evenings[1] is None or evenings[2] is None:
            return None
        total += evenings[1] - evenings[0]
    return total


def this_week(zone: ZoneInfo, now: datetime) -> date:
    """The Monday of the week that is running."""
    return week_of(now.astimezone(zone).date())
