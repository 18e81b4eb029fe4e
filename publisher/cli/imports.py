"""Importing from the command line: what `counts import` and `appeals import` have in common."""

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click
from sqlalchemy.orm import Session

from publisher.actions.imports import FileMark, import_entries, prepare_import
from publisher.cli.office import Office
from publisher.core.entries import Fault, Mending, Setting, letter
from publisher.core.guessing import SKIP, Column, Kind, Layout, Names, Role, fold, guess_layout
from publisher.core.messages import N_
from publisher.core.permissions import COMMAND_LINE
from publisher.core.tables import DateOrder, Fraction
from publisher.errors import RuleError
from publisher.store.channels import get_channel_by_address
from publisher.store.imports import Stage, Summary, compare, list_named_channels, stage_table
from publisher.store.sheets import DELIMITERS, ENCODINGS, Choice, Table, open_table

# What `--map "Heading=…"` may say besides a channel.
ROLES = {
    "date": Role.WHEN, "time": Role.CLOCK, "channel": Role.WHO, "topic": Role.WHO, "value": Role.VALUE,
    "source": Role.SOURCE,
}  # fmt: skip
LEAVE_OUT = "-"
FAULTS_SHOWN = 100


def import_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """The argument and options of both commands."""
    for add in reversed(
        (
            click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path)),
            click.option("--dry-run", is_flag=True, help="Say what would change, and change nothing."),
            click.option(
                "--map", "mapping", multiple=True, metavar="NAME=WHAT",
                help="What a column or a channel's name in the file means: network:handle, "
                f"{', '.join(ROLES)}, or {LEAVE_OUT} to leave it out.",
            ),
            click.option("--encoding", type=click.Choice(ENCODINGS), help="Else guessed."),
            click.option("--delimiter", type=click.Choice(list(DELIMITERS)), help="Else guessed."),
            click.option("--sheet", metavar="NAME", help="Of a workbook; else the first one filled."),
            click.option(
                "--dates", type=click.Choice([order.value for order in DateOrder]),
                help="What stands first in 01.02.2024; else guessed.",
            ),
            click.option(
                "--fraction", type=click.Choice([Fraction.COMMA.value, Fraction.DOT.value]),
                help="The sign before a fraction, so that the other one parts thousands; else guessed.",
            ),
        )
    ):  # fmt: skip
        command = add(command)
    return command


def run_import(
    office: Office,
    kind: Kind,
    file: Path,
    *,
    dry_run: bool,
    mapping: Sequence[str],
    encoding: str | None,
    delimiter: str | None,
    sheet: str | None,
    dates: str | None,
    fraction: str | None,
) -> None:
    """Read the file, and write it unless this is a dry run. Raises RuleError, the faults already printed."""
    choice = Choice(encoding=encoding or "", delimiter=delimiter or "", sheet=sheet or "")
    table = open_table(file, choice)
    if sheet and sheet != table.sheet:
        raise RuleError("sheet", N_("There is no sheet “{name}”."), name=sheet)
    setting = Setting(zone=office.settings.office.zone, now=office.now(), epoch=table.epoch)
    with office.store.reading() as session:
        names = Names(list_named_channels(session))
        layout, mending = _understand(session, kind, table, names, mapping)
    layout = replace(
        layout,
        order=DateOrder(dates) if dates else layout.order,
        fraction=Fraction(fraction) if fraction else layout.fraction,
    )
    stage = stage_table(kind, table, layout, names, mending, setting)
    try:
        _say_faults(office, stage, file, layout)
        _carry_out(office, stage, file, names, dry_run=dry_run)
    finally:
        stage.close()


