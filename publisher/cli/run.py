"""`publisher run`: desk, worker and sandbox together, looked after until Ctrl+C."""

import errno
import http.client
import signal
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from functools import partial

import click

from publisher.actions.people import invite_user
from publisher.cli.office import Command, Office
from publisher.cli.people import sign_in_address
from publisher.cli.processes import Part, make_part, stop_parts
from publisher.cli.sandbox_part import PATIENCE, folder, read_sandbox, sandbox_part
from publisher.cli.setup import set_up
from publisher.core.messages import N_
from publisher.core.permissions import COMMAND_LINE
from publisher.core.platforms import Realm
from publisher.demo.walls import Walls
from publisher.errors import RuleError, StoreError
from publisher.store.channels import find_live_worker, has_accounts
from publisher.store.demo import is_untouched
from publisher.store.locks import hold_lock
from publisher.store.people import find_administrator

LOOK_EVERY = 0.2
# How often we look whether somebody added the first account of the real networks.
REALM_EVERY = 2.0


@click.command(cls=Command)
@click.option("--host", help="Address the desk listens on.")
@click.option("--port", type=click.IntRange(1, 65535), help="Port of the desk.")
@click.pass_obj
def run(office: Office, host: str | None, port: int | None) -> None:
    """Start desk, worker and sandbox together; on the first start with the demo city."""
    office.listen(host, port)
    data = office.settings.data
    try:
        lock = hold_lock(data / "run.lock", "publisher run")
    except OSError as error:
        message = N_("cannot write to the data folder {folder}: {reason}")
        raise StoreError(message, folder=data, reason=error.strerror) from error
    with closing(lock), _stop_signal() as stop:
        _check_ports(office)
        newsroom = Newsroom(office, stop)
        try:
            newsroom.start()
            newsroom.look_after()
        finally:
            newsroom.stop()


class Newsroom:
    """All parts of one installation."""

    def __init__(self, office: Office, stop: threading.Event) -> None:
        self.office = office
        self.stopping = stop
        self.sandbox = sandbox_part(office)
        self.web = make_part(office, "web", "web", *_desk_address(office), is_ready=self._desk_is_ready)
        self.workers = {
            realm: make_part(
                office, f"worker-{realm}", "worker", "--realm", realm.value,
                is_ready=partial(self._worker_is_ready, realm),
            )
            for realm in Realm
        }  # fmt: skip
        self.parts: list[Part] = []

    def start(self) -> None:
        """Start the parts, load the demo city the first time, and say where everything is."""
        _ = self.office.vault  # made once, before two processes want it
        self._begin(self.sandbox)
        self._begin(self.web)
        set_up(self.office)
        if not self.sandbox.wait_until_ready(PATIENCE, self.stopping.is_set):
            return
        self._load_demo()
        self._begin(self.workers[Realm.SANDBOX])
        self._add_real_worker()
        for part in list(self.parts):
            if not part.wait_until_ready(PATIENCE, self.stopping.is_set):
                return
        self._welcome()

    def look_after(self) -> None:
        """Start again what dies, until a stop is asked for."""
        look_at_realms = time.monotonic() + REALM_EVERY
        while not self.stopping.wait(LOOK_EVERY):
            now = time.monotonic()
            for part in self.parts:
                if message := part.look_after(now):
                    seconds = max(1, round((part.restart_at or now) - now))
                    self.office.say(
                        message, part=part.name, line=part.last_line(), seconds=seconds, log=part.log
                    )
            if now >= look_at_realms:
                look_at_realms = now + REALM_EVERY
                self._add_real_worker()

    def stop(self) -> None:
        """Stop the workers and the desk, then the sandbox they speak to."""
        stop_parts([part for part in self.parts if part is not self.sandbox])
        stop_parts([self.sandbox])

    def _begin(self, part: Part) -> None:
        part.start()
        self.parts.append(part)

    def _add_real_worker(self) -> None:
        worker = self.workers[Realm.REAL]
        if worker in self.parts:
            return
        with self.office.store.reading() as session:
            wanted = has_accounts(session, Realm.REAL)
        if wanted:
            self._begin(worker)

    def _load_demo(self) -> None:
        office = self.office
        with office.store.reading() as session:
            is_first_start = is_untouched(session)
        if is_first_start:
            office.say(N_("Loading the demo city…"))
            # Telethon takes half a second to import: only the first start needs it here.
            from publisher.demo.load import load_demo

            walls = Walls(folder(office))
            load_demo(office.store, office.vault, office.media, office.settings, office.now(), walls)

    def _desk_is_ready(self, _pid: int) -> bool:
        web = self.office.settings.web
        connection = http.client.HTTPConnection(_reachable(web.host), web.port, timeout=5)
        try:
            connection.request("GET", "/session")
            return connection.getresponse().status < 500
        except OSError:
            return False
        finally:
            connection.close()

    def _worker_is_ready(self, realm: Realm, pid: int) -> bool:
        with self.office.store.reading() as session:
            return find_live_worker(session, realm, pid) is not None

    def _welcome(self) -> None:
        sandbox = read_sandbox(self.office)
        self.office.say(N_("Desk:     {address}"), address=self.office.settings.public_url)
        self.office.say(
            N_("Sandbox:  {address}"), address=f"http://{sandbox['host']}:{sandbox['http_port']}/"
        )
        self._print_link()
        self.office.say(N_("Ctrl+C stops everything."))

    def _print_link(self) -> None:
        with self.office.store.begin() as session:
            person = find_administrator(session)
            token = invite_user(session, COMMAND_LINE, person.id, self.office.now()) if person else None
        if person is None or token is None:
            self.office.say(N_("Nobody may sign in yet: `publisher user add` makes the first person."))
            return
        self.office.say(N_("Sign in once as {name}:"), name=person.name)
        click.echo(sign_in_address(self.office, token))


@contextmanager
def _stop_signal() -> Iterator[threading.Event]:
    """An event that Ctrl+C or SIGTERM sets."""
    stop = threading.Event()
    signals = [signal.SIGINT, signal.SIGTERM]
    before = [signal.signal(number, lambda *_: stop.set()) for number in signals]
    try:
        yield stop
    finally:
        for number, handler in zip(signals, before, strict=True):
            signal.signal(number, handler)


def _check_ports(office: Office) -> None:
    """Say which port is taken before anything is started."""
    settings = office.settings
    wanted = (
        (settings.web.host, settings.web.port, "--port"),
        ("127.0.0.1", settings.sandbox.port, "[sandbox] port"),
        ("127.0.0.1", settings.sandbox.telegram_port, "[sandbox] telegram_port"),
        ("127.0.0.1", settings.sandbox.mail_port, "[sandbox] mail_port"),
    )
    for host, port, setting in wanted:
        try:
            _try_port(host, port)
        except OSError as error:
            if error.errno == errno.EADDRINUSE:
                message = N_("Port {port} is taken by another program. Choose another one: {setting}.")
                raise RuleError("", message, port=str(port), setting=setting) from error
            message = N_("Cannot listen on {host}, port {port}: {reason}.")
            raise RuleError("", message, host=host, port=str(port), reason=error.strerror) from error


def _try_port(host: str, port: int) -> None:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        # As the servers do it: a port whose last connections are still ending is free.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        probe.bind((host, port))


def _desk_address(office: Office) -> tuple[str, ...]:
    return "--host", office.settings.web.host, "--port", str(office.settings.web.port)


def _reachable(host: str) -> str:
    """Where a desk that listens everywhere answers."""
    return {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)  # noqa: S104 - compared, not bound
