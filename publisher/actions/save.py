"""Saving an item: every save is a new immutable version."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import update
from sqlalchemy.orm import Session

from publisher.actions.schedule import delay_to_embargo
from publisher.core.editions import Layout
from publisher.core.items import SLUG, can_edit, make_slug, status_after_save, version_hash
from publisher.core.messages import N_
from publisher.core.permissions import Act, Actor, require
from publisher.core.states import Priority
from publisher.errors import EditConflict, RuleError
from publisher.store.audit import record_act
from publisher.store.channels import get_channels
from publisher.store.items import find_item_by_slug, free_slug, get_item, get_version
from publisher.store.models import Desk, EditionOverride, Item, Media, Version, VersionMedia
from publisher.store.search_index import index_version

TITLE_LENGTH = 300


@dataclass(frozen=True, slots=True, kw_only=True)
class ChosenMedia:
    """A stored file in its place, with what is said about it."""

    media_id: int
    alt: str = ""
    credit: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ItemForm:
    """What an editor saves. `body` and the overrides are canonical HTML; `overrides` go by channel id.

    `base` is the version the editor started from (0 for a new item).
    """

    title: str
    body: str
    desk_id: int
    channel_ids: tuple[int, ...] = ()
    media: tuple[ChosenMedia, ...] = ()
    tags: tuple[str, ...] = ()
    source: str = ""
    slug: str = ""
    layout: Layout = Layout.CAPTION
    link_preview: bool = True
    silent: bool = False
    embargo: datetime | None = None
    priority: Priority = Priority.NORMAL
    overrides: Mapping[int, str] = field(default_factory=dict)
    base: int = 0


def create_item(session: Session, actor: Actor, form: ItemForm, now: datetime) -> Item:
    """A new item with its first version. Raises RuleError at the field that is wrong, NotAllowed."""
    require(actor, Act.WRITE, form.desk_id, "desk_id")
    _check_form(session, form)
    item = Item(
        slug=_slug(session, form, None),
        desk_id=form.desk_id,
        created_at=now,
        created_by_id=actor.user_id,
        updated_at=now,
    )
    session.add(item)
    session.flush()
    _add_version(session, actor, item, form, now)
    record_act(session, actor, "item.create", f"item:{item.id}", now, slug=item.slug)
    return item


def save_item(session: Session, actor: Actor, item_id: int, form: ItemForm, now: datetime) -> Version:
    """The next version of an item; where nothing readers see has changed, the newest one stays.

    Raises EditConflict when somebody saved after `form.base`, RuleError at the field that is wrong.
    """
    item = get_item(session, item_id)
    require(actor, Act.WRITE, item.desk_id)
    require(actor, Act.WRITE, form.desk_id, "desk_id")
    if not can_edit(item.status):
        raise RuleError("", N_("The item is withdrawn and can no longer be changed."))
    _check_form(session, form)
    if item.head != form.base or not _advance(session, item, form.base, now):
        raise EditConflict(
            "", N_("Somebody saved version {current} of this item meanwhile."), current=item.head
        )
    item.slug = _slug(session, form, item)
    item.desk_id = form.desk_id
    newest = get_version(session, item)
    if newest.hash == _hash(session, form):
        _place(session, item, form, now)
        delay_to_embargo(session, item)
        return newest
    item.status = status_after_save(item.status)
    version = _add_version(session, actor, item, form, now)
    delay_to_embargo(session, item)
    record_act(session, actor, "item.save", f"item:{item.id}", now, version=version.number)
    return version


def _advance(session: Session, item: Item, base: int, now: datetime) -> bool:
    """Take the next version's number; False when somebody else took it in this very moment."""
    taken = session.execute(
        update(Item).where(Item.id == item.id, Item.head == base).values(updated_at=now).returning(Item.id)
    )
    return taken.first() is not None


def _check_form(session: Session, form: ItemForm) -> None:
    if not form.title.strip():
        raise RuleError("title", N_("Write a headline."))
    if len(form.title) > TITLE_LENGTH:
        raise RuleError(
            "title", N_("The headline has {length} characters; {limit} is the most."),
            length=len(form.title), limit=TITLE_LENGTH,
        )  # fmt: skip
    if form.slug and not SLUG.fullmatch(form.slug):
        raise RuleError("slug", N_("A slug has at most 80 small Latin letters, digits and hyphens."))
    if session.get(Desk, form.desk_id) is None:
        raise RuleError("desk_id", N_("Choose a desk."))
    get_channels(session, form.channel_ids)
    for chosen in form.media:
        if session.get(Media, chosen.media_id) is None:
            raise RuleError("media", N_("A file of this item is no longer stored. Add it again."))


def _slug(session: Session, form: ItemForm, item: Item | None) -> str:
    if item is not None and (not form.slug or form.slug == item.slug):
        return item.slug
    if form.slug:
        if find_item_by_slug(session, form.slug):
            raise RuleError("slug", N_("Another item has this slug."))
        return form.slug
    return free_slug(session, make_slug(form.title))


def _place(session: Session, item: Item, form: ItemForm, now: datetime) -> None:
    """Where and when the item is to go: the item's own, no matter which version."""
    item.updated_at = now
    item.embargo = form.embargo
    item.priority = form.priority
    item.channels = list(get_channels(session, form.channel_ids))


def _add_version(session: Session, actor: Actor, item: Item, form: ItemForm, now: datetime) -> Version:
    item.head += 1
    _place(session, item, form, now)
    version = Version(
        item_id=item.id,
        number=item.head,
        title=form.title.strip(),
        body=form.body,
        tags=list(form.tags),
        source=form.source.strip(),
        layout=form.layout,
        link_preview=form.link_preview,
        silent=form.silent,
        hash=_hash(session, form),
        created_at=now,
        created_by_id=actor.user_id,
        media=[
            VersionMedia(position=place, media_id=chosen.media_id, alt=chosen.alt, credit=chosen.credit)
            for place, chosen in enumerate(form.media)
        ],
        overrides=[
            EditionOverride(channel_id=channel_id, body=body) for channel_id, body in form.overrides.items()
        ],
    )
    session.add(version)
    session.flush()
    index_version(session, version)
    return version


def _hash(session: Session, form: ItemForm) -> str:
    files = [session.get_one(Media, chosen.media_id).sha256 for chosen in form.media]
    content = {
        "title": form.title.strip(),
        "body": form.body,
        "tags": list(form.tags),
        "source": form.source.strip(),
        "layout": form.layout,
        "link_preview": form.link_preview,
        "silent": form.silent,
        "overrides": {str(k): v for k, v in sorted(form.overrides.items())},
    }
    media = [(sha, chosen.alt, chosen.credit) for sha, chosen in zip(files, form.media, strict=True)]
    return version_hash(content, media)
