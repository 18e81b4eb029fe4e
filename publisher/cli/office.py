"""What every command works with: settings, the opened store, the key, the clock, and a voice."""

import json
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from publisher.config import Settings, load_settings
from publisher.core.messages import N_
from publisher.errors import ConfigError, NotFound, PublisherError, RuleError, StoreError
from publisher.wording import translate

if TYPE_CHECKING:
    # Loaded when a command first needs them: `publisher --help` and a usage error stay quick.
    from publisher.secrets import Vault
    from publisher.store.media import MediaStore
    from publisher.store.session import Store

MISSING = {
    "item": N_("There is no item {key}."),
    "channel": N_("There is no channel {key}. `publisher channel list` shows those that there are."),
    "account": N_("There is no account {key}. `publisher account list` shows those that there are."),
    "desk": N_("There is no desk {key}."),
}


class Office:
    """One installation as the command line sees it. Parts are opened when a command first needs them."""

    def __init__(self) -> None:
        self.config: Path | None = None
        self.data: Path | None = None
        self.debug = False

    def choose(self, *, config: Path | None = None, data: Path | None = None, debug: bool = False) -> None:
        """Take the global options in, before or after the command; the later one wins."""
        self.config = config or self.config
        self.data = data or self.data
        self.debug = debug or self.debug

    @cached_property
    def settings(self) -> Settings:
        """Raises ConfigError for settings that cannot be used."""
        return load_settings(self.config, self.data)

    def listen(self, host: str | None, port: int | None) -> None:
        """Let the desk's address of this run differ from the settings."""
        web = self.settings.web
        web = replace(web, host=host or web.host, port=web.port if port is None else port)
        self.settings = replace(self.settings, web=web)

    @cached_property
    def store(self) -> "Store":
        """The database, migrated to head. Raises StoreError."""
        from publisher.store.session import open_store

        return open_store(self.settings.database_url, self.now())

    @cached_property
    def vault(self) -> "Vault":
        """The installation's key, made on first use."""
        from publisher.secrets import Vault

        return Vault(self.key_file)

    @property
    def key_file(self) -> Path:
        """Where the key lies, whether it exists or not."""
        from publisher.secrets import key_file

        return key_file(self.settings.data)

    @cached_property
    def media(self) -> "MediaStore":
        """The media folder."""
        from publisher.store.media import MediaStore

        return MediaStore(self.settings.data / "media")

    def now(self) -> datetime:
        """The present instant."""
        return datetime.now(UTC)

    def close(self) -> None:
        """Let go of the database."""
        if "store" in self.__dict__:
            self.store.close()

    # The voice: results on stdout, in the office's language.

    @property
    def language(self) -> str:
        """The office's language; English while its settings cannot be read."""
        try:
            return self.settings.office.language
        except ConfigError:
            return "en"

    def text(self, message: str, **params: object) -> str:
        """A msgid in the office's language."""
        return translate(message, params, self.language)

    def say(self, message: str, **params: object) -> None:
        """Print a line for a person."""
        click.echo(self.text(message, **params))

    def explain(self, error: PublisherError) -> str:
        """An error as one line in the office's language."""
        if isinstance(error, RuleError | StoreError):
            # One line: what a database says may have several.
            return " ".join(translate(error.message, error.params, self.language).split())
        if isinstance(error, NotFound) and error.what in MISSING:
            return self.text(MISSING[error.what], key=str(error.key))
        return " ".join(str(error).split())

    def local(self, instant: datetime | None) -> str:
        """An instant as the city's clock shows it."""
        return instant.astimezone(self.settings.office.zone).strftime("%Y-%m-%d %H:%M") if instant else "—"


def print_json(document: object) -> None:
    """Print for a program: UTF-8, instants already ISO 8601 in UTC."""
    click.echo(json.dumps(document, ensure_ascii=False, indent=2))


def iso(instant: datetime | None) -> str | None:
    """An instant for JSON and CSV: ISO 8601 in UTC, to the second."""
    return instant.astimezone(UTC).isoformat(timespec="seconds") if instant else None


def print_table(rows: Sequence[Sequence[str]]) -> None:
    """Print rows in columns as wide as they need to be."""
    widths = [max(len(cell) for cell in column) for column in zip(*rows, strict=True)]
    for row in rows:
        click.echo("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())


def _choose(name: str) -> Callable[[click.Context, click.Parameter, Any], None]:
    def choose(ctx: click.Context, _parameter: click.Parameter, value: Any) -> None:
        if value:
            ctx.ensure_object(Office).choose(**{name: value})

    return choose


def _global_options() -> list[click.Parameter]:
    """The options that may stand before or after a command."""
    path = click.Path(path_type=Path)
    return [
        click.Option(
            ["--config"], type=path, expose_value=False, callback=_choose("config"),
            help="Settings file; else PUBLISHER_CONFIG, else config.toml beside the program.",
        ),
        click.Option(
            ["--data"], type=path, expose_value=False, callback=_choose("data"),
            help="Data folder; else PUBLISHER_DATA, else data/ beside the program.",
        ),
        click.Option(
            ["--debug"], is_flag=True, expose_value=False, callback=_choose("debug"),
            help="Show the traceback of an unexpected error.",
        ),
    ]  # fmt: skip


class Command(click.Command):
    """A command that also takes the global options."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.params += _global_options()


class Group(click.Group):
    """A group of commands; it and they take the global options."""

    command_class = Command

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.params += _global_options()
