"""`publisher search`: find what was written; build the index anew."""

import click

from publisher.cli.channels import address_of
from publisher.cli.office import Command, Group, Office, iso, print_json, print_table
from publisher.core.messages import N_
from publisher.core.query import parse_query
from publisher.store.models import Channel, Version
from publisher.store.search import Order, SearchFilter, find_channels, find_versions, list_found
from publisher.store.search_index import begin_anew, fill_piece, read_filling
from publisher.wording import word

MOST = 50


@click.group(cls=Group)
def search() -> None:
    """Find what was written; build the index anew."""


@search.command(cls=Command)
@click.argument("words", nargs=-1, required=True, metavar="WORDS…")
@click.option("--newest", is_flag=True, help="By time of writing only, not headlines first.")
@click.option("--json", "as_json", is_flag=True, help="For programs.")
@click.pass_obj
def find(office: Office, words: tuple[str, ...], newest: bool, as_json: bool) -> None:
    """Items by any form of their words, and channels; the first fifty."""
    # A blank at the end: on the command line words are whole.
    query = parse_query(" ".join(words) + " ")
    order = Order.NEWEST if newest else Order.BEST
    with office.store.reading() as session:
        filling = read_filling(session)
        found = find_versions(session, query, SearchFilter(), order)
        versions = list_found(session, found.version_ids[:MOST])
        channels = find_channels(session, query, SearchFilter())[:MOST]
        if as_json:
            documents = [_document(version) for version in versions]
            named = [_channel_document(channel) for channel in channels]
            print_json({"complete": filling.is_complete, "items": documents, "channels": named})
            return
        rows = [_row(office, version) for version in versions]
        rows += [("", "", address_of(channel), channel.title) for channel in channels]
    if not filling.is_complete:
        office.say(N_("The index is being built; ready in per cent: {percent}."), percent=filling.percent)
    if rows:
        print_table(rows)
    else:
        office.say(N_("Nothing found."))


@search.command(cls=Command)
@click.pass_obj
def rebuild(office: Office) -> None:
    """Build the index anew, in pieces: others go on working, and what is in it stays findable."""
    with office.store.begin() as session:
        begin_anew(session)
    is_complete = False
    while not is_complete:
        with office.store.begin() as session:
            is_complete = fill_piece(session).is_complete
    office.say(N_("The index is built anew."))


def _document(version: Version) -> dict[str, object]:
    item = version.item
    return {
        "id": item.id, "slug": item.slug, "status": item.status, "version": version.number,
        "newest": version.number == item.head, "title": version.title, "written_at": iso(version.created_at),
    }  # fmt: skip


def _channel_document(channel: Channel) -> dict[str, object]:
    return {"channel": address_of(channel), "title": channel.title}


def _row(office: Office, version: Version) -> tuple[str, ...]:
    number = "" if version.number == version.item.head else f" ({version.number}/{version.item.head})"
    state = word(version.item.status, office.language)
    return (office.local(version.created_at), state, version.item.slug + number, version.title)
