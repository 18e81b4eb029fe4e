"""`publisher backup` and `restore`: the whole newsroom in one file."""

from contextlib import ExitStack, closing
from pathlib import Path

import click
from sqlalchemy import make_url

from publisher.cli.office import Command, Office
from publisher.core.messages import N_
from publisher.core.platforms import Realm
from publisher.errors import RuleError
from publisher.store.backup import is_empty, read_backup, write_backup
from publisher.store.locks import hold_lock

# Whoever works on the database while it is replaced would lose what it writes.
LOCKS = {
    "run": "publisher run",
    **{f"worker-{realm}": f"publisher worker --realm {realm}" for realm in Realm},
}


@click.command(cls=Command)
@click.argument("file", type=click.Path(path_type=Path))
@click.pass_obj
def backup(office: Office, file: Path) -> None:
    """Write database and media into one file. The key of the secrets is never inside."""
    database = _database(office)
    _ = office.store  # an older database is brought to this version first
    made = write_backup(database, office.settings.data / "media", file.absolute(), office.now())
    office.say(N_("{file}: the database and {count} files."), file=file, count=made.files)
    office.say(N_("The key is not inside: keep a copy of {key} elsewhere."), key=office.key_file)


@click.command(cls=Command)
@click.argument("file", type=click.Path(path_type=Path))
@click.option(
    "--replace", is_flag=True, help="Also where somebody has worked; the old database is put aside."
)
@click.pass_obj
def restore(office: Office, file: Path, replace: bool) -> None:
    """Bring a backup back. Everything comes up paused."""
    database = _database(office)
    if not replace and not is_empty(database):
        message = N_("{folder} is not empty: choose another folder, or give --replace.")
        raise RuleError("", message, folder=office.settings.data)
    with ExitStack() as locks:
        for name, whose in LOCKS.items():
            locks.enter_context(closing(hold_lock(office.settings.data / f"{name}.lock", whose)))
        made = read_backup(file, office.settings.data, database, office.now())
    _ = office.store  # recognised as a copy: paused, and what was not sent is held
    office.say(N_("Restored: the state of {at} with {count} files."), at=made.made_at, count=made.files)
    office.say(N_("Everything is paused. Look at the queue, then `publisher queue resume`."))
    if not office.key_file.exists():
        message = N_("The key is missing: put it at {file} before desk and worker start.")
        office.say(message, file=office.key_file)


def _database(office: Office) -> Path:
    url = make_url(office.settings.database_url)
    if url.get_backend_name() != "sqlite" or not url.database:
        raise RuleError("", N_("On PostgreSQL use pg_dump and pg_restore, and copy the media folder."))
    return Path(url.database).absolute()
