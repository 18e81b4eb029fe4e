"""What «Рост» asks: values at the points of a period, what was missed, what went out, what came of it."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any

from sqlalchemy import (
    CTE,
    JSON,
    BigInteger,
    ColumnElement,
    Date,
    Integer,
    Select,
    cast,
    func,
    literal,
    select,
    type_coerce,
    union_all,
)
from sqlalchemy.orm import InstrumentedAttribute, Session
from sqlalchemy.types import TypeEngine

from publisher.core.gaps import Miss
from publisher.core.platforms import Network, Realm
from publisher.core.series import Period
from publisher.store import misses
from publisher.store.models import (
    Account,
    AudienceCount,
    AudienceDay,
    Channel,
    Desk,
    Item,
    Post,
    UTCDateTime,
    Version,
)

# Its begin, and its end, which is not in it.
Stretch = tuple[datetime, datetime]
Expression = ColumnElement[Any] | InstrumentedAttribute[Any]


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
) -> Mapping[int, Mapping[str, int]]:
    """The last count of each day that has counts: by channel, then by the day in ISO form."""
    query = (
        select(AudienceDay.channel_id, _document(session, AudienceDay.day, AudienceDay.closing))
        .where(AudienceDay.channel_id.in_(channel_ids), AudienceDay.day >= first, AudienceDay.day <= last)
        .group_by(AudienceDay.channel_id)
    )
    return {channel_id: values for channel_id, values in session.execute(query)}  # noqa: C416 - rows are no pairs to mypy


def list_last_values(
    session: Session, channel_ids: Collection[int], stretches: Sequence[Period]
) -> Mapping[int, Sequence[int | None]]:
    """The last count in each stretch, by channel; one seek each, however long the stretches."""
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
    query = (
        select(Channel.id, _document(session, asked.c.place, value))
        .select_from(Channel)
        .join(asked, asked.c.place >= 0)
        .where(Channel.id.in_(channel_ids))
        .group_by(Channel.id)
    )
    return {
        channel_id: [values[str(place)] for place in range(len(stretches))]
        for channel_id, values in session.execute(query)
    }


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
    found: dict[int, list[Miss]] = {}
    for miss in misses.list_misses(session, channel_ids, int(begin.timestamp()), int(end.timestamp()) - 1):
        first, last = (datetime.fromtimestamp(at, UTC) for at in (miss.first_at, miss.last_at))
        found.setdefault(miss.channel_id, []).append(Miss(first=first, last=last, code=miss.code))
    return found


def list_outings(
    session: Session, channel_ids: Collection[int], stretches: Sequence[Stretch], limit: int
) -> Sequence[Sequence[Outing]]:
    """For each stretch the items that went out in it, at most `limit`, those in most channels first."""
    if not stretches:
        return []
    asked = _stretches(stretches)
    posts = _first_posts(channel_ids, asked.c.place).join(
        asked, (Post.published_at >= asked.c.begin) & (Post.published_at < asked.c.end)
    )
    found: list[list[Outing]] = [[] for _ in stretches]
    for place, outing in _with_titles(session, posts.group_by(asked.c.place), limit):
        found[place].append(outing)
    return found


def find_outing(session: Session, item_id: int, channel_ids: Collection[int]) -> Outing | None:
    """When and into how many of these channels an item went out, if it did."""
    posts = _first_posts(channel_ids, literal(0)).where(Post.item_id == item_id)
    return next((outing for _, outing in _with_titles(session, posts, 1)), None)


def _first_posts(channel_ids: Collection[int], place: ColumnElement[int]) -> Select[Any]:
    """Items with their first post and their reach; `rank` counts from the widest within the place."""
    at, channels = func.min(Post.published_at), func.count(Post.channel_id.distinct())
    rank = func.row_number().over(partition_by=place, order_by=(channels.desc(), at.desc()))
    return (
        select(
            place.label("place"), Post.item_id, at.label("at"), channels.label("channels"),
            func.min(Post.channel_id).label("channel_id"), rank.label("rank"),
        )
        .where(Post.channel_id.in_(channel_ids))
        .group_by(Post.item_id)
    )  # fmt: skip


def _with_titles(session: Session, posts: Select[Any], limit: int) -> Iterator[tuple[int, Outing]]:
    found = posts.subquery()
    rows = session.execute(
        select(
            found.c.place, found.c.item_id, Version.title, found.c.at, found.c.channels, found.c.channel_id
        )
        .join(Item, Item.id == found.c.item_id)
        .join(Version, (Version.item_id == Item.id) & (Version.number == Item.head))
        .where(found.c.rank <= limit)
        .order_by(found.c.place, found.c.rank)
    )
    for place, item_id, title, at, channels, channel_id in rows:
        yield place, Outing(item_id=item_id, title=title, at=at, channels=channels, channel_id=channel_id)


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


def _stretches(stretches: Sequence[Stretch]) -> CTE:
    """Stretches as rows (place, begin, end); few, for each is a part of the statement."""
    instant = UTCDateTime()
    rows = [
        select(
            literal(place).label("place"),
            literal(begin, instant).label("begin"),
            literal(end, instant).label("end"),
        )
        for place, (begin, end) in enumerate(stretches)
    ]
    return union_all(*rows).cte("stretch")


def _document(session: Session, key: Expression, value: Expression) -> ColumnElement[Any]:
    """A group's values by their keys as one document: it is read sooner than a year of rows."""
    is_postgresql = session.get_bind().dialect.name == "postgresql"
    gather = func.json_object_agg if is_postgresql else func.json_group_object
    return type_coerce(gather(key, value), JSON())


def _asked(session: Session, pairs: Sequence[tuple[Any, Any]], kind: TypeEngine[Any]) -> CTE:
    """Pairs as rows (place, one, two). They go as one document: a statement of thousands of values would take
    longer to write than to run. It is read once, not once for each channel."""
    document = type_coerce([(place, *pair) for place, pair in enumerate(pairs)], JSON())
    parts: Iterable[ColumnElement[Any]]
    if session.get_bind().dialect.name == "postgresql":
        row = func.json_array_elements(document).table_valued("row").render_derived().c.row
        parts = [cast(row.op("->>")(number), type_) for number, type_ in enumerate((Integer(), kind, kind))]
    else:
        row = func.json_each(document).table_valued("value").c.value
        parts = [func.json_extract(row, f"$[{number}]") for number in range(3)]
    place, one, two = parts
    rows = select(place.label("place"), one.label("one"), two.label("two"))
    return rows.cte("asked").prefix_with("MATERIALIZED")
