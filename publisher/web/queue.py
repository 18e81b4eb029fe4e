"""«Очередь»: everything that is to go out, by time, and the big switch."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from itertools import groupby
from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext, ngettext
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from publisher.actions.pause import is_paused, pause_all, release_restored, resume_all
from publisher.core.states import OperationState
from publisher.store.channels import list_accounts, list_channel_titles
from publisher.store.queue import QueueFilter, QueueRow, count_queued, list_queued, read_resumption
from publisher.web.context import actor, begin, language, now, reading, zone
from publisher.web.formats import number
from publisher.web.live import Pace, marked_fragment, tag_of, unchanged

blueprint = Blueprint("queue", __name__, url_prefix="/queue")

MOST = 200
SOON = timedelta(minutes=2)

STUCK = frozenset({OperationState.UNCONFIRMED, OperationState.FAILED, OperationState.HELD})
MOVING = frozenset({OperationState.SENDING, OperationState.CHECKING, OperationState.RETRYING})
PLANNED = frozenset({OperationState.PLANNED})
IN_ORDER = (
    OperationState.UNCONFIRMED,
    OperationState.FAILED,
    OperationState.HELD,
    OperationState.SENDING,
    OperationState.CHECKING,
    OperationState.RETRYING,
    OperationState.PLANNED,
)
EVERYTHING = frozenset(IN_ORDER)
# What a person must do, what is on its way, what only waits for its time: in this order on the page.
PARTS = {"stuck": STUCK, "moving": MOVING, "planned": PLANNED}


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """What the address asks for: `state` is a part, a single state, or nothing."""

    state: str
    channel_id: int | None
    account_id: int | None

    @property
    def states(self) -> frozenset[OperationState]:
        """The states shown."""
        if self.state in PARTS:
            return PARTS[self.state]
        return frozenset({OperationState(self.state)}) if self.state else EVERYTHING

    def filter(self, states: frozenset[OperationState]) -> QueueFilter:
        """The same for the store, for those of the states that are shown."""
        return QueueFilter(states=states, channel_id=self.channel_id, account_id=self.account_id)

    def address(self, **changes: Any) -> dict[str, Any]:
        """The address's fields, some of them changed."""
        fields = {"state": self.state, "channel": self.channel_id, "account": self.account_id}
        return {name: value for name, value in (fields | changes).items() if value}

    @property
    def is_narrow(self) -> bool:
        """Whether anything is left out."""
        return bool(self.address())


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """Operations of one item that belong together on the page."""

    rows: Sequence[QueueRow]

    @property
    def first(self) -> QueueRow:
        """The row that stands for all where they agree."""
        return self.rows[0]

    @property
    def key(self) -> str:
        """The group's name within the page."""
        operation = self.first.operation
        return f"{operation.item_id}-{operation.kind}-{operation.due.timestamp():.0f}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """One part of the queue: its groups in order, and how many operations did not fit."""

    name: str
    groups: Sequence[Group]
    more: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Queue:
    """Everything that the page shows."""

    choice: Choice
    paused: bool
    counts: Mapping[OperationState, int]
    parts: Sequence[Part]

    @property
    def stuck(self) -> int:
        """How many operations wait for a person."""
        return sum(self.counts.get(state, 0) for state in STUCK)

    @property
    def total(self) -> int:
        """How many operations there are in all states."""
        return sum(self.counts.values())

    @property
    def tabs(self) -> Sequence[tuple[OperationState, int]]:
        """The single states that are worth a tab."""
        return [
            (state, self.counts.get(state, 0))
            for state in IN_ORDER
            if self.counts.get(state) or state == self.choice.state
        ]

    @property
    def mark(self) -> str:
        """All that the page depends on, short."""
        rows = [row for part in self.parts for group in part.groups for row in group.rows]
        seen = [
            (op.id, op.state, op.hold_reason, op.due, op.wake_at, op.latest, op.attempts, op.priority, title)
            for op, title in ((row.operation, row.title) for row in rows)
        ]
        more = [(part.name, part.more) for part in self.parts]
        today = now().astimezone(zone()).date()
        return repr((seen, more, sorted(self.counts.items()), self.paused, today, language(), actor().role))

    @property
    def pace(self) -> Pace:
        """How soon there may be news."""
        moving = any(self.counts.get(state) for state in MOVING)
        nearest = next((p.groups[0].first.operation.due for p in self.parts if p.name == "planned"), None)
        if self.paused or not (moving or (nearest and nearest < now() + SOON)):
            return Pace.CALM
        return Pace.BUSY if moving or (nearest and nearest <= now()) else Pace.SOON


@blueprint.get("")
def index() -> str:
    """The queue with its filters."""
    choice = read_choice(request.args)
    with reading() as session:
        queue = read_queue(session, choice)
        return render_template(
            "queue/index.html",
            queue=queue,
            tag=tag_of(queue.mark),
            accounts=[(account.id, account.name) for account in list_accounts(session)],
            channels=list(list_channel_titles(session)),
        )


@blueprint.get("/live")
def live() -> Response:
    """The rows, fresh."""
    with reading() as session:
        queue = read_queue(session, read_choice(request.args))
        # The forms carry a new mark against forged requests each time: the text is no measure of change.
        return unchanged(queue.mark, queue.pace) or marked_fragment(
            render_template("queue/_list.html", queue=queue), queue.mark, queue.pace
        )


@blueprint.post("/pause")
def pause() -> Response:
    """Stop every lane at once."""
    with begin() as session:
        pause_all(session, actor(), now())
    flash(gettext("Everything is paused. What is being sent in this moment still ends."), "success")
    return redirect(url_for(".index"), 303)


@blueprint.get("/resume")
def preview_resume() -> str:
    """What resuming would do."""
    with reading() as session:
        return render_template(
            "queue/resume.html",
            paused=is_paused(session),
            resumption=read_resumption(session, now(), limit=MOST),
            group=lambda rows: _groups(rows, _by_urgency),
        )


@blueprint.post("/resume")
def resume() -> Response:
    """Let the lanes run again."""
    with begin() as session:
        resume_all(session, actor(), now())
    flash(gettext("Everything runs again."), "success")
    return redirect(url_for(".index"), 303)


@blueprint.post("/release")
def release() -> Response:
    """Give what a restore holds back to the lanes."""
    with begin() as session:
        released = release_restored(session, actor(), now())
        paused = is_paused(session)
    text = ngettext(
        "%(count)s operation is back in the queue.",
        "%(count)s operations are back in the queue.",
        released,
        count=number(released),
    )
    flash(text, "success")
    return redirect(url_for(".preview_resume" if paused else ".index"), 303)


def read_choice(args: Mapping[str, str]) -> Choice:
    """The choice as the address has it. Whatever makes no sense counts as not said."""
    state = args.get("state", "")
    return Choice(
        state=state if state in PARTS or state in EVERYTHING else "",
        channel_id=_number(args.get("channel", "")),
        account_id=_number(args.get("account", "")),
    )


def read_queue(session: Session, choice: Choice) -> Queue:
    """The part of the queue that was asked for."""
    counts = count_queued(session, choice.filter(EVERYTHING))
    parts = (_part(session, choice, counts, name, states) for name, states in PARTS.items())
    return Queue(
        choice=choice,
        paused=is_paused(session),
        counts=counts,
        parts=[part for part in parts if part.groups],
    )


def _part(
    session: Session,
    choice: Choice,
    counts: Mapping[OperationState, int],
    name: str,
    states: frozenset[OperationState],
) -> Part:
    shown = states & choice.states
    rows = list_queued(session, choice.filter(shown), limit=MOST) if shown else []
    order = _by_time if name == "planned" else _by_urgency
    more = sum(counts.get(state, 0) for state in shown) - len(rows)
    return Part(name=name, groups=_groups(rows, order), more=more)


def _by_time(group: Group) -> tuple[Any, ...]:
    return group.first.operation.due, group.first.operation.priority


def _by_urgency(group: Group) -> tuple[Any, ...]:
    return group.first.operation.priority, group.first.operation.due


def _groups(rows: Sequence[QueueRow], order: Callable[[Group], Any]) -> Sequence[Group]:
    """The rows of one act at one time together."""
    by_act = groupby(rows, key=lambda row: (row.operation.due, row.operation.item_id, row.operation.kind))
    return sorted((Group(rows=list(found)) for _, found in by_act), key=order)


def _number(text: str) -> int | None:
    return int(text) if re.fullmatch(r"[1-9]\d{0,8}", text, re.ASCII) else None
