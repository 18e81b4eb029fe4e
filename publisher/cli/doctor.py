"""`publisher doctor`: where everything lies, and what is not in order. It looks and changes nothing."""

import os
import platform
import shutil
import sqlite3
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from importlib.metadata import version
from pathlib import Path

import click
from sqlalchemy import Engine, make_url
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from publisher.cli.channels import address_of
from publisher.cli.office import Command, Office, iso, print_json, print_table
from publisher.core.messages import N_
from publisher.core.states import AccountState, ChannelState, OperationState
from publisher.errors import RuleError, StoreError
from publisher.secrets import Vault
from publisher.store.audience import count_misplaced_days
from publisher.store.audit import find_newest_act
from publisher.store.channels import list_accounts, list_channels
from publisher.store.frame import Situation, read_situation
from publisher.store.models import Account, Installation
from publisher.store.outbox import count_states
from publisher.store.revisions import database_revision
from publisher.store.session import fingerprint, make_engine, newest_revision, redacted
from publisher.wording import translate_reason, word

GIGABYTE = 1024**3
LITTLE_ROOM = 1 * GIGABYTE
SILENT_FOR = timedelta(seconds=30)
LIBRARIES = ("alembic", "flask", "flask-security-too", "sqlalchemy", "telethon", "waitress")


class State(StrEnum):
    """How a thing is: in order, worth knowing, or in need of a person."""

    OK = "ok"
    NOTE = "note"
    PROBLEM = "problem"


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """One thing that was looked at; `text` is in the office's language."""

    name: str
    state: State
    text: str


@click.command(cls=Command)
@click.option("--json", "as_json", is_flag=True, help="For programs.")
@click.pass_obj
def doctor(office: Office, as_json: bool) -> None:
    """Say where data, key and database lie and what is not in order. Exit code 1 if something is not."""
    checks = list(examine(office))
    problems = [check for check in checks if check.state is State.PROBLEM]
    if as_json:
        print_json({**_places(office), "ok": not problems, "checks": [asdict(check) for check in checks]})
    else:
        marks = {State.OK: " ", State.NOTE: "·", State.PROBLEM: "!"}
        print_table([(marks[check.state], check.name, check.text) for check in checks])
    if problems:
        raise RuleError("", N_("Not in order: {names}."), names=", ".join(p.name for p in problems))


def examine(office: Office) -> Iterator[Check]:
    """Everything, from the disk upwards; what depends on a database that is not there is left out."""
    yield _versions()
    yield _data_folder(office)
    yield _disk(office)
    yield _key(office)
    yield _mail(office)
    engine = _find_engine(office)
    if engine is None:
        yield Check(
            name="database", state=State.NOTE, text=office.text(N_("There is none yet: `publisher init`."))
        )
        return
    try:
        yield from _database(office, engine)
    except (SQLAlchemyError, StoreError) as error:
        reason = str(getattr(error, "orig", None) or error).strip().splitlines()[0]
        yield Check(name="database", state=State.PROBLEM, text=f"{_address(office)}: {reason}")
    finally:
        engine.dispose()


def _places(office: Office) -> dict[str, object]:
    return {
        "data": str(office.settings.data),
        "config": str(office.settings.file),
        "key": str(office.key_file),
        "database": _address(office),
        "media": str(office.settings.data / "media"),
        "logs": str(office.settings.data / "logs"),
        "at": iso(office.now()),
    }


def _address(office: Office) -> str:
    return redacted(office.settings.database_url)


def _versions() -> Check:
    libraries = ", ".join(f"{name} {version(name)}" for name in LIBRARIES)
    text = f"Python {platform.python_version()}, SQLite {sqlite3.sqlite_version}, {libraries}"
    return Check(name="versions", state=State.OK, text=text)


def _data_folder(office: Office) -> Check:
    folder = office.settings.data
    if not folder.exists():
        text = office.text(N_("{folder} does not exist yet: `publisher init`."), folder=folder)
        return Check(name="data", state=State.NOTE, text=text)
    if not folder.is_dir():
        text = office.text(N_("{folder} is no folder."), folder=folder)
        return Check(name="data", state=State.PROBLEM, text=text)
    return Check(name="data", state=State.OK, text=str(folder))


def _disk(office: Office) -> Check:
    folder = _nearest_folder(office.settings.data)
    free = shutil.disk_usage(folder).free
    state = State.OK if free >= LITTLE_ROOM else State.PROBLEM
    text = office.text(N_("{free} GB free at {folder}."), free=f"{free / GIGABYTE:.1f}", folder=folder)
    return Check(name="disk", state=state, text=text)


def _nearest_folder(folder: Path) -> Path:
    return next(place for place in (folder, *folder.parents) if place.is_dir())


def _key(office: Office) -> Check:
    """Where the key lies; whether it opens the secrets is told with the accounts."""
    file = office.key_file
    if not file.exists():
        text = office.text(N_("{file} is not there yet."), file=file)
        return Check(name="key", state=State.NOTE, text=text)
    try:
        Vault(file)
    except StoreError as error:
        return Check(name="key", state=State.PROBLEM, text=office.explain(error))
    text = office.text(N_("{file}. It is not in the backup: keep a copy elsewhere."), file=file)
    return Check(name="key", state=State.OK, text=text)


def _mail(office: Office) -> Check:
    """Whether the settings are whole; `publisher mail test` tries them."""
    mail = office.settings.mail
    if not mail.server:
        text = office.text(N_("No mail server: no letters are sent."))
        return Check(name="mail", state=State.NOTE, text=text)
    for file in filter(None, (mail.password_file if mail.user else "", mail.ca_file)):
        if not os.access(file, os.R_OK):
            text = office.text(N_("Cannot read {file}."), file=file)
            return Check(name="mail", state=State.PROBLEM, text=text)
    return Check(name="mail", state=State.OK, text=f"{mail.server}, {mail.security}, {mail.sender}")


