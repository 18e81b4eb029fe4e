"""config.toml -> frozen settings. Every setting has one record here: default, unit and help."""

import os
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from datetime import datetime
from pathlib import Path
from typing import Any, cast, get_type_hints
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from publisher.errors import ConfigError

ROOT = Path(__file__).resolve().parent.parent


def setting(default: object, text: str, unit: str = "") -> Any:
    """Declare one setting: its default, what it is for and, for numbers, the unit."""
    return field(default=default, metadata={"help": text, "unit": unit})


@dataclass(frozen=True, slots=True, kw_only=True)
class Office:
    """[office]"""

    name: str = setting("Администрация города", "name of the office, shown on every page")
    timezone: str = setting("Europe/Moscow", "the city's time zone, an IANA name")
    language: str = setting("ru", "language of the interface and the command line: ru or en")

    @property
    def zone(self) -> ZoneInfo:
        """The city's zone."""
        return ZoneInfo(self.timezone)


@dataclass(frozen=True, slots=True, kw_only=True)
class Web:
    """[web]"""

    host: str = setting("127.0.0.1", "address the desk listens on")
    port: int = setting(8080, "port of the desk")
    public_url: str = setting("", "address people type; empty: http://host:port")
    trusted_hosts: tuple[str, ...] = setting((), "host names the desk answers to, besides its own address")
    proxy_headers: bool = setting(
        False, "trust X-Forwarded-For, -Proto and -Host of the proxy in front of the desk"
    )
    threads: int = setting(8, "requests served at the same time", "threads")
    session_hours: int = setting(12, "a signed-in session ends after so long without use", "hours")


@dataclass(frozen=True, slots=True, kw_only=True)
class Database:
    """[database]"""

    url: str = setting("", "SQLAlchemy address; empty: SQLite in the data folder")


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """[delivery]"""

    undo_seconds: int = setting(15, "time to take back “publish now” on the screen", "seconds")
    stale_minutes: int = setting(120, "a post later than this is held and asked about", "minutes")
    emergency_stale_minutes: int = setting(15, "the same for emergencies", "minutes")
    send_timeout_seconds: int = setting(20, "a send without an answer is unknown after this", "seconds")
    lease_seconds: int = setting(60, "a worker silent for so long loses its accounts", "seconds")
    in_flight: int = setting(64, "sends under way at once in one worker", "sends")


@dataclass(frozen=True, slots=True, kw_only=True)
class Telegram:
    """[telegram]"""

    server: str = setting("", "another Telegram-compatible server, host:port; empty: Telegram's own")
    server_key: str = setting("", "PEM file with that server's public RSA key")
    channel_per_second: float = setting(1.0, "messages to one channel; 0: no limit", "messages/s")
    account_per_second: float = setting(25.0, "messages by one account; 0: no limit", "messages/s")


@dataclass(frozen=True, slots=True, kw_only=True)
class Mail:
    """[mail]"""

    server: str = setting("", "mail server that takes our letters, host:port; empty: no letters")
    security: str = setting("starttls", "how the way to it is protected: starttls, tls or none")
    user: str = setting("", "name to sign in with; empty: without signing in")
    password_file: str = setting("", "file with the password, when there is a name")
    sender: str = setting("", "address that letters come from")
    ca_file: str = setting("", "PEM file with certificates to trust besides the system's; empty: none")


@dataclass(frozen=True, slots=True, kw_only=True)
class Routine:
    """[routine]"""

    digest_time: str = setting("08:00", "when the past week's digest is made on Mondays, the city's time")
    archive_time: str = setting("03:30", "when the public archive is brought up to date each night")


@dataclass(frozen=True, slots=True, kw_only=True)
class Sandbox:
    """[sandbox]"""

    port: int = setting(8090, "port of the sandbox's page")
    telegram_port: int = setting(8091, "port of the sandbox's Telegram server")
    mail_port: int = setting(8092, "port of the sandbox's mail server")
    seed: int = setting(2024, "seed of the sandbox's readers")


@dataclass(frozen=True, slots=True, kw_only=True)
class Media:
    """[media]"""

    max_megabytes: int = setting(30, "largest file an editor may upload", "MB")
    max_megapixels: int = setting(80, "largest picture after decoding", "megapixels")


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """All settings of one process, and where its data lies."""

    office: Office = Office()
    web: Web = Web()
    database: Database = Database()
    delivery: Delivery = Delivery()
    telegram: Telegram = Telegram()
    mail: Mail = Mail()
    routine: Routine = Routine()
    sandbox: Sandbox = Sandbox()
    media: Media = Media()
    data: Path = ROOT / "data"
    file: Path | None = None

    @property
    def database_url(self) -> str:
        """Where the rows lie."""
        return self.database.url or f"sqlite:///{self.data / 'newsroom.sqlite'}"

    @property
    def public_url(self) -> str:
        """The address of the desk without a slash at its end."""
        return (self.web.public_url or f"http://{self.web.host}:{self.web.port}").rstrip("/")


SECTIONS = {name: kind for name, kind in get_type_hints(Settings).items() if name not in {"data", "file"}}


def load_settings(
    file: Path | None = None, data: Path | None = None, environ: Mapping[str, str] = os.environ
) -> Settings:
    """Settings from config.toml, then the environment, then the caller.

    Raises ConfigError naming the key for a missing or damaged file, an unknown key or a wrong value.
    """
    path = file or _path(environ.get("PUBLISHER_CONFIG")) or ROOT / "config.toml"
    sections = _read_sections(path)
    data = data or _path(environ.get("PUBLISHER_DATA")) or ROOT / "data"
    settings = Settings(**cast(Any, sections), data=data.absolute(), file=path)
    if url := environ.get("PUBLISHER_DATABASE_URL"):
        settings = _with(settings, "database", Database(url=url))
    _check(settings)
    return settings