def _carry_out(office: Office, stage: Stage, file: Path, names: Names, *, dry_run: bool) -> None:
    if dry_run:
        with office.store.reading() as session:
            _say(office, compare(session, stage), names, done=False)
        if stage.fault_count:
            raise RuleError("", N_("Cells to be mended: {count}."), count=stage.fault_count)
        return
    mark = FileMark(name=file.name, sha256=hashlib.sha256(file.read_bytes()).hexdigest())
    with office.store.reading() as session:
        changes = prepare_import(session, COMMAND_LINE, stage)
    with office.store.begin() as session:
        summary = import_entries(
            session, COMMAND_LINE, stage, changes, mark, office.now(), office.settings.office.zone
        )
    _say(office, summary, names, done=True)


def _understand(
    session: Session, kind: Kind, table: Table, names: Names, mapping: Sequence[str]
) -> tuple[Layout, Mending]:
    """The layout with what `--map` says. Raises RuleError for a name that the table does not have."""
    layout = guess_layout(kind, table.sample(), names)
    columns, called = list(layout.columns), dict[str, int | None]()
    for text in mapping:
        name, parted, what = text.rpartition("=")
        if not parted or not name.strip():
            raise click.BadParameter(f"“{text}” is no NAME=WHAT", param_hint="--map")
        column = _column(session, what.strip())
        places = [place for place, title in enumerate(layout.titles) if fold(title) == fold(name)]
        for place in places:
            columns[place] = column
        if not places:
            called[fold(name)] = None if column == SKIP else column.channel_id
    return replace(layout, columns=tuple(columns)), Mending(names=called)


def _column(session: Session, what: str) -> Column:
    if what == LEAVE_OUT:
        return SKIP
    if what in ROLES:
        return Column(role=ROLES[what])
    return Column(role=Role.VALUES_OF, channel_id=get_channel_by_address(session, what).id)


def _say_faults(office: Office, stage: Stage, file: Path, layout: Layout) -> None:
    for fault in stage.faults[:FAULTS_SHOWN]:
        click.echo(f"{file.name}:{fault.line}: {_fault_text(office, fault, layout)}", err=True)
    if stage.fault_count > FAULTS_SHOWN:
        rest = stage.fault_count - FAULTS_SHOWN
        click.echo(office.text(N_("… and {count} more."), count=rest), err=True)


def _fault_text(office: Office, fault: Fault, layout: Layout) -> str:
    title = layout.titles[fault.column] if fault.column < len(layout.titles) else ""
    where = f"{letter(fault.column)} “{title}”" if title else letter(fault.column)
    return f"{where}: “{fault.found}”. {office.explain(fault.error)}"


def _say(office: Office, summary: Summary, names: Names, *, done: bool) -> None:
    lines = (
        (N_("Imported, new: {count}."), N_("Would be new: {count}."), summary.new, True),
        (N_("Replaced: {count}."), N_("Would be replaced: {count}."), summary.changed, True),
        (N_("Known already: {count}."), N_("Known already: {count}."), summary.same, summary.same),
        (
            N_("Kept as the network gave them: {count}."), N_("Kept as the network gave them: {count}."),
            summary.kept, summary.kept,
        ),
    )  # fmt: skip
    for past, ahead, count, shown in lines:
        if shown:
            office.say(past if done else ahead, count=count)
    if summary.first is not None and summary.last is not None:
        first, last = (_day(office, when) for when in (summary.first, summary.last))
        office.say(N_("From {first} to {last}."), first=first, last=last)
    titles = {channel.id: channel.address for channel in names.channels}
    for who, count in sorted(summary.touched.items(), key=lambda pair: str(pair[0])):
        click.echo(f"  {titles.get(who, who) if isinstance(who, int) else who or '—'}: {count}")
    if not done:
        for example in summary.examples:
            when, new = _day(office, example.entry.when), example.entry.value
            whose = titles.get(example.entry.who) if isinstance(example.entry.who, int) else example.entry.who
            click.echo(f"  {when} {whose}: {example.old} → {new}")
    if done and not summary.changes:
        office.say(N_("Nothing was changed: all of it is there already."))


def _day(office: Office, when: int | str) -> str:
    return office.local(datetime.fromtimestamp(when, UTC)) if isinstance(when, int) else when
