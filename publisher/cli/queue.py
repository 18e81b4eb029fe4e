"""`publisher queue`: what is to go out, and the big switch."""

from collections.abc import Sequence

import click

from publisher.actions.pause import is_paused, list_waiting, pause_all, resume_all
from publisher.cli.channels import address_of
from publisher.cli.item_documents import error_text, operation_document
from publisher.cli.office import Command, Group, Office, print_json, print_table
from publisher.core.messages import N_
from publisher.core.permissions import COMMAND_LINE
from publisher.core.states import UNFINISHED_STATES, HoldReason, OperationState
from publisher.store.models import Operation
from publisher.store.outbox import list_queue
from publisher.wording import word

SHOWN = UNFINISHED_STATES | {OperationState.FAILED}
MOST = 10_000


@click.group(cls=Group, invoke_without_command=True)
@click.option("--json", "as_json", is_flag=True, help="For programs.")
@click.pass_context
def queue(ctx: click.Context, as_json: bool) -> None:
    """What is to go out, by time; what waits for a person; whether everything is paused."""
    if ctx.invoked_subcommand is None:
        _show(ctx.ensure_object(Office), as_json)


@queue.command(cls=Command)
@click.pass_obj
def pause(office: Office) -> None:
    """Stop every lane at once."""
    with office.store.begin() as session:
        pause_all(session, COMMAND_LINE, office.now())
    office.say(N_("Everything is paused. What is being sent in this moment still ends."))


@queue.command(cls=Command)
@click.pass_obj
def resume(office: Office) -> None:
    """Let the lanes run again; prints what goes out at once."""
    now = office.now()
    with office.store.begin() as session:
        waiting = list_waiting(session, now, MOST)
        rows = [_row(office, operation) for operation in waiting]
        held = sum(operation.hold_reason is HoldReason.RESTORED for operation in waiting)
        resume_all(session, COMMAND_LINE, now)
    office.say(N_("Everything runs again."))
    if rows:
        print_table(rows)
    if held:
        office.say(N_("Held because this is a copy: {count}. Decide on the page “Queue”."), count=held)


def _show(office: Office, as_json: bool) -> None:
    with office.store.reading() as session:
        paused = is_paused(session)
        operations = list_queue(session, SHOWN, limit=MOST)
        if as_json:
            documents = [_document(office, operation) for operation in operations]
            print_json({"paused": paused, "operations": documents})
            return
        rows = [_row(office, operation) for operation in operations]
    if paused:
        office.say(N_("Everything is paused: `publisher queue resume` lets it run."))
    _print(office, rows)


def _print(office: Office, rows: Sequence[tuple[str, ...]]) -> None:
    if rows:
        print_table(rows)
    else:
        office.say(N_("Nothing waits."))


def _document(office: Office, operation: Operation) -> dict[str, object]:
    return {
        **operation_document(office, operation, None),
        "item": operation.item_id,
        "slug": operation.item.slug,
    }


def _row(office: Office, operation: Operation) -> tuple[str, ...]:
    return (
        office.local(operation.due),
        word(operation.state, office.language),
        word(operation.kind, office.language),
        operation.item.slug,
        address_of(operation.channel),
        error_text(office, operation) or "",
    )
