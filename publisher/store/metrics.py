"""What posts earn: which are to be measured, the figures by age, and what a period's posts came to."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import BigInteger, Integer, Text, cast, func, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.orm import Session
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement

from publisher.core.measuring import AGES, USUAL_AGE, Figures, Measure, grace, next_measure, per_thousand
from publisher.core.platforms import Network, Realm
from publisher.core.states import AccountState, PostState
from publisher.store.models import (
    Account,
    AudienceCount,
    Channel,
    Operation,
    Post,
    PostMetric,
    Version,
)

# Posts that readers can see, and so earn something.
STANDING = (PostState.LIVE, PostState.ALTERED)
# A count that is older than this says nothing about the moment of a publication.
NEAR = timedelta(days=1)
GAIN = timedelta(hours=24)
MISSED_AT_ONCE = 2_000


@dataclass(frozen=True, slots=True, kw_only=True)
class ToMeasure:
    """A post whose time to be measured has come."""

    id: int
    account_id: int
    channel_id: int
    address: Mapping[str, Any]
    external_ids: tuple[Any, ...]
    published_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """What was read of a post: the figures of an age, and when it is measured next."""

    post_id: int
    age: timedelta
    figures: Figures
    taken_at: datetime
    next_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ItemPost:
    """A post of an item with everything measured of it. `subscribers` are the channel's at publication."""

    post_id: int
    channel_id: int
    channel_title: str
    handle: str
    realm: Realm
    permalink: str
    state: PostState
    published_at: datetime
    next_measure_at: datetime | None
    subscribers: int | None
    by_age: Mapping[timedelta, Figures]


@dataclass(frozen=True, slots=True, kw_only=True)
class Earning:
    """What a post of the period had earned at `age`: the one asked for, or the newest known before it; None
    where nothing was measured.

    `subscribers` are the channel's at publication, `gain` their change over the following 24 hours; None
    where nothing was counted near enough, or the time has not come yet.
    """

    post_id: int
    item_id: int
    title: str
    channel_id: int
    channel_title: str
    handle: str
    network: Network
    permalink: str
    state: PostState
    published_at: datetime
    age: timedelta | None
    figures: Figures
    subscribers: int | None
    gain: int | None

    def per_thousand(self, measure: Measure) -> float | None:
        """The figure for each thousand subscribers."""
        return per_thousand(self.figures.of(measure), self.subscribers)


def is_anything_due(session: Session, now: datetime) -> bool:
    """Whether a post's time has come, whoever is to measure it."""
    return session.scalar(select(Post.id).where(Post.next_measure_at <= now).limit(1)) is not None


def list_to_measure(
    session: Session, account_ids: Iterable[int], now: datetime, limit: int
) -> Sequence[ToMeasure]:
    """Posts of these accounts whose time has come, the longest waiting first."""
    rows = session.execute(
        select(
            Post.id, Channel.account_id, Post.channel_id, Channel.address, Post.external_ids,
            Post.published_at,
        )
        .join(Channel, Channel.id == Post.channel_id)
        .join(Account, Account.id == Channel.account_id)
        .where(
            Post.next_measure_at <= now,
            Post.state.in_(STANDING),
            Account.id.in_(list(account_ids)),
            Account.state == AccountState.OK,
            Channel.address.is_not(None),
        )
        .order_by(Post.next_measure_at)
        .limit(limit)
    )  # fmt: skip
    return [
        ToMeasure(
            id=row.id, account_id=row.account_id, channel_id=row.channel_id, address=row.address or {},
            external_ids=tuple(row.external_ids), published_at=row.published_at,
        )
        for row in rows
    ]  # fmt: skip


def list_due_of(session: Session, ids: Iterable[int], now: datetime) -> Sequence[tuple[int, datetime]]:
    """Those of the posts that still stand and are due, with their time of publication."""
    query = select(Post.id, Post.published_at).where(
        Post.id.in_(list(ids)), Post.next_measure_at <= now, Post.state.in_(STANDING)
    )
    return [(row.id, row.published_at) for row in session.execute(query)]


