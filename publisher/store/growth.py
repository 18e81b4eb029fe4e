"""What «Рост» asks: values at the points of a period, what was missed, what went out, what came of it."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any

from sqlalchemy import (
    JSON,
    BigInteger,
    ColumnElement,
    Date,
    Integer,
    Select,
    Subquery,
    cast,
    func,
    select,
    type_coerce,
)
from sqlalchemy.orm import Session
from sqlalchemy.types import TypeEngine

from publisher.core.gaps import Miss
from publisher.core.platforms import Network, Realm
from publisher.core.series import Period
from publisher.store.models import (
    Account,
    AudienceCount,
    AudienceDay,
    AudienceMiss,
    Channel,
    Desk,
    Item,
    Post,
    Version,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class CountedChannel:
    """A channel as growth sees it."""

    id: int
    title: str
    network: Network
    desk_id: int | None
    desk_title: str | None
    opened_on: date | None
    connected_at: datetime
    retired_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Outing:
    """An item that went out: when first, into how many of the channels asked about, one of them."""

    item_id: int
    title: str
    at: datetime
    channels: int
    channel_id: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Moment:
    """A channel at an instant."""

    channel_id: int
    at: datetime


def list_channels_of_period(session: Session, realm: Realm, since: datetime) -> Sequence[CountedChannel]:
    """The realm's channels that were in use then or later, retired ones included, by title."""
    rows = session.execute(
        select(
            Channel.id, Channel.title, Channel.network, Channel.desk_id, Desk.title.label("desk_title"),
            Channel.opened_on, Channel.created_at.label("connected_at"), Channel.retired_at,
        )
        .join(Channel.account)
        .outerjoin(Channel.desk)
        .where(Account.realm == realm, Channel.retired_at.is_(None) | (Channel.retired_at >= since))
        .order_by(Channel.title)
    )  # fmt: skip
    return [CountedChannel(**row._mapping) for row in rows]


def list_evenings(
    session: Session, channel_ids: Collection[int], first: date, last: date
) -> Iterable[tuple[int, date, int]]:
    """(channel, day, its last count) of the days with counts, in any order."""
    rows = session.execute(
        select(AudienceDay.channel_id, AudienceDay.day, AudienceDay.closing).where(
            AudienceDay.channel_id.in_(channel_ids), AudienceDay.day >= first, AudienceDay.day <= last
        )
    )
    return [(channel_id, day, closing) for channel_id, day, closing in rows]


def list_last_values(
    session: Session, channel_ids: Collection[int], stretches: Sequence[Period]
) -> Iterable[tuple[int, int, int]]:
    """(channel, place of the stretch, the last count in it); one seek each, however long the stretches."""
    asked = _asked(session, [(days.first.isoformat(), days.last.isoformat()) for days in stretches], Date())
    value = (
        select(AudienceDay.closing)
        .where(
            AudienceDay.channel_id == Channel.id,
            AudienceDay.day >= asked.c.one,
            AudienceDay.day <= asked.c.two,
        )
        .order_by(AudienceDay.day.desc())
        .limit(1)
        .scalar_subquery()
    )
    rows = session.execute(
        select(Channel.id, asked.c.place, value)
        .select_from(Channel)
        .join(asked, asked.c.place >= 0)
        .where(Channel.id.in_(channel_ids))
    )
    return [(channel_id, place, found) for channel_id, place, found in rows if found is not None]


def list_ticks(
    session: Session, channel_ids: Collection[int], begin: datetime, end: datetime
) -> Sequence[tuple[int, int, int]]:
    """(channel, epoch second, count) of raw counts, those of a channel in their order; `end` excluded."""
    rows = session.execute(
        select(AudienceCount.channel_id, AudienceCount.taken_at, AudienceCount.value)
        .where(
            AudienceCount.channel_id.in_(channel_ids),
            AudienceCount.taken_at >= int(begin.timestamp()),
            AudienceCount.taken_at < int(end.timestamp()),
        )
        .order_by(AudienceCount.channel_id, AudienceCount.taken_at)
    )
    return [(channel_id, taken_at, value) for channel_id, taken_at, value in rows]


def list_counted_days(
    session: Session, channel_ids: Collection[int], first: date, last: date
) -> frozenset[date]:
    """The days on which any of these channels was counted."""
    query = (
        select(AudienceDay.day)
        .where(AudienceDay.channel_id.in_(channel_ids), AudienceDay.day >= first, AudienceDay.day <= last)
        .distinct()
    )
    return frozenset(session.scalars(query))


