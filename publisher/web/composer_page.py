"""What the composer shows: where the item may go, how it will look there, and which acts are open."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from sqlalchemy.orm import Session

from publisher.actions.editions import ChannelEdition, build_editions, media_ref
from publisher.core.editions import Edition, Finding, Layout, Problem
from publisher.core.items import is_out
from publisher.core.messages import N_
from publisher.core.permissions import Act, Actor, desks_for, may
from publisher.core.plan import Existing, plan_publish
from publisher.core.platforms import PLATFORMS, Network, Platform
from publisher.core.richtext import length_utf16
from publisher.core.states import OPEN_STATES, AccountState, ChannelState, ItemStatus, OperationKind
from publisher.rendering import Content, render_post
from publisher.store.channels import list_channels, list_desks
from publisher.store.media import list_media
from publisher.store.models import Channel, Desk, Item, Media
from publisher.store.outbox import list_existing
from publisher.web.composer_form import Typed, TypedMedia, body_html, body_text, tag_list


@dataclass(frozen=True, slots=True, kw_only=True)
class Destination:
    """A channel in the list. `has_it`: the item stands or is on its way there and stays chosen."""

    channel: Channel
    is_chosen: bool
    has_it: bool
    may_publish: bool
    is_training: bool
    warning: str

    @property
    def is_open(self) -> bool:
        """Whether the person can tick it; what they may not publish to they can only untick."""
        return not self.has_it and (self.may_publish or self.is_chosen)


@dataclass(frozen=True, slots=True, kw_only=True)
class DeskGroup:
    """A desk's channels; None for channels that belong to no desk."""

    desk: Desk | None
    destinations: tuple[Destination, ...]

    @property
    def chosen(self) -> int:
        """How many are chosen."""
        return sum(destination.is_chosen for destination in self.destinations)

    @property
    def size(self) -> int:
        """How many channels it has."""
        return len(self.destinations)

    @property
    def is_foreign(self) -> bool:
        """Whether the person has nothing to do with any of its channels here."""
        return not any(place.is_open or place.has_it for place in self.destinations)


@dataclass(frozen=True, slots=True, kw_only=True)
class Counter:
    """A message's length against what its place takes, in the network's own unit."""

    length: int
    limit: int

    @property
    def is_over(self) -> bool:
        """Whether it cannot stand like this."""
        return self.length > self.limit


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """An edition with the channels that show it."""

    platform: Platform
    channels: tuple[Channel, ...]
    edition: Edition
    counters: tuple[Counter, ...]
    findings: tuple[Finding, ...]
    is_own: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class PlacedMedia:
    """A file of the form with its row."""

    typed: TypedMedia
    media: Media


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnText:
    """An own text with its channel, None when the channel is closed."""

    channel: Channel
    text: str
    is_chosen: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Acts:
    """What can be done, and with how many channels."""

    may_publish: bool
    may_correct: bool
    may_confirm: bool
    is_out: bool
    is_waiting: bool
    is_approved: bool
    to_publish: int
    to_correct: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """Everything on the page besides what was typed."""

    item: Item | None
    desks: tuple[Desk, ...]
    groups: tuple[DeskGroup, ...]
    has_both_realms: bool
    media: tuple[PlacedMedia, ...]
    own: tuple[OwnText, ...]
    shown: tuple[Shown, ...]
    needs_layout: bool
    acts: Acts
    gone: tuple[str, ...]

    @property
    def desk_options(self) -> list[tuple[int, str]]:
        """Desks as a list to choose from."""
        return [(desk.id, desk.title) for desk in self.desks]

    @property
    def chosen(self) -> int:
        """Channels chosen."""
        return sum(group.chosen for group in self.groups)

    @property
    def open_groups(self) -> list[DeskGroup]:
        """Groups in which something is chosen or can be."""
        return [group for group in self.groups if not group.is_foreign]

    @property
    def foreign_groups(self) -> list[DeskGroup]:
        """Groups that others publish to."""
        return [group for group in self.groups if group.is_foreign]

    @property
    def channels(self) -> int:
        """Channels to choose from, with those that have the item."""
        return sum(len(group.destinations) for group in self.open_groups)

    @property
    def problems(self) -> int:
        """Channels in which the item cannot stand as it is."""
        return sum(len(shown.channels) for shown in self.shown if shown.findings)


