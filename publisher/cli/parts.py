"""`publisher web`, `worker`, `sandbox`: the parts, each a process of its own."""

import logging
import os
import signal
import sys
import threading

import click

from publisher.cli.office import Command, Office
from publisher.core.platforms import Realm
from publisher.errors import StoreError

# Set by `publisher run` for its parts: the pipe on standard input ends when it dies, and so do they.
TIED = "PUBLISHER_TIED_TO_PARENT"


@click.command(cls=Command)
@click.option("--host", help="Address the desk listens on.")
@click.option("--port", type=click.IntRange(0, 65535), help="Port of the desk.")
@click.pass_obj
def web(office: Office, host: str | None, port: int | None) -> None:
    """Start the desk alone."""
    from publisher.web.server import serve

    begin_part()
    office.listen(host, port)
    serve(office.settings, office.store, office.vault)


@click.command(cls=Command)
@click.option(
    "--realm",
    type=click.Choice([realm.value for realm in Realm]),
    default=Realm.REAL.value,
    show_default=True,
)
@click.pass_obj
def worker(office: Office, realm: str) -> None:
    """Start a worker alone: it sends, counts and checks."""
    from jobs import JOBS
    from publisher.worker import run_worker

    begin_part()
    run_worker(office.settings, Realm(realm), JOBS)


@click.command(cls=Command)
@click.option("--host", default="127.0.0.1", show_default=True, help="Address the sandbox listens on.")
@click.option("--port", type=click.IntRange(0, 65535), help="Port of its page; 0: any free one.")
@click.pass_obj
def sandbox(office: Office, host: str, port: int | None) -> None:
    """Start the sandbox alone: a stand-in for the networks."""
    from publisher.sandbox.server import CannotStart, serve

    begin_part()
    chosen = office.settings.sandbox
    folder = office.settings.data / "sandbox"
    try:
        page = chosen.port if port is None else port
        serve(folder, host, page, chosen.telegram_port, chosen.mail_port, chosen.seed)
    except CannotStart as error:
        raise StoreError(str(error)) from error


def begin_part() -> None:
    """What every long-lived process does first: log to stderr, and end with the process it belongs to."""
    logging.getLogger().setLevel(logging.INFO)
    # Each of their lines is one request or one tick.
    for chatty in ("apscheduler", "waitress.queue"):
        logging.getLogger(chatty).setLevel(logging.WARNING)
    if os.environ.get(TIED):
        threading.Thread(target=_end_with_parent, name="parent", daemon=True).start()


def _end_with_parent() -> None:
    # Not through sys.stdin: at the end the interpreter would wait for this thread to let go of it.
    while os.read(sys.stdin.fileno(), 1024):
        pass
    os.kill(os.getpid(), signal.SIGTERM)
