"""What the page of an item shows: the item, its newest version, its lanes, what may be done next."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from publisher.actions.editions import ChannelEdition, editions_of
from publisher.core.permissions import Act, may
from publisher.core.states import (
    ENDED_ITEMS,
    LIVE_ITEMS,
    OPEN_STATES,
    UNSETTLED_STATES,
    ItemStatus,
    OperationKind,
    OperationState,
)
from publisher.store.audit import find_act
from publisher.store.items import get_item, get_version
from publisher.store.models import AuditEvent, Channel, Item, Version
from publisher.store.outbox import (
    Movement,
    list_attempts_of_item,
    list_channels_of_item,
    list_movements,
    list_rows,
)
from publisher.web.context import actor, language, now
from publisher.web.effects import problems_of
from publisher.web.frame import frame, is_stopped
from publisher.web.lanes import (
    Lane,
    Need,
    Progress,
    build_lanes,
    outdated,
    progress_of,
    undo_until,
    waiting_publishes,
)
from publisher.web.live import Pace

SOON = timedelta(minutes=10)
NOW = timedelta(minutes=1)
TIMED = {OperationState.PLANNED, OperationState.RETRYING, OperationState.CHECKING}


@dataclass(frozen=True, slots=True, kw_only=True)
class ItemPage:
    """One reading of an item.

    `unreached` are chosen channels that neither have the item nor will get it, `unfit` the editions of those
    that could not stand as they are. `waiting` publishes can be called off, the `movable` ones of them also
    be given another time than `waiting_due`. `is_stopped`: everything is paused, no time can be promised.
    """

    item: Item
    version: Version
    lanes: Sequence[Lane]
    unreached: Sequence[Channel]
    unfit: Sequence[ChannelEdition]
    outdated: Sequence[Lane]
    progress: Progress
    undo_until: datetime | None
    waiting: int
    movable: int
    waiting_due: datetime | None
    mixed_realms: bool
    withdrawal: AuditEvent | None
    returned: AuditEvent | None
    is_stopped: bool

    @property
    def has_begun(self) -> bool:
        """Whether it stands somewhere, stood there, or is about to."""
        return self.progress.of > 0

    @property
    def to_publish(self) -> int:
        """How many channels a publication reaches: those without the item, and those where it failed."""
        failed = (lane.current.operation for lane in self.needing)
        return len(self.unreached) + sum(
            op.state is OperationState.FAILED and op.kind is OperationKind.PUBLISH for op in failed
        )

    @property
    def needing(self) -> Sequence[Lane]:
        """Lanes that wait for a person."""
        return [lane for lane in self.lanes if lane.need is Need.PERSON]

    @property
    def moving(self) -> Sequence[Lane]:
        """Lanes where something goes on by itself."""
        return [lane for lane in self.lanes if lane.need is Need.TIME]

    @property
    def settled(self) -> Sequence[Lane]:
        """Lanes where all is as it should be."""
        return [lane for lane in self.lanes if lane.need is Need.NOTHING]

    @property
    def over(self) -> Sequence[Lane]:
        """Lanes where nothing of ours stands any more."""
        return [lane for lane in self.lanes if lane.need is Need.OVER]

    @property
    def is_ended(self) -> bool:
        """Withdrawn, or put aside."""
        return self.item.status in ENDED_ITEMS

    @property
    def is_out(self) -> bool:
        """Whether readers have seen it."""
        return self.item.status in LIVE_ITEMS

    @property
    def embargo_holds(self) -> bool:
        """Whether the item may not go out yet."""
        return self.item.embargo is not None and self.item.embargo > now()

    @property
    def can_withdraw(self) -> bool:
        """Whether something stands or may stand: what only waits is called off instead."""
        return any(lane.may_stand for lane in self.lanes)

    @property
    def sendable(self) -> int:
        """How many operations this person can send again at once."""
        waiting = {OperationState.FAILED, OperationState.HELD}
        steps = (lane.current for lane in self.needing)
        return sum(s.operation.state in waiting and "send_again" in s.acts for s in steps)

    @property
    def problems(self) -> Sequence[str]:
        """Why the item cannot go out as it is."""
        return problems_of(self.unfit)

    @property
    def foreign(self) -> Sequence[Channel]:
        """Unreached channels to which this person may not publish."""
        return [c for c in self.unreached if not may(actor(), Act.PUBLISH, c.desk_id)]


def read_page(session: Session, item_id: int) -> ItemPage:
    """The item as the person who asks sees it. Raises NotFound."""
    item = get_item(session, item_id)
    version = get_version(session, item)
    lanes = build_lanes(
        list_rows(session, item.id), list_attempts_of_item(session, item.id), item.status, actor()
    )
    unreached = _unreached(session, item, lanes)
    waiting = waiting_publishes(lanes)
    movable = [operation for operation in waiting if operation.state in OPEN_STATES]
    around = frame()
    return ItemPage(
        item=item,
        version=version,
        lanes=lanes,
        unreached=unreached,
        unfit=[edition for edition in editions_of(version, unreached) if edition.findings],
        outdated=outdated(lanes, item.head) if item.status not in ENDED_ITEMS else (),
        progress=progress_of(lanes),
        undo_until=None if around.paused_at else undo_until(lanes, now()),
        waiting=len(waiting),
        movable=len(movable),
        waiting_due=min((operation.due for operation in movable), default=None),
        mixed_realms=len(around.situation.realms) > 1,
        withdrawal=_told(session, item, ItemStatus.KILLED, "item.kill"),
        returned=_told(session, item, ItemStatus.DRAFT, "item.return"),
        is_stopped=around.paused_at is not None,
    )


def _told(session: Session, item: Item, status: ItemStatus, action: str) -> AuditEvent | None:
    """Who brought the item into this status and what they said; None in any other status."""
    return find_act(session, action, f"item:{item.id}") if item.status is status else None


def _unreached(session: Session, item: Item, lanes: Sequence[Lane]) -> list[Channel]:
    if item.status in ENDED_ITEMS:
        return []
    reached = {lane.channel.id for lane in lanes if lane.need is not Need.OVER}
    return [channel for channel in list_channels_of_item(session, item) if channel.id not in reached]


@dataclass(frozen=True, slots=True, kw_only=True)
class Glance:
    """What is cheap to read about an item, and enough to know whether its page is still true."""

    mark: str
    pace: Pace


def glance(session: Session, item_id: int) -> Glance:
    """Two queries: whether anything moved since the page was made, and how soon to look again."""
    item = get_item(session, item_id)
    movements = list_movements(session, item_id)
    told = (item.status, item.head, item.due, item.embargo, item.priority, item.updated_at)
    return Glance(
        mark=repr((told, movements, [_is_due(m) for m in movements], is_stopped(), actor(), language())),
        pace=_pace(movements),
    )


def _is_due(movement: Movement) -> bool:
    """A row that waits for its time reads differently once the time has come."""
    return movement.wake_at is not None and movement.wake_at <= now()


def _pace(movements: Sequence[Movement]) -> Pace:
    """What is long overdue (everything is paused, no worker runs) need not be asked about every second."""
    waits = [m.wake_at - now() for m in movements if m.state in TIMED and m.wake_at is not None]
    in_flight = any(m.state is OperationState.SENDING for m in movements)
    if in_flight or any(-NOW < wait < NOW for wait in waits):
        return Pace.BUSY
    unsettled = any(m.state in UNSETTLED_STATES for m in movements)
    return Pace.SOON if unsettled or any(wait < SOON for wait in waits) else Pace.CALM
