"""Imports: spreadsheets of old become counts of subscribers and totals of appeals, all of one or nothing."""

from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from publisher.core.messages import N_
from publisher.core.permissions import Act, Actor, require
from publisher.errors import RuleError
from publisher.store.audit import record_act
from publisher.store.imports import Changes, Stage, Summary, are_current, prepare, write


@dataclass(frozen=True, slots=True, kw_only=True)
class FileMark:
    """By what the journal knows a file again: its name and the SHA-256 of its content."""

    name: str
    sha256: str


def prepare_import(session: Session, actor: Actor, stage: Stage) -> Changes:
    """What the staged table brings, found before the transaction that writes it.

    Raises RuleError while one cell of the table cannot be read.
    """
    require_import(actor)
    if stage.fault_count:
        raise RuleError(
            "", N_("Nothing was imported: {count} cells are to be mended first."), count=stage.fault_count
        )
    return prepare(session, stage)


def import_entries(
    session: Session,
    actor: Actor,
    stage: Stage,
    changes: Changes,
    file: FileMark,
    now: datetime,
    zone: ZoneInfo,
) -> Summary:
    """Write what the staged table brings. The same file twice changes nothing, and leaves no second mark.

    After another import the changes are prepared anew. A count that the network gave stays; the summary says
    how many.
    """
    require_import(actor)
    if not are_current(session, changes):
        changes = prepare(session, stage)
    write(session, changes, zone)
    summary = changes.summary
    if summary.changes:
        record_act(
            session, actor, f"import.{stage.kind.value}", f"file:{file.sha256[:12]}", now,
            name=file.name, sha256=file.sha256, new=summary.new, changed=summary.changed,
            same=summary.same, kept=summary.kept,
        )  # fmt: skip
    return summary


def require_import(actor: Actor) -> None:
    """Raise NotAllowed unless the actor may change the office's history: chiefs and administrators."""
    require(actor, Act.IMPORT)
