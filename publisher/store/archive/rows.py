"""The newsroom's rows as the archive has them: what is published, and nothing else.

Every query here names its columns: what is not named cannot get out (tests/store/test_archive.py).
"""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Select, func, or_, select
from sqlalchemy.orm import Session, aliased

from publisher.core.body import parse, to_plain
from publisher.core.platforms import Realm
from publisher.core.states import LIVE_ITEMS, ItemStatus, OperationKind, OperationState, PostState
from publisher.store.models import (
    Account,
    AppealTotal,
    AudienceDay,
    Channel,
    Desk,
    EditionOverride,
    Item,
    Media,
    Operation,
    Post,
    PostMetric,
    Version,
    VersionMedia,
)

Row = tuple[Any, ...]
AT_ONCE = 5_000
SHOWN = (OperationKind.PUBLISH, OperationKind.EDIT)


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """A version that readers were shown: since when, and whether any channel showed its common text."""

    item_id: int
    version_id: int
    since: datetime | None
    is_common: bool


@dataclass
class Published:
    """What of the newsroom is public at this moment in one realm. Every `list_` comes sorted by its key."""

    session: Session
    realm: Realm
    zone: ZoneInfo
    now: datetime

    @cached_property
    def channel_ids(self) -> frozenset[int]:
        """Channels that have had a post or a count."""
        used = select(Post.channel_id).union(select(AudienceDay.channel_id)).subquery()
        query = (
            select(Channel.id).join(Account).where(Account.realm == self.realm, Channel.id.in_(select(used)))
        )
        return frozenset(self.session.scalars(query))

    @cached_property
    def items(self) -> Mapping[int, Row]:
        """Items that went out and are under no embargo: id -> (desk, status, first post, last withdrawal)."""
        query = (
            select(
                Item.id, Item.desk_id, Item.status,
                func.min(Post.published_at), func.max(Post.withdrawn_at),
            )
            .join(Post, Post.item_id == Item.id)
            .join(Channel, Channel.id == Post.channel_id)
            .join(Account, Account.id == Channel.account_id)
            .where(
                Account.realm == self.realm,
                Item.status.in_([*LIVE_ITEMS, ItemStatus.KILLED]),
                or_(Item.embargo.is_(None), Item.embargo <= self.now),
            )
            .group_by(Item.id, Item.desk_id, Item.status)
            .order_by(Item.id)
        )  # fmt: skip
        return {item_id: tuple(rest) for item_id, *rest in self.session.execute(query)}

    @cached_property
    def shown(self) -> Mapping[int, Shown]:
        """Versions of the items that still have a text, by their ids, in the order readers saw them."""
        own = EditionOverride.version_id
        query = (
            select(
                Operation.item_id, Operation.version_id, func.min(Operation.sent_at),
                func.count() - func.count(own),
            )
            .join(Channel, Channel.id == Operation.channel_id)
            .join(Account, Account.id == Channel.account_id)
            .outerjoin(
                EditionOverride,
                (own == Operation.version_id) & (EditionOverride.channel_id == Operation.channel_id),
            )
            .where(
                Account.realm == self.realm,
                Operation.state == OperationState.SENT,
                Operation.kind.in_(SHOWN),
            )
            .group_by(Operation.item_id, Operation.version_id)
            .order_by(Operation.item_id, Operation.version_id)
        )  # fmt: skip
        return {
            version_id: Shown(
                item_id=item_id, version_id=version_id, since=since, is_common=common > 0,
            )
            for item_id, version_id, since, common in self.session.execute(query)
            if self.has_text(item_id)
        }  # fmt: skip

    @cached_property
    def newest(self) -> Mapping[int, int]:
        """The version of each item that readers were shown last."""
        return {shown.item_id: shown.version_id for shown in self.shown.values()}

    def has_text(self, item_id: int) -> bool:
        """Whether the item is in the archive with its text."""
        return item_id in self.items and self.items[item_id][1] is not ItemStatus.KILLED

    def list_desks(self) -> Iterator[Row]:
        """Desks with items or channels in the archive."""
        used = {row[0] for row in self.items.values()}
        used |= {row[4] for row in self.list_channels()}
        query = select(Desk.id, Desk.title).order_by(Desk.id)
        return (tuple(row) for row in self.session.execute(query) if row[0] in used)

    def list_channels(self) -> Iterator[Row]:
        """Their addresses, states and accounts stay with us."""
        query = select(
            Channel.id, Channel.title, Channel.network, Channel.handle, Channel.desk_id, Channel.opened_on,
            Channel.retired_at,
        ).order_by(Channel.id)  # fmt: skip
        for number, title, network, handle, desk_id, opened_on, retired_at in self.session.execute(query):
            if number in self.channel_ids:
                yield (
                    number, title, network.value, handle, desk_id,
                    opened_on and opened_on.isoformat(), instant(retired_at),
                )  # fmt: skip

    def list_items(self) -> Iterator[Row]:
        """Slugs stay with us: they are made of a draft's headline."""
        for number, (desk_id, status, published_at, withdrawn_at) in self.items.items():
            killed = status is ItemStatus.KILLED
            yield (
                number, desk_id, "withdrawn" if killed else status.value, self.newest.get(number),
                instant(published_at), self._day(published_at), instant(withdrawn_at) if killed else None,
            )  # fmt: skip

    def list_versions(self) -> Iterator[Row]:
        """Versions that went out, with the text that readers saw."""
        query = select(
            Version.id, Version.item_id, Version.title, Version.body, Version.tags, Version.source
        ).order_by(Version.id)
        places = self._places()
        for number, item_id, title, body, tags, source in self._stream(query):
            if number in self.shown:
                if not self.shown[number].is_common:
                    title, body = self._own_text(number)
                yield (
                    number, item_id, places[number], title, body, json.dumps(tags, ensure_ascii=False),
                    source, instant(self.shown[number].since),
                )  # fmt: skip

    def list_media(self) -> Iterator[Row]:
        """Files that a version in the archive shows; their names on somebody's disk stay with us."""
        used = {row[2] for row in self.list_version_media()}
        query = select(
            Media.id, Media.sha256, Media.kind, Media.mime, Media.size, Media.width, Media.height
        ).order_by(Media.id)
        for number, sha256, kind, *rest in self._stream(query):
            if number in used:
                yield (number, sha256, kind.value, *rest)

    def list_version_media(self) -> Iterator[Row]:
        """The files' places and captions."""
        query = select(
            VersionMedia.version_id, VersionMedia.position, VersionMedia.media_id, VersionMedia.alt,
            VersionMedia.credit,
        ).order_by(VersionMedia.version_id, VersionMedia.position)  # fmt: skip
        return (tuple(row) for row in self._stream(query) if row[0] in self.shown)

    def list_posts(self) -> Iterator[Row]:
        """Posts of the items; of a withdrawn one neither version nor address is told."""
        standing = aliased(Operation)
        query = (
            select(
                Post.id, Post.item_id, Post.channel_id, standing.version_id, Post.state, Post.permalink,
                EditionOverride.body, Post.published_at, Post.edited_at, Post.withdrawn_at,
            )
            .join(standing, standing.id == Post.standing_id)
            .outerjoin(
                EditionOverride,
                (EditionOverride.version_id == standing.version_id)
                & (EditionOverride.channel_id == Post.channel_id),
            )
            .order_by(Post.id)
        )  # fmt: skip
        for number, item_id, channel_id, version_id, state, permalink, own, *moments in self._stream(query):
            if item_id not in self.items or channel_id not in self.channel_ids:
                continue
            # The texts of an item that is withdrawn are not among those shown.
            stands = version_id in self.shown and state is not PostState.WITHDRAWN
            yield (
                number, item_id, channel_id, version_id if version_id in self.shown else None, state.value,
                permalink if stands else "", to_plain(parse(own)) if own is not None and stands else None,
                instant(moments[0]), self._day(moments[0]), *map(instant, moments[1:]),
            )  # fmt: skip

    def list_post_metrics(self) -> Iterator[Row]:
        """Also those of withdrawn items: they are figures, no text."""
        query = (
            select(
                PostMetric.post_id, PostMetric.age, PostMetric.taken_at, PostMetric.views,
                PostMetric.forwards, PostMetric.reactions, PostMetric.comments, Post.item_id, Post.channel_id,
            )
            .join(Post, Post.id == PostMetric.post_id)
            .order_by(PostMetric.post_id, PostMetric.age)
        )  # fmt: skip
        for post_id, age, taken_at, *counters, item_id, channel_id in self._stream(query):
            if item_id in self.items and channel_id in self.channel_ids:
                yield (post_id, age, instant(taken_at), *counters)

    def list_audience_days(self) -> Iterator[Row]:
        """Subscribers by day."""
        query = select(
            AudienceDay.channel_id, AudienceDay.day, AudienceDay.opening, AudienceDay.closing,
            AudienceDay.low, AudienceDay.high, AudienceDay.samples,
        ).order_by(AudienceDay.channel_id, AudienceDay.day)  # fmt: skip
        for channel_id, day, *rest in self._stream(query):
            if channel_id in self.channel_ids:
                yield (channel_id, day.isoformat(), *rest)

    def list_appeal_totals(self) -> Iterator[Row]:
        """Totals only; there is nothing else."""
        query = select(AppealTotal.day, AppealTotal.source, AppealTotal.topic, AppealTotal.value)
        # Databases sort texts each in its own way.
        return iter(sorted((day.isoformat(), *rest) for day, *rest in self.session.execute(query)))

    def by_table(self) -> Mapping[str, Callable[[], Iterator[Row]]]:
        """The rows of each table."""
        return {
            "desk": self.list_desks,
            "channel": self.list_channels,
            "item": self.list_items,
            "version": self.list_versions,
            "media": self.list_media,
            "version_media": self.list_version_media,
            "post": self.list_posts,
            "post_metric": self.list_post_metrics,
            "audience_day": self.list_audience_days,
            "appeal_total": self.list_appeal_totals,
        }

    def _stream(self, query: Select[*tuple[Any, ...]]) -> Iterator[Sequence[Any]]:
        # Without the layer that makes objects: it takes a third of the time, and there are none.
        connection = self.session.connection()
        yield from connection.execute(query, execution_options={"yield_per": AT_ONCE})

    def _places(self) -> Mapping[int, int]:
        """Which of its item's published texts a version was, from 1."""
        counted: dict[int, int] = {}
        places: dict[int, int] = {}
        for shown in self.shown.values():
            counted[shown.item_id] = places[shown.version_id] = counted.get(shown.item_id, 0) + 1
        return places

    def _own_text(self, version_id: int) -> tuple[str, str]:
        """Headline and text of a version whose common text no channel showed."""
        query = (
            select(EditionOverride.body)
            .join(Operation, Operation.version_id == EditionOverride.version_id)
            .where(
                EditionOverride.version_id == version_id,
                EditionOverride.channel_id == Operation.channel_id,
                EditionOverride.channel_id.in_(self.channel_ids),
                Operation.state == OperationState.SENT,
                Operation.kind.in_(SHOWN),
            )
            .order_by(EditionOverride.channel_id)
            .limit(1)
        )
        body = self.session.scalars(query).one()
        return to_plain(parse(body)).partition("\n")[0], body

    def _day(self, moment: datetime) -> str:
        return moment.astimezone(self.zone).date().isoformat()


def instant(moment: datetime | None) -> str | None:
    """An instant in UTC as SQLite's own functions and every reader understand it."""
    return None if moment is None else f"{moment.isoformat()[:19]}Z"
