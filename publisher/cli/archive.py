"""`publisher archive`: what is published, as one file for everybody."""

from pathlib import Path

import click

from publisher.cli.office import Command, Office
from publisher.core.messages import N_
from publisher.core.platforms import Realm
from publisher.store.archive.metadata import write_metadata
from publisher.store.archive.read import archive_file, archive_realm
from publisher.store.archive.write import write_archive
from publisher.tracking.archive import labels_of


@click.command(cls=Command)
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False), required=False)
@click.option(
    "--realm",
    type=click.Choice([realm.value for realm in Realm]),
    help="Real or training; else the real one, unless the office has training accounts only.",
)
@click.option("--anew", is_flag=True, help="Build all of it again instead of adding what is new.")
@click.pass_obj
def archive(office: Office, file: Path | None, realm: str | None, anew: bool) -> None:
    """Write what is published into one file for everybody. Without FILE: the one in the data folder."""
    with office.store.reading() as session:
        chosen = Realm(realm) if realm else archive_realm(session)
    target = (file or archive_file(office.settings.data, chosen)).absolute()
    labels = labels_of(office.settings)
    made = write_archive(office.store, target, chosen, labels, office.now(), anew=anew)
    write_metadata(target, labels)
    message = N_("{file}: items {items}, posts {posts}, days with counts {days}.")
    office.say(message, file=target, items=made.items, posts=made.posts, days=made.days)
    changes = made.changes
    message = N_("Rows added {added}, changed {changed}, removed {removed}; the others stayed as they were.")
    office.say(message, added=changes.added, changed=changes.changed, removed=changes.removed)
    if made.realm is Realm.SANDBOX:
        office.say(N_("These are training data: nothing of it was ever public."))
