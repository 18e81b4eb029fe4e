"""`publisher appeals`: totals of citizens' appeals by day, source and topic. Nobody's data is among them."""

from pathlib import Path
from typing import Any

import click

from publisher.cli.imports import import_options, run_import
from publisher.cli.office import Command, Group, Office
from publisher.core.guessing import Kind


@click.group(cls=Group)
def appeals() -> None:
    """Citizens' appeals: totals, imported."""


@appeals.command("import", cls=Command)
@import_options
@click.pass_obj
def import_(office: Office, /, file: Path, **options: Any) -> None:
    """Take totals from a spreadsheet: XLSX, CSV, TSV or JSON. A file with citizens' data is refused."""
    run_import(office, Kind.APPEALS, file, **options)
