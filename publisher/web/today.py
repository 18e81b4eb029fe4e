"""«Сегодня»: what needs me, what goes out next, and whether everything works."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta

from flask import Blueprint, render_template
from markupsafe import Markup
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from publisher.core.permissions import Act, may
from publisher.core.states import OperationState
from publisher.store.audience import Standing, list_standings
from publisher.store.models import Channel, Item
from publisher.store.today import (
    Begun,
    Departure,
    Movement,
    Returned,
    Stuck,
    count_restored,
    list_ailing_channels,
    list_begun,
    list_channel_ids,
    list_departures,
    list_for_editors,
    list_gone,
    list_returned,
    list_stuck,
    list_under_way,
)
from publisher.web.context import actor, now, reading, zone
from publisher.web.frame import Frame, frame
from publisher.web.live import Pace, fragment, tag_of
from publisher.web.scope import Scope, scope

blueprint = Blueprint("today", __name__)

MOST = 12
MOST_DEPARTURES = 40
MOST_STUCK = 300
MOST_COUNTED = 1_000
# Something due so soon is worth looking at every few seconds.
SOON = timedelta(minutes=2)


@dataclass(frozen=True, slots=True, kw_only=True)
class Trouble:
    """An item of which something waits for a person: the operations, the worst first."""

    operations: Sequence[Stuck]

    @property
    def first(self) -> Stuck:
        """The operation to look at first; its reason stands for all."""
        return min(self.operations, key=lambda stuck: WORST_FIRST.index(stuck.state))

    @property
    def counts(self) -> Sequence[tuple[OperationState, int]]:
        """How many operations wait in each state."""
        states = [stuck.state for stuck in self.operations]
        return [(state, states.count(state)) for state in WORST_FIRST if state in states]


WORST_FIRST = (OperationState.UNCONFIRMED, OperationState.FAILED, OperationState.HELD)


@dataclass(frozen=True, slots=True, kw_only=True)
class Health:
    """The channels in scope: how many, which are not in order, how many people they reach."""

    channels: int
    ailing: Sequence[Channel]
    standings: Sequence[Standing]

    @property
    def total(self) -> int:
        """Subscribers of all channels that were ever counted."""
        return sum(standing.value for standing in self.standings)

    @property
    def change(self) -> int | None:
        """What a day brought, over the channels for which it is known."""
        known = [s.value - s.day_ago for s in self.standings if s.day_ago is not None]
        return sum(known) if known else None

    @property
    def compared(self) -> int:
        """For how many channels the change is known."""
        return sum(s.day_ago is not None for s in self.standings)

    @property
    def counted_at(self) -> datetime | None:
        """When the newest count was taken."""
        if not self.standings:
            return None
        return datetime.fromtimestamp(max(s.taken_at for s in self.standings), zone())


@dataclass(frozen=True, slots=True, kw_only=True)
class Today:
    """Everything that the page shows."""

    scope: Scope
    around: Frame
    restored: int
    troubles: Sequence[Trouble]
    for_editors: Sequence[tuple[Item, str]]
    returned: Sequence[Returned]
    begun: Sequence[Begun]
    under_way: Sequence[Movement]
    departures: Sequence[Departure]
    gone: Sequence[Movement]
    health: Health

    @property
    def needs_nothing(self) -> bool:
        """Whether nothing waits for this person."""
        stopped = self.stands_still or self.restored
        return not (stopped or self.troubles or self.for_editors or self.returned or self.begun)

    @property
    def stands_still(self) -> bool:
        """Whether nothing can go out at all."""
        return self.around.paused_at is not None or bool(self.around.idle_realms)

    @property
    def pace(self) -> Pace:
        """How soon there may be news."""
        if self.under_way and not self.stands_still:
            return Pace.BUSY
        soon = any(departure.due - now() < SOON for departure in self.departures)
        return Pace.SOON if soon or self.under_way or self.begun else Pace.CALM


@blueprint.get("/")
def index() -> str:
    """The start page."""
    html, today = _render()
    # Our own template made it: it is markup already.
    content = Markup(html)  # noqa: S704
    return render_template("today/index.html", content=content, tag=tag_of(html), today=today)


@blueprint.get("/today/live")
def live() -> Response:
    """The page's content, fresh."""
    html, today = _render()
    return fragment(html, today.pace)


def _render() -> tuple[str, Today]:
    with reading() as session:
        today = read_today(session, scope())
        return render_template("today/_live.html", today=today), today


def read_today(session: Session, chosen: Scope) -> Today:
    """What there is to say at this moment to the person who asks."""
    start_of_day, end_of_tomorrow = _days()
    editing = chosen.within(Act.PUBLISH)
    return Today(
        scope=chosen,
        around=frame(),
        restored=count_restored(session, limit=MOST_COUNTED) if may(actor(), Act.PAUSE) else 0,
        troubles=_troubles(list_stuck(session, editing, limit=MOST_STUCK)),
        for_editors=list_for_editors(session, editing, limit=MOST + 1),
        returned=list_returned(session, actor().user_id or 0, limit=MOST),
        begun=list_begun(session, actor().user_id or 0, limit=MOST),
        under_way=list_under_way(session, chosen.ids, now(), limit=MOST),
        departures=list_departures(session, chosen.ids, now(), end_of_tomorrow, limit=MOST_DEPARTURES),
        gone=list_gone(session, chosen.ids, start_of_day, limit=MOST),
        health=_health(session, chosen),
    )


def _days() -> tuple[datetime, datetime]:
    """The first moment of the city's today, and the last of its tomorrow."""
    today = now().astimezone(zone()).date()
    start, end = (datetime.combine(today + timedelta(days=days), time.min, zone()) for days in (0, 2))
    return start, end


def _troubles(stuck: Sequence[Stuck]) -> Sequence[Trouble]:
    """The operations by item, in the order in which the items come first."""
    by_item: dict[int, list[Stuck]] = {}
    for operation in stuck:
        by_item.setdefault(operation.item_id, []).append(operation)
    return [Trouble(operations=operations) for operations in by_item.values()]


def _health(session: Session, chosen: Scope) -> Health:
    channel_ids = list_channel_ids(session, chosen.ids)
    standings = list_standings(session, now(), channel_ids)
    return Health(
        channels=len(channel_ids),
        ailing=list_ailing_channels(session, chosen.ids),
        standings=list(standings.values()),
    )
