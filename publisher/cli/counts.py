"""`publisher counts`: subscribers, counted now, exported or imported; their days made anew."""

import csv
import json
import sys
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click

from publisher.actions.accounts import request_counts
from publisher.cli.channels import address_of
from publisher.cli.growth import DAY
from publisher.cli.imports import import_options, run_import
from publisher.cli.office import Command, Group, Office
from publisher.cli.rebuild import rebuild
from publisher.cli.requests import wait_for, wait_option
from publisher.core.guessing import Kind
from publisher.core.messages import N_
from publisher.core.permissions import COMMAND_LINE
from publisher.core.platforms import Realm
from publisher.core.spreadsheets import Cell, to_xlsx
from publisher.errors import RuleError
from publisher.store.audience import day_bounds, iterate_counts
from publisher.store.channels import list_accounts

COLUMNS = ("channel", "network", "taken_at", "value", "source")


@click.group(cls=Group)
def counts() -> None:
    """Subscribers: count now, export, import, make their days anew."""


counts.add_command(rebuild)


@counts.command(cls=Command)
@wait_option
@click.pass_obj
def take(office: Office, wait: int) -> None:
    """Let the workers count every channel now, and wait for them."""
    with office.store.begin() as session:
        realms = sorted({account.realm for account in list_accounts(session)}) or [Realm.REAL]
        requests = [request_counts(session, COMMAND_LINE, realm, office.now()) for realm in realms]
    answers = wait_for(office.store, requests, wait)
    counted, failed = (sum(answer[name] for answer in answers) for name in ("counted", "failed"))
    office.say(N_("Channels counted: {count}."), count=counted)
    if failed:
        raise RuleError("", N_("Channels that could not be counted: {count}."), count=failed)


@counts.command(cls=Command)
@click.option(
    "--format", "form", type=click.Choice(["csv", "xlsx", "json"]), default="csv", show_default=True
)
@click.option("--from", "first", type=DAY, help="Only from this day on.")
@click.option("--to", "last", type=DAY, help="Only until this day.")
@click.pass_obj
def export(office: Office, form: str, first: datetime | None, last: datetime | None) -> None:
    """Write counts to standard output, by channel and time."""
    _ = office.store  # a database that cannot be used is said before anything is printed
    rows = _rows(office, first, last)
    if form == "json":
        _write_json(rows)
    elif form == "xlsx":
        sys.stdout.buffer.write(to_xlsx(_cells(office, rows)))
    else:
        # The csv module ends lines itself; on Windows the stream would double them.
        writer = csv.DictWriter(sys.stdout, COLUMNS, lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)


@counts.command("import", cls=Command)
@import_options
@click.pass_obj
def import_(office: Office, /, file: Path, **options: Any) -> None:
    """Take older counts from a spreadsheet: XLSX, CSV, TSV or JSON. All of it or nothing."""
    run_import(office, Kind.COUNTS, file, **options)


def _write_json(rows: Iterator[dict[str, str | int]]) -> None:
    """A list, row by row: ten years of counts do not fit into memory at once."""
    sys.stdout.write("[")
    for place, row in enumerate(rows):
        sys.stdout.write(("," if place else "") + "\n" + json.dumps(row, ensure_ascii=False))
    sys.stdout.write("\n]\n")


def _cells(office: Office, rows: Iterator[dict[str, str | int]]) -> Iterator[Sequence[Cell]]:
    """The rows of a sheet, moments on the city's clock: office programs know no time zones."""
    yield COLUMNS
    for row in rows:
        taken = datetime.fromisoformat(str(row["taken_at"])).astimezone(office.settings.office.zone)
        yield [taken.replace(tzinfo=None) if name == "taken_at" else row[name] for name in COLUMNS]


def _rows(office: Office, first: datetime | None, last: datetime | None) -> Iterator[dict[str, str | int]]:
    """The counts of these days of the city's calendar, or all."""
    zone = office.settings.office.zone
    since = day_bounds(first.date(), zone)[0] if first else None
    until = day_bounds(last.date(), zone)[1] if last else None
    with office.store.reading() as session:
        for channel, count in iterate_counts(session, since, until):
            yield {
                "channel": address_of(channel),
                "network": channel.network.value,
                "taken_at": datetime.fromtimestamp(count.taken_at, UTC).isoformat(),
                "value": count.value,
                "source": count.source.name.lower(),
            }