def _path(text: str | None) -> Path | None:
    return Path(text) if text else None


def _with(settings: Settings, section: str, value: object) -> Settings:
    values = {f.name: getattr(settings, f.name) for f in fields(settings)}
    return Settings(**{**values, section: value})


def _read_sections(path: Path) -> dict[str, object]:
    try:
        document = tomllib.loads(path.read_text("utf-8"))
    except OSError as error:
        raise ConfigError(str(path), error.strerror or "an unreadable file", "a readable file") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigError(str(path), str(error), "TOML in UTF-8") from error
    sections: dict[str, object] = {}
    for name, values in document.items():
        if name not in SECTIONS:
            raise ConfigError(f"[{name}]", "an unknown section", " ".join(sorted(SECTIONS)))
        if not isinstance(values, dict):
            raise ConfigError(name, repr(values), f"a section [{name}]")
        sections[name] = _section(name, SECTIONS[name], values)
    return sections


def _section(name: str, kind: type, values: dict[str, object]) -> object:
    hints = get_type_hints(kind)
    known = {f.name for f in fields(kind)}
    for key in values:
        if key not in known:
            raise ConfigError(f"{name}.{key}", "an unknown setting", " ".join(sorted(known)))
    return kind(**{key: _typed(f"{name}.{key}", hints[key], value) for key, value in values.items()})


def _typed(key: str, kind: type, value: object) -> object:
    if kind == tuple[str, ...]:
        if isinstance(value, list) and all(isinstance(v, str) for v in value):
            return tuple(value)
        raise ConfigError(key, repr(value), "a list of texts")
    if kind is float and type(value) is int:
        return float(value)
    if type(value) is not kind:
        raise ConfigError(key, repr(value), KINDS[kind])
    return value


KINDS = {str: "a text", int: "a whole number", float: "a number", bool: "true or false"}
DATABASES = {"", "sqlite", "postgresql", "postgresql+psycopg"}
PORTS = {"web.port", "sandbox.port", "sandbox.telegram_port", "sandbox.mail_port"}
POSITIVE = {
    "web.threads", "web.session_hours", "delivery.stale_minutes", "delivery.emergency_stale_minutes",
    "delivery.send_timeout_seconds", "delivery.lease_seconds", "delivery.in_flight",
    "media.max_megabytes", "media.max_megapixels",
}  # fmt: skip


def _check(settings: Settings) -> None:
    _check_office(settings.office)
    for section in SECTIONS:
        for f in fields(getattr(settings, section)):
            _check_number(f"{section}.{f.name}", getattr(getattr(settings, section), f.name))
    _check_database(settings.database)
    _check_delivery(settings.delivery)
    _check_telegram(settings.telegram)
    _check_mail(settings.mail)
    _check_routine(settings.routine)


def _check_office(office: Office) -> None:
    try:
        _ = office.zone
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise ConfigError("office.timezone", office.timezone, "a name such as Europe/Moscow") from error
    if office.language not in {"ru", "en"}:
        raise ConfigError("office.language", office.language, "ru or en")


def _check_number(key: str, value: object) -> None:
    if not isinstance(value, int | float) or isinstance(value, bool):
        return
    lowest = 1 if key in POSITIVE else 0
    if value < lowest:
        raise ConfigError(key, str(value), f"{lowest} or more")
    if key in PORTS and value > 65535:
        raise ConfigError(key, str(value), "0 to 65535")


def _check_database(database: Database) -> None:
    kind = database.url.partition("://")[0]
    if kind not in DATABASES:
        # Not the whole address: a password may be in it.
        raise ConfigError("database.url", kind, "sqlite:///… or postgresql://…")


def _check_delivery(delivery: Delivery) -> None:
    if delivery.lease_seconds < 2 * delivery.send_timeout_seconds:
        expected = "at least twice send_timeout_seconds"
        raise ConfigError("delivery.lease_seconds", str(delivery.lease_seconds), expected)


def _check_telegram(telegram: Telegram) -> None:
    if bool(telegram.server) != bool(telegram.server_key):
        raise ConfigError("telegram.server", telegram.server, "server and server_key together")
    if telegram.server and not telegram.server.rpartition(":")[2].isdigit():
        raise ConfigError("telegram.server", telegram.server, "host:port")


def _check_mail(mail: Mail) -> None:
    if mail.server and not mail.server.rpartition(":")[2].isdigit():
        raise ConfigError("mail.server", mail.server, "host:port")
    if mail.security not in {"starttls", "tls", "none"}:
        raise ConfigError("mail.security", mail.security, "starttls, tls or none")
    if mail.server and not mail.sender:
        raise ConfigError("mail.sender", mail.sender, "an address, since there is a server")
    if mail.user and not mail.password_file:
        raise ConfigError("mail.password_file", mail.password_file, "a file, since there is a name")


def _check_routine(routine: Routine) -> None:
    for f in fields(routine):
        text = getattr(routine, f.name)
        try:
            datetime.strptime(text, "%H:%M")  # noqa: DTZ007 - a time of day has no zone
        except ValueError as error:
            raise ConfigError(f"routine.{f.name}", text, "a time such as 08:00") from error