def writable_desks(session: Session, actor: Actor) -> tuple[Desk, ...]:
    """Desks that the person may write for, by title."""
    allowed = desks_for(actor, Act.WRITE)
    return tuple(desk for desk in list_desks(session) if allowed is None or desk.id in allowed)


def settle(session: Session, typed: Typed) -> tuple[Typed, tuple[str, ...]]:
    """The form without channels and files that are gone since, and the titles of those channels."""
    everything = {channel.id: channel for channel in list_channels(session, retired=True)}
    in_use = {key for key, channel in everything.items() if channel.retired_at is None}
    known = {media.id for media in list_media(session, (chosen.media_id for chosen in typed.media))}
    closed = [key for key in typed.channel_ids if key in everything and key not in in_use]
    settled = replace(
        typed,
        channel_ids=tuple(key for key in typed.channel_ids if key in in_use),
        media=tuple(chosen for chosen in typed.media if chosen.media_id in known),
        own={key: text for key, text in typed.own.items() if key in in_use},
    )
    return settled, tuple(everything[key].title for key in closed)


def read_page(
    session: Session, actor: Actor, typed: Typed, item: Item | None, gone: tuple[str, ...] = ()
) -> Page:
    """The page for a settled form."""
    channels = list_channels(session)
    existing = list_existing(session, item.id) if item else []
    media = _place_media(session, typed)
    chosen = [channel for channel in channels if channel.id in set(typed.channel_ids)]
    editions = build_editions(
        content_of_form(typed, media),
        chosen,
        {channel_id: body_html(text) for channel_id, text in typed.own.items()},
    )
    locked, waiting = _taken(channels, existing)
    realms = {channel.account.realm for channel in channels}
    groups = _group(actor, channels, set(typed.channel_ids) | locked, locked, both=len(realms) > 1)
    shown = tuple(_share(editions, typed))
    return Page(
        item=item,
        desks=writable_desks(session, actor),
        groups=groups,
        has_both_realms=len(realms) > 1,
        media=media,
        own=_own(typed, channels),
        shown=shown,
        needs_layout=_needs_layout(typed, shown),
        acts=_acts(actor, typed, item, locked, waiting),
        gone=gone,
    )


def content_of_form(typed: Typed, media: Iterable[PlacedMedia]) -> Content:
    """What the form says, as publishing would take it."""
    return Content(
        title=typed.title.strip(),
        body=body_html(typed.body),
        tags=tag_list(typed.tags),
        source=typed.source.strip(),
        media=tuple(media_ref(placed.media) for placed in media),
        layout=typed.layout,
        link_preview=typed.link_preview,
        silent=typed.silent,
    )


def derived_text(session: Session, typed: Typed, network: Network) -> str:
    """What the network's template makes of the form, to begin an own text with."""
    return body_text(render_post(content_of_form(typed, _place_media(session, typed)), network))


def place_media(session: Session, chosen: TypedMedia) -> PlacedMedia:
    """One file, for the row that an upload adds."""
    return PlacedMedia(typed=chosen, media=list_media(session, [chosen.media_id])[0])


def _place_media(session: Session, typed: Typed) -> tuple[PlacedMedia, ...]:
    rows = {media.id: media for media in list_media(session, (chosen.media_id for chosen in typed.media))}
    return tuple(
        PlacedMedia(typed=chosen, media=rows[chosen.media_id])
        for chosen in typed.media
        if chosen.media_id in rows
    )


def _taken(channels: Sequence[Channel], existing: Sequence[Existing]) -> tuple[set[int], set[int]]:
    """Channels that have the item or are about to get it for sure, and those where it still waits."""
    nothing = Edition(messages=())
    free = {step.channel_id for step in plan_publish({c.id: nothing for c in channels}, existing)}
    waiting = {
        op.channel_id for op in existing if op.kind is OperationKind.PUBLISH and op.state in OPEN_STATES
    }
    return {channel.id for channel in channels} - free - waiting, waiting


