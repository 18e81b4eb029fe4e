"""`publisher item`: news items by command."""

from datetime import datetime
from pathlib import Path

import click
from sqlalchemy.orm import Session

from publisher.actions.correct import correct_item
from publisher.actions.kill import kill_item
from publisher.actions.media import StoredFile, add_media, take_file
from publisher.actions.publish import publish_item
from publisher.actions.save import ChosenMedia, ItemForm, create_item, save_item
from publisher.cli.channels import address_of
from publisher.cli.desks import main_desk
from publisher.cli.item_documents import error_text, item_document
from publisher.cli.office import Command, Group, Office, print_json, print_table
from publisher.core.editions import Layout
from publisher.core.frontmatter import Story, parse_story
from publisher.core.messages import N_
from publisher.core.permissions import COMMAND_LINE
from publisher.core.schedule import AmbiguousTime, parse_local
from publisher.errors import NotFound, RuleError
from publisher.store.channels import get_channel_by_address, get_desk, list_channels
from publisher.store.items import find_item_by_slug, get_item, get_version
from publisher.store.models import Item, Version
from publisher.store.outbox import list_operations
from publisher.wording import word

FILE = click.Path(path_type=Path)


@click.group(cls=Group)
def item() -> None:
    """News items: add, show, correct, withdraw."""


@item.command(cls=Command)
@click.argument("file", type=FILE, metavar="FILE.md")
@click.option("--to", "addresses", multiple=True, metavar="CHANNEL", help="telegram:@krd_news; repeatable.")
@click.option("--to-all", is_flag=True, help="All channels.")
@click.option("--media", "files", multiple=True, type=FILE, help="A picture or document; repeatable.")
@click.option("--at", metavar="TIME", help='By the city\'s clock, "2026-12-01 09:00".')
@click.option("--now", "at_once", is_flag=True, help="Publish now, without the time to take it back.")
@click.option("--json", "as_json", is_flag=True, help="Print the item as `item show --json` does.")
@click.pass_obj
def add(
    office: Office,
    file: Path,
    addresses: tuple[str, ...],
    to_all: bool,
    files: tuple[Path, ...],
    at: str | None,
    at_once: bool,
    as_json: bool,
) -> None:
    """Add an item; with --at or --now also publish it. Without them it stays a draft."""
    if addresses and to_all:
        raise click.UsageError("Choose --to or --to-all.")
    if at and at_once:
        raise click.UsageError("Choose --at or --now.")
    story = read_story(file)
    now = office.now()
    due = _parse_time(office, at) if at else None
    stored = [_take_in(office, path) for path in files]
    with office.store.begin() as session:
        form = ItemForm(
            title=story.title,
            body=story.body,
            desk_id=(get_desk(session, story.desk) if story.desk else main_desk(session, office)).id,
            channel_ids=_channel_ids(session, addresses, to_all=to_all),
            media=tuple(
                ChosenMedia(media_id=add_media(session, COMMAND_LINE, taken, now).id) for taken in stored
            ),
            tags=story.tags,
            source=story.source,
            slug=story.slug,
            layout=story.layout or Layout.CAPTION,
        )
        added = create_item(session, COMMAND_LINE, form, now)
        if at_once or due is not None:
            publish_item(session, COMMAND_LINE, added.id, office.settings.delivery, now, due=due)
        item_id = added.id
    _report(office, item_id, as_json=as_json)


@item.command(cls=Command)
@click.argument("item_id", metavar="ID")
@click.option("--json", "as_json", is_flag=True, help="For programs.")
@click.pass_obj
def show(office: Office, item_id: str, as_json: bool) -> None:
    """An item (by number or slug) and where it stands."""
    with office.store.reading() as session:
        found = _find_item(session, item_id).id
    _report(office, found, as_json=as_json)


@item.command(cls=Command)
@click.argument("item_id", metavar="ID")
@click.argument("file", type=FILE, metavar="FILE.md")
@click.pass_obj
def correct(office: Office, item_id: str, file: Path) -> None:
    """Save the file as a new version and bring it to everyone who got the item.

    Channels, media and what the file leaves out stay as they were; texts written for single channels give
    way to the file's.
    """
    story = read_story(file)
    now = office.now()
    with office.store.begin() as session:
        found = _find_item(session, item_id)
        version = get_version(session, found)
        form = _corrected(session, found, version, story)
        save_item(session, COMMAND_LINE, found.id, form, now)
        carried = correct_item(session, COMMAND_LINE, found.id, office.settings.delivery, now)
    office.say(
        N_("“{slug}”, version {version}: corrections planned: {added}, replaced before sending: {replaced}."),
        version=found.head, slug=found.slug, added=len(carried.added), replaced=len(carried.replaced),
    )  # fmt: skip
    if version.overrides:
        office.say(N_("Texts of single channels gave way: {count}."), count=len(version.overrides))


