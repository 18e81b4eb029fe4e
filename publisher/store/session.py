"""Opening the database: the engine, the session factory, and the check that this is not a copy."""

import hashlib
import os
import platform
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

from sqlalchemy import Connection, Engine, create_engine, event, inspect, make_url, text
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.exc import DatabaseError, InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as NoConnection
from sqlalchemy.orm import Session, sessionmaker
from sqlalchemy.pool import ConnectionPoolEntry

from publisher.core.messages import N_
from publisher.errors import StoreError
from publisher.store.models import Installation
from publisher.store.restored import hold_everything
from publisher.store.search_index import begin_filled

MIGRATIONS = Path(__file__).parent / "migrations"
BUSY_TIMEOUT_MS = 10_000
# What passes by itself: the database is locked, full, restarting or out of reach. Nothing was committed, or
# the answer to a commit was lost.
PASSING = (OperationalError, InterfaceError, NoConnection)


class Store:
    """An opened database. `begin` for work that writes, `reading` for work that promises not to."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self.is_sqlite = engine.dialect.name == "sqlite"
        self._writer = sessionmaker(engine, expire_on_commit=False)
        self._reader = sessionmaker(engine.execution_options(read_only=True), expire_on_commit=False)

    @contextmanager
    def begin(self) -> Iterator[Session]:
        """One transaction: committed at the end, rolled back when anything is raised."""
        with self._writer.begin() as session:
            yield session

    @contextmanager
    def reading(self) -> Iterator[Session]:
        """One consistent view that waits for no writer."""
        with self._reader() as session:
            yield session

    def close(self) -> None:
        """Let go of all connections."""
        self.engine.dispose()


def open_store(url: str, now: datetime) -> Store:
    """Migrate the database to head and open it.

    A database that was copied or restored elsewhere is paused, its unfinished operations held (design.md
    §5.12). Raises StoreError in words for the administrator when the database cannot be used.
    """
    engine = make_engine(url)
    try:
        migrate(engine)
        if not _is_at_home(engine):
            with Session(engine) as session, session.begin():
                recognise(session, now)
    except StoreError:
        engine.dispose()
        raise
    except (DatabaseError, OSError) as error:
        engine.dispose()
        message = N_("cannot use the database {address}: {reason}")
        raise StoreError(message, address=redacted(url), reason=reason_of(error)) from error
    return Store(engine)


def make_engine(url: str) -> Engine:
    """An engine with our settings for SQLite (WAL, foreign keys, immediate writers) or PostgreSQL."""
    target = make_url(url)
    if target.get_backend_name() == "postgresql":
        return create_engine(target.set(drivername="postgresql+psycopg"), pool_pre_ping=True)
    if target.database and target.database != ":memory:":
        try:
            Path(target.database).parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            message = N_("cannot create the data folder: {reason}")
            raise StoreError(message, reason=error.strerror) from error
    engine = create_engine(target, connect_args={"timeout": BUSY_TIMEOUT_MS / 1000})
    event.listen(engine, "connect", _prepare_sqlite)
    event.listen(engine, "begin", _begin_sqlite)
    return engine


def _prepare_sqlite(connection: DBAPIConnection, _record: ConnectionPoolEntry) -> None:
    # SQLAlchemy sends our own BEGIN below, so the driver must not send one of its own.
    connection.isolation_level = None
    cursor = connection.cursor()
    for pragma in (
        "journal_mode = WAL",
        # A claim must survive a power cut before the send leaves.
        "synchronous = FULL",
        "foreign_keys = ON",
        f"busy_timeout = {BUSY_TIMEOUT_MS}",
        "temp_store = MEMORY",
    ):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()
    # SQLite's own knows only the letters of English; searches must find «Мост» by «мост».
    connection.create_function("lower", 1, _lower, deterministic=True)


def _lower(value: object) -> object:
    return value.lower() if isinstance(value, str) else value


def _begin_sqlite(connection: Connection) -> None:
    # A transaction that reads first and writes later would fail with "database is locked" at once,
    # whatever the busy timeout; readers that promise not to write ask for a deferred one.
    deferred = connection.get_execution_options().get("read_only", False)
    connection.exec_driver_sql("BEGIN" if deferred else "BEGIN IMMEDIATE")


def migrate(engine: Engine) -> None:
    """Carry the tables to the newest revision; two processes starting at once do it one after the other.

    Raises StoreError for a database that a newer program has carried further.
    """
    if _is_newest(engine):
        return
    # A tenth of a second and ten megabytes that every other start does without.
    from alembic import command
    from alembic.config import Config
    from alembic.util import CommandError

    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    try:
        with engine.begin() as connection:
            if connection.dialect.name == "postgresql":
                connection.execute(text("SELECT pg_advisory_xact_lock(7265321)"))
            config.attributes["connection"] = connection
            command.upgrade(config, "head")
    except CommandError as error:
        # Alembic does not find the database's revision among ours.
        message = N_("the database {address} was made by a newer version of this program")
        raise StoreError(message, address=engine.url.render_as_string()) from error


def newest_revision() -> str:
    """The revision that this program's tables are in: the number that begins the newest file's name."""
    return max(file.name[:4] for file in (MIGRATIONS / "versions").glob("[0-9]*.py"))


def _is_newest(engine: Engine) -> bool:
    with engine.execution_options(read_only=True).connect() as connection:
        if not inspect(connection).has_table("alembic_version"):
            return False
        revision: str = connection.scalar(text("SELECT version_num FROM alembic_version"))
        return revision == newest_revision()


def _is_at_home(engine: Engine) -> bool:
    """Whether there is nothing to write: a start must not wait for somebody's long transaction."""
    with Session(engine.execution_options(read_only=True)) as session:
        installation = session.get(Installation, 1)
        return installation is not None and installation.fingerprint == fingerprint(session)


def recognise(session: Session, now: datetime) -> None:
    """Write the installation's row on the first start; on a copy, pause and hold everything."""
    here = fingerprint(session)
    installation = session.get(Installation, 1)
    if installation is None:
        session.add(Installation(id=1, uid=uuid.uuid4().hex, fingerprint=here, created_at=now))
        begin_filled(session)
    elif installation.fingerprint != here:
        hold_everything(session, installation, now)
        installation.fingerprint = here


def fingerprint(session: Session) -> str:
    """The place where the data lies: machine and file on SQLite, cluster and database on PostgreSQL.

    A moved or renamed data folder keeps it; a copied one does not, nor does a dump loaded elsewhere.
    """
    bind = session.get_bind()
    if bind.dialect.name == "postgresql":
        place = session.execute(
            text(
                "SELECT system_identifier::text || ':' ||"
                " (SELECT oid::text FROM pg_database WHERE datname = current_database())"
                " FROM pg_control_system()"
            )
        ).scalar_one()
    else:
        file = session.execute(text("SELECT file FROM pragma_database_list WHERE name = 'main'")).scalar_one()
        place = f"{_machine()}:{os.stat(file).st_ino if file else 'memory'}"
    return hashlib.sha256(place.encode()).hexdigest()


def _machine() -> str:
    for file in ("/etc/machine-id", "/var/lib/dbus/machine-id"):
        try:
            if known := Path(file).read_text("ascii").strip():
                return known
        except OSError:
            continue
    return f"{platform.node()}:{uuid.getnode()}"


def redacted(url: str) -> str:
    """The address without its password."""
    return make_url(url).render_as_string(hide_password=True)


def reason_of(error: Exception) -> str:
    """The database's own words for what is wrong, in one line."""
    cause = getattr(error, "orig", None) or error
    return (str(cause).strip() or type(cause).__name__).splitlines()[0]