def _find_engine(office: Office) -> Engine | None:
    """The database without touching it; None where a file that is not there would be created."""
    url = make_url(office.settings.database_url)
    is_file = url.get_backend_name() == "sqlite"
    if is_file and not Path(url.database or "").exists():
        return None
    return make_engine(office.settings.database_url)


def _database(office: Office, engine: Engine) -> Iterator[Check]:
    revision, head = database_revision(engine), newest_revision()
    if revision != head:
        message = N_("{address}: its tables are in state {revision}, this program's in {head}.")
        text = office.text(message, address=_address(office), revision=revision or "—", head=head)
        yield Check(name="database", state=State.NOTE if revision is None else State.PROBLEM, text=text)
        return
    text = office.text(N_("{address}, tables in state {head}."), address=_address(office), head=head)
    yield Check(name="database", state=State.OK, text=text)
    with Session(engine.execution_options(read_only=True)) as session:
        now = office.now()
        situation = read_situation(session, now, SILENT_FOR)
        yield _clock(office, session, now)
        yield _place(office, session)
        yield _paused(office, situation)
        yield from _workers(office, situation)
        yield from _accounts(office, session)
        yield from _channels(office, session)
        yield _queue(office, session)
        yield _counts(office, session)


def _clock(office: Office, session: Session, now: datetime) -> Check:
    newest = find_newest_act(session)
    zone = office.settings.office.timezone
    if newest is not None and newest > now + timedelta(minutes=1):
        message = N_("The clock of this machine went back: the newest entry is from {newest}.")
        text = office.text(message, newest=office.local(newest))
        return Check(name="clock", state=State.PROBLEM, text=text)
    text = f"{office.local(now)} {zone}, {now.astimezone(UTC):%H:%M} UTC"
    return Check(name="clock", state=State.OK, text=text)


def _place(office: Office, session: Session) -> Check:
    """Whether this is the place where the data was last used (docs/decisions/0002)."""
    if session.get_one(Installation, 1).fingerprint == fingerprint(session):
        return Check(
            name="place", state=State.OK, text=office.text(N_("The data lies where it was used last."))
        )
    message = N_("This is a copy: at the next start everything is paused until a person has looked.")
    return Check(name="place", state=State.NOTE, text=office.text(message))


def _paused(office: Office, situation: Situation) -> Check:
    if situation.paused_at is None:
        return Check(name="paused", state=State.OK, text=office.text(N_("Nothing is paused.")))
    text = office.text(N_("Everything is paused since {since}."), since=office.local(situation.paused_at))
    return Check(name="paused", state=State.NOTE, text=text)


def _workers(office: Office, situation: Situation) -> Iterator[Check]:
    for realm in sorted(situation.realms | situation.live_realms):
        is_alive = realm in situation.live_realms
        text = office.text(N_("A worker runs.") if is_alive else N_("No worker runs: nothing is sent."))
        yield Check(name=f"worker {realm}", state=State.OK if is_alive else State.NOTE, text=text)


def _accounts(office: Office, session: Session) -> Iterator[Check]:
    for account in list_accounts(session):
        states = {AccountState.OK: State.OK, AccountState.NEW: State.NOTE, AccountState.DOWN: State.PROBLEM}
        state, text = states[account.state], _state_text(office, account.state, account.reason)
        if not _opens(office, account):
            state, text = State.PROBLEM, office.text(N_("The key does not open its secrets."))
        yield Check(name=f"account {account.name}", state=state, text=text)


def _opens(office: Office, account: Account) -> bool:
    if not office.key_file.exists():
        return False
    try:
        Vault(office.key_file).open(account.credentials)
    except StoreError:
        return False
    return True


def _channels(office: Office, session: Session) -> Iterator[Check]:
    channels = list_channels(session)
    for channel in channels:
        if channel.state is not ChannelState.OK:
            state = State.NOTE if channel.state is ChannelState.NEW else State.PROBLEM
            text = _state_text(office, channel.state, channel.reason)
            yield Check(name=address_of(channel), state=state, text=text)
    working = sum(channel.state is ChannelState.OK for channel in channels)
    text = office.text(N_("{working} of {count} work."), working=working, count=len(channels))
    yield Check(name="channels", state=State.OK, text=text)


def _queue(office: Office, session: Session) -> Check:
    states = count_states(session)
    wanting = (OperationState.FAILED, OperationState.HELD, OperationState.UNCONFIRMED)
    count = sum(states.get(state, 0) for state in wanting)
    if count:
        text = office.text(N_("Waiting for a person: {count}."), count=count)
        return Check(name="queue", state=State.NOTE, text=text)
    return Check(name="queue", state=State.OK, text=office.text(N_("Nothing waits for a person.")))


def _counts(office: Office, session: Session) -> Check:
    """Whether the days of subscribers are those of the city's present time zone."""
    zone = office.settings.office.zone
    misplaced = count_misplaced_days(session, zone)
    if misplaced:
        message = N_("Days of another time zone: {count}. Make them anew: `publisher counts rebuild`.")
        return Check(name="counts", state=State.PROBLEM, text=office.text(message, count=misplaced))
    text = office.text(N_("The days are those of {zone}."), zone=zone.key)
    return Check(name="counts", state=State.OK, text=text)


def _state_text(office: Office, state: AccountState | ChannelState, reason: dict[str, object] | None) -> str:
    words = [word(state, office.language), translate_reason(reason, office.language)]
    return ". ".join(filter(None, words))