def record_figures(session: Session, readings: Sequence[Reading]) -> None:
    """Write what was read. What is known of an age stays: a second reading of it changes nothing."""
    if not readings:
        return
    is_postgresql = session.get_bind().dialect.name == "postgresql"
    insert = postgresql.insert(PostMetric) if is_postgresql else sqlite.insert(PostMetric)
    session.execute(
        insert.on_conflict_do_nothing(),
        [
            {
                "post_id": r.post_id, "age": _seconds(r.age), "taken_at": r.taken_at,
                "views": r.figures.views, "forwards": r.figures.forwards,
                "reactions": r.figures.reactions, "comments": r.figures.comments,
            }
            for r in readings
        ],
    )  # fmt: skip
    _plan(session, {r.post_id: r.next_at for r in readings})


def put_off_measuring(session: Session, ids: Iterable[int], until: datetime) -> None:
    """Measure these posts later: the network did not answer."""
    session.execute(
        update(Post)
        .where(Post.id.in_(list(ids)), Post.next_measure_at.is_not(None))
        .values(next_measure_at=until)
    )


def end_measuring(session: Session, ids: Sequence[int], now: datetime) -> None:
    """These posts no longer stand on the network: nothing more is measured, and reconcile looks at once."""
    if not ids:
        return
    session.execute(
        update(Post)
        .where(Post.id.in_(ids), Post.state.in_(STANDING))
        .values(next_measure_at=None, next_check_at=now)
    )


def skip_missed(session: Session, now: datetime) -> int:
    """Bring posts whose age has passed unread to their next one: what was missed stays unknown.

    At most so many at once; how many they were. Posts past their last age take one statement.
    """
    last = AGES[-1]
    over = session.execute(
        update(Post)
        .where(Post.next_measure_at <= now, Post.published_at < now - last - grace(last))
        .values(next_measure_at=None)
    )
    rows = session.execute(
        select(Post.id, Post.published_at, Post.next_measure_at)
        .where(Post.next_measure_at <= now)
        .order_by(Post.next_measure_at)
        .limit(MISSED_AT_ONCE)
    ).all()
    planned = {row.id: next_measure(row.published_at, now) for row in rows}
    missed = {row.id: planned[row.id] for row in rows if _is_later(planned[row.id], now)}
    _plan(session, missed)
    return int(getattr(over, "rowcount", 0)) + len(missed)


def list_item_metrics(session: Session, item_id: int) -> Sequence[ItemPost]:
    """The item's posts with what was measured of each, by channel."""
    rows = session.execute(
        select(Post, Channel, Account.realm, _subscribers_at(Post.published_at).label("subscribers"))
        .join(Channel, Channel.id == Post.channel_id)
        .join(Account, Account.id == Channel.account_id)
        .where(Post.item_id == item_id)
        .order_by(Channel.title, Post.published_at)
    ).all()
    measured = select(PostMetric).join(Post, Post.id == PostMetric.post_id).where(Post.item_id == item_id)
    by_post: dict[int, dict[timedelta, Figures]] = {}
    for metric in session.scalars(measured.order_by(PostMetric.age)):
        by_post.setdefault(metric.post_id, {})[timedelta(seconds=metric.age)] = _figures(metric)
    return [
        ItemPost(
            post_id=post.id, channel_id=channel.id, channel_title=channel.title, handle=channel.handle,
            realm=realm, permalink=post.permalink, state=post.state, published_at=post.published_at,
            next_measure_at=post.next_measure_at, subscribers=subscribers, by_age=by_post.get(post.id, {}),
        )
        for post, channel, realm, subscribers in rows
    ]  # fmt: skip


def list_earnings(
    session: Session,
    since: datetime,
    until: datetime,
    realm: Realm,
    *,
    now: datetime,
    age: timedelta = USUAL_AGE,
    desk_id: int | None = None,
    channel_id: int | None = None,
    limit: int = 5_000,
) -> Sequence[Earning]:
    """What the posts of a period (`until` excluded) that still stand had earned at that age, newest first.

    `desk_id` is the channel's desk. Two queries; every post shown costs three seeks.
    Of more than `limit` posts the newest come.
    """
    chosen = (
        select(Post.id)
        .where(
            # By channel, so that the index on (channel, time) is used however many years lie around.
            Post.channel_id.in_(_channels(realm, desk_id, channel_id)),
            Post.published_at >= since,
            Post.published_at < until,
            Post.state.in_(STANDING),
        )
        .order_by(Post.published_at.desc(), Post.id.desc())
        .limit(limit)
        .subquery()
    )
    # What costs a seek for every post is asked only of those that are shown.
    rows = session.execute(_earned(_seconds(age)).join(chosen, chosen.c.id == Post.id)).all()
    channels = {channel.id: channel for channel in session.scalars(select(Channel))} if rows else {}
    return [_earning(row, channels[row.channel_id], now) for row in rows]