def list_misses(
    session: Session, channel_ids: Collection[int], begin: datetime, end: datetime
) -> dict[int, list[Miss]]:
    """What could not be counted in this time, by channel."""
    rows = session.execute(
        select(AudienceMiss.channel_id, AudienceMiss.first_at, AudienceMiss.last_at, AudienceMiss.code)
        .where(
            AudienceMiss.channel_id.in_(channel_ids),
            AudienceMiss.first_at < int(end.timestamp()),
            AudienceMiss.last_at >= int(begin.timestamp()),
        )
        .order_by(AudienceMiss.channel_id, AudienceMiss.first_at)
    )
    found: dict[int, list[Miss]] = {}
    for channel_id, first, last, code in rows:
        miss = Miss(
            first=datetime.fromtimestamp(first, UTC), last=datetime.fromtimestamp(last, UTC), code=code
        )
        found.setdefault(channel_id, []).append(miss)
    return found


def list_outings(
    session: Session, channel_ids: Collection[int], begin: datetime, end: datetime, limit: int
) -> Sequence[Outing]:
    """Items that went out in this time, those in most channels first; `end` is not included."""
    posts = (
        _first_posts(channel_ids)
        .where(Post.published_at >= begin, Post.published_at < end)
        .order_by(func.count(Post.channel_id.distinct()).desc(), func.min(Post.published_at).desc())
        .limit(limit)
        .subquery()
    )
    return _with_titles(session, posts)


def find_outing(session: Session, item_id: int, channel_ids: Collection[int]) -> Outing | None:
    """When and into how many of these channels an item went out, if it did."""
    posts = _first_posts(channel_ids).where(Post.item_id == item_id).subquery()
    return next(iter(_with_titles(session, posts)), None)


def _first_posts(channel_ids: Collection[int]) -> Select[int, datetime, int, int]:
    return (
        select(
            Post.item_id,
            func.min(Post.published_at).label("at"),
            func.count(Post.channel_id.distinct()).label("channels"),
            func.min(Post.channel_id).label("channel_id"),
        )
        .where(Post.channel_id.in_(channel_ids))
        .group_by(Post.item_id)
    )


def _with_titles(session: Session, posts: Any) -> Sequence[Outing]:
    rows = session.execute(
        select(posts.c.item_id, Version.title, posts.c.at, posts.c.channels, posts.c.channel_id)
        .join(Item, Item.id == posts.c.item_id)
        .join(Version, (Version.item_id == Item.id) & (Version.number == Item.head))
        .order_by(posts.c.channels.desc(), posts.c.at.desc())
    )
    return [Outing(**row._mapping) for row in rows]


def list_post_moments(
    session: Session, item_ids: Collection[int], channel_ids: Collection[int]
) -> Sequence[tuple[int, Moment]]:
    """When each of these items first came into each of these channels."""
    rows = session.execute(
        select(Post.item_id, Post.channel_id, func.min(Post.published_at))
        .where(Post.item_id.in_(item_ids), Post.channel_id.in_(channel_ids))
        .group_by(Post.item_id, Post.channel_id)
    )
    return [(item_id, Moment(channel_id=channel_id, at=at)) for item_id, channel_id, at in rows]


def list_values_at(session: Session, moments: Sequence[Moment], slack: timedelta) -> list[int | None]:
    """The count of each moment's channel then, or at most `slack` earlier; None where there is none."""
    if not moments:
        return []
    asked = _asked(session, [(one.channel_id, int(one.at.timestamp())) for one in moments], BigInteger())
    value = (
        select(AudienceCount.value)
        .where(
            AudienceCount.channel_id == asked.c.one,
            AudienceCount.taken_at <= asked.c.two,
            AudienceCount.taken_at >= asked.c.two - int(slack.total_seconds()),
        )
        .order_by(AudienceCount.taken_at.desc())
        .limit(1)
        .scalar_subquery()
    )
    rows = session.execute(select(asked.c.place, value))
    found: dict[int, int | None] = {place: counted for place, counted in rows}  # noqa: C416 - rows are no pairs to mypy
    return [found[place] for place in range(len(moments))]


def _asked(session: Session, pairs: Sequence[tuple[Any, Any]], kind: TypeEngine[Any]) -> Subquery:
    """Pairs as rows (place, one, two). They go as one document: a statement of thousands of values would take
    longer to write than to run."""
    document = type_coerce([(place, *pair) for place, pair in enumerate(pairs)], JSON())
    parts: Iterable[ColumnElement[Any]]
    if session.get_bind().dialect.name == "postgresql":
        row = func.json_array_elements(document).table_valued("row").render_derived().c.row
        parts = [cast(row.op("->>")(number), type_) for number, type_ in enumerate((Integer(), kind, kind))]
    else:
        row = func.json_each(document).table_valued("value").c.value
        parts = [func.json_extract(row, f"$[{number}]") for number in range(3)]
    place, one, two = parts
    return select(place.label("place"), one.label("one"), two.label("two")).subquery()