def _group(
    actor: Actor, channels: Sequence[Channel], chosen: set[int], locked: set[int], *, both: bool
) -> tuple[DeskGroup, ...]:
    desks = {channel.desk_id: channel.desk for channel in channels}
    own_first = sorted(
        desks, key=lambda key: (key not in actor.desk_ids, key is None, ((d := desks[key]) and d.title) or "")
    )
    return tuple(
        DeskGroup(
            desk=desks[desk_id],
            destinations=tuple(
                _destination(actor, channel, chosen, locked, both=both)
                for channel in channels
                if channel.desk_id == desk_id
            ),
        )
        for desk_id in own_first
    )


def _destination(
    actor: Actor, channel: Channel, chosen: set[int], locked: set[int], *, both: bool
) -> Destination:
    return Destination(
        channel=channel,
        is_chosen=channel.id in chosen,
        has_it=channel.id in locked,
        may_publish=may_choose(actor, channel),
        is_training=both and channel.account.realm == "sandbox",
        warning=_warning(channel),
    )


def may_choose(actor: Actor, channel: Channel) -> bool:
    """Whether the person may tick it: editors only what they publish to; who only writes may wish for all."""
    writes_only = desks_for(actor, Act.PUBLISH) == frozenset()
    return writes_only or may(actor, Act.PUBLISH, channel.desk_id)


def _warning(channel: Channel) -> str:
    if channel.account.state is AccountState.DOWN:
        return N_("The account does not work: posts will wait.")
    if channel.state in {ChannelState.FORBIDDEN, ChannelState.MISSING}:
        return N_("The channel does not accept posts: they will wait.")
    if channel.state is ChannelState.NEW:
        return N_("Not checked yet.")
    return ""


def _own(typed: Typed, channels: Sequence[Channel]) -> tuple[OwnText, ...]:
    return tuple(
        OwnText(channel=channel, text=typed.own[channel.id], is_chosen=channel.id in typed.channel_ids)
        for channel in channels
        if channel.id in typed.own
    )


def _share(editions: Iterable[ChannelEdition], typed: Typed) -> Iterable[Shown]:
    """One entry for all channels with the same edition; problems first, then own texts."""
    groups: dict[tuple[Network, Edition, bool], list[ChannelEdition]] = {}
    for edition in editions:
        key = (edition.channel.network, edition.edition, edition.channel.id in typed.own)
        groups.setdefault(key, []).append(edition)
    shown = [
        Shown(
            platform=PLATFORMS[network],
            channels=tuple(member.channel for member in members),
            edition=edition,
            counters=tuple(_counters(edition, PLATFORMS[network])),
            findings=members[0].findings,
            is_own=is_own,
        )
        for (network, edition, is_own), members in groups.items()
    ]
    return sorted(shown, key=lambda one: (not one.findings, not one.is_own))


def _counters(edition: Edition, platform: Platform) -> Iterable[Counter]:
    for message in edition.messages:
        if message.text.text or not message.media:
            limit = platform.caption_limit if message.media else platform.text_limit
            yield Counter(length=length_utf16(message.text.text), limit=limit)


def _needs_layout(typed: Typed, shown: Iterable[Shown]) -> bool:
    """Whether there is something to choose between caption and picture first."""
    too_long = any(f.problem is Problem.CAPTION_TOO_LONG for one in shown for f in one.findings)
    return bool(typed.media) and (too_long or typed.layout is Layout.MEDIA_FIRST)


def _acts(actor: Actor, typed: Typed, item: Item | None, locked: set[int], waiting: set[int]) -> Acts:
    desk_id = typed.desk_id if typed.desk_id is not None else next(iter(actor.desk_ids), None)
    return Acts(
        may_publish=may(actor, Act.PUBLISH, desk_id),
        may_correct=item is not None and may(actor, Act.CORRECT, item.desk_id),
        may_confirm=may(actor, Act.EMERGENCY),
        is_out=bool(locked) or (item is not None and is_out(item.status)),
        is_waiting=bool(waiting),
        is_approved=item is not None and item.status is ItemStatus.APPROVED,
        to_publish=len(set(typed.channel_ids) - locked),
        to_correct=len(locked | waiting),
    )