def _earned(age: int) -> Any:
    """Posts with the headline of what stands, the figures of their newest age up to this one, and counts."""
    newest = (
        select(func.max(PostMetric.age))
        .where(PostMetric.post_id == Post.id, PostMetric.age <= age)
        .correlate(Post)
        .scalar_subquery()
    )
    return (
        select(
            Post.id, Post.item_id, Post.channel_id, Post.permalink, Post.state, Post.published_at,
            Version.title, PostMetric.age, PostMetric.views, PostMetric.forwards, PostMetric.reactions,
            PostMetric.comments, _subscribers_at(Post.published_at).label("before"),
            _subscribers_at(Post.published_at, GAIN).label("after"),
        )
        .join(Operation, Operation.id == Post.standing_id)
        .join(Version, Version.id == Operation.version_id)
        .outerjoin(PostMetric, (PostMetric.post_id == Post.id) & (PostMetric.age == newest))
        .order_by(Post.published_at.desc(), Post.id.desc())
    )  # fmt: skip


def _channels(realm: Realm, desk_id: int | None, channel_id: int | None) -> Any:
    query = select(Channel.id).join(Account, Account.id == Channel.account_id).where(Account.realm == realm)
    if desk_id is not None:
        query = query.where(Channel.desk_id == desk_id)
    if channel_id is not None:
        query = query.where(Channel.id == channel_id)
    return query


def _earning(row: Any, channel: Channel, now: datetime) -> Earning:
    has_gain = row.before is not None and row.after is not None and row.published_at + GAIN <= now
    return Earning(
        post_id=row.id, item_id=row.item_id, title=row.title, channel_id=channel.id,
        channel_title=channel.title, handle=channel.handle, network=channel.network,
        permalink=row.permalink, state=row.state, published_at=row.published_at,
        age=None if row.age is None else timedelta(seconds=row.age), figures=_figures(row),
        subscribers=row.before, gain=row.after - row.before if has_gain else None,
    )  # fmt: skip


def _figures(metric: Any) -> Figures:
    return Figures(
        views=metric.views, forwards=metric.forwards, reactions=metric.reactions, comments=metric.comments
    )


def _plan(session: Session, moments: Mapping[int, datetime | None]) -> None:
    if moments:
        session.execute(update(Post), [{"id": id_, "next_measure_at": at} for id_, at in moments.items()])


def _is_later(planned: datetime | None, now: datetime) -> bool:
    return planned is None or planned > now


def _seconds(age: timedelta) -> int:
    return int(age.total_seconds())


def _subscribers_at(moment: Any, later: timedelta = timedelta()) -> Any:
    """The channel's last count at most a day before the moment, or so much later than it."""
    at = epoch(moment) + _seconds(later)
    return (
        select(AudienceCount.value)
        .where(
            AudienceCount.channel_id == Post.channel_id,
            AudienceCount.taken_at <= at,
            AudienceCount.taken_at > at - _seconds(min(NEAR, later or NEAR)),
        )
        .order_by(AudienceCount.taken_at.desc())
        .limit(1)
        .correlate(Post)
        .scalar_subquery()
    )


class epoch(FunctionElement[int]):  # noqa: N801 - reads as the SQL function it is
    """An instant as epoch seconds, as counts are dated."""

    type = BigInteger()
    inherit_cache = True


@compiles(epoch, "sqlite")
def _epoch_sqlite(element: epoch, compiler: SQLCompiler, **kw: Any) -> str:
    (moment,) = element.clauses
    return compiler.process(cast(func.strftime("%s", cast(moment, Text)), Integer), **kw)


@compiles(epoch, "postgresql")
def _epoch_postgresql(element: epoch, compiler: SQLCompiler, **kw: Any) -> str:
    (moment,) = element.clauses
    return compiler.process(cast(func.floor(func.extract("epoch", moment)), BigInteger), **kw)