@item.command(cls=Command)
@click.argument("item_id", metavar="ID")
@click.option("--reason", required=True, help="Readers may be shown it.")
@click.pass_obj
def kill(office: Office, item_id: str, reason: str) -> None:
    """Withdraw an item from everyone who got it."""
    now = office.now()
    with office.store.begin() as session:
        found = _find_item(session, item_id)
        carried = kill_item(session, COMMAND_LINE, found.id, reason, office.settings.delivery, now)
    office.say(
        N_("“{slug}” is withdrawn: withdrawals planned: {added}, cancelled before sending: {cancelled}."),
        slug=found.slug, added=len(carried.added), cancelled=len(carried.cancelled),
    )  # fmt: skip


def read_story(file: Path) -> Story:
    """The story in the file. Raises RuleError at "file" naming the line, or the file that is no text."""
    try:
        return parse_story(file.read_bytes().decode())
    except OSError as error:
        message = N_("{file} cannot be read: {reason}.")
        raise RuleError("file", message, file=file, reason=error.strerror) from error
    except UnicodeDecodeError as error:
        raise RuleError("file", N_("{file} is not a text in UTF-8."), file=file) from error


def _parse_time(office: Office, text: str) -> datetime:
    try:
        return parse_local(text, office.settings.office.zone, field="at")
    except AmbiguousTime as error:
        message = N_(
            "The clocks are put back that night: this time comes twice. "
            "Say which one with its offset, as in “2026-10-25 02:30+03:00”."
        )
        raise RuleError("at", message) from error


def _channel_ids(session: Session, addresses: tuple[str, ...], *, to_all: bool) -> tuple[int, ...]:
    channels = (
        list_channels(session)
        if to_all
        else [get_channel_by_address(session, address) for address in addresses]
    )
    return tuple(dict.fromkeys(channel.id for channel in channels))


def _take_in(office: Office, path: Path) -> StoredFile:
    try:
        with path.open("rb") as stream:
            return take_file(office.media, stream, path.name, office.settings.media)
    except OSError as error:
        message = N_("{file} cannot be read: {reason}.")
        raise RuleError("media", message, file=path, reason=error.strerror) from error


def _corrected(session: Session, found: Item, version: Version, story: Story) -> ItemForm:
    """The file over the newest version."""
    return ItemForm(
        title=story.title,
        body=story.body,
        desk_id=get_desk(session, story.desk).id if story.desk else found.desk_id,
        channel_ids=tuple(channel.id for channel in found.channels if channel.retired_at is None),
        media=tuple(
            ChosenMedia(media_id=place.media_id, alt=place.alt, credit=place.credit)
            for place in version.media
        ),
        tags=story.tags or tuple(version.tags),
        source=story.source or version.source,
        slug=story.slug,
        layout=story.layout or version.layout,
        link_preview=version.link_preview,
        silent=version.silent,
        embargo=found.embargo,
        priority=found.priority,
        base=found.head,
    )


def _find_item(session: Session, text: str) -> Item:
    """By number, else by slug. Raises NotFound."""
    if text.isdecimal() and len(text) < 10:
        return get_item(session, int(text))
    found = find_item_by_slug(session, text)
    if found is None:
        raise NotFound("item", text)
    return found


def _report(office: Office, item_id: int, *, as_json: bool) -> None:
    with office.store.reading() as session:
        if as_json:
            print_json(item_document(office, session, item_id))
            return
        shown = get_item(session, item_id)
        operations = list_operations(session, item_id)
        office.say(
            N_("{id}  {slug}  {status}, version {version}"),
            id=str(shown.id), slug=shown.slug, status=word(shown.status, office.language), version=shown.head,
        )  # fmt: skip
        rows = [
            (
                address_of(operation.channel),
                word(operation.kind, office.language),
                word(operation.state, office.language),
                office.local(operation.sent_at or operation.due),
                (post.permalink if post else "") or error_text(office, operation) or "",
            )
            for operation, post in operations
        ]
    if rows:
        print_table(rows)
