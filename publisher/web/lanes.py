"""An item's operations as its page shows them: one lane per channel, what stands and what is under way."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import IntEnum
from itertools import groupby

from publisher.actions.repair import repairs_for
from publisher.actions.resolve import acts_for
from publisher.core.permissions import Act, Actor, may
from publisher.core.states import (
    OPEN_STATES,
    UNFINISHED_STATES,
    UNSETTLED_STATES,
    AccountState,
    ChannelState,
    HoldReason,
    ItemStatus,
    OperationKind,
    OperationState,
    PostState,
)
from publisher.store.models import Attempt, Channel, Operation, Post
from publisher.store.outbox import Row

FOR_A_PERSON = {OperationState.UNCONFIRMED, OperationState.FAILED, OperationState.HELD}
STANDING = {PostState.LIVE, PostState.ALTERED}


class Need(IntEnum):
    """What a lane needs, in the order in which the page shows lanes."""

    PERSON = 0
    TIME = 1
    NOTHING = 2
    OVER = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One operation of a lane with its tries and the acts that this person may choose."""

    operation: Operation
    version: int
    post: Post | None
    attempts: Sequence[Attempt]
    acts: tuple[str, ...]

    @property
    def is_open(self) -> bool:
        """Whether it has not come to its end: it moves by itself, or waits for a person."""
        return self.operation.state in UNFINISHED_STATES | {OperationState.FAILED}


@dataclass(frozen=True, slots=True, kw_only=True)
class Lane:
    """One channel's part of an item.

    `steps` are its operations, oldest first. `current` is the one to speak of: the first that is not over,
    else the last. `post` is the newest post that stands or stood, `shown` the version that readers see.
    `repairs` are the acts on a post that the network shows differently.
    """

    channel: Channel
    steps: tuple[Step, ...]
    current: Step
    post: Post | None
    shown: int | None
    is_notice: bool
    need: Need
    repairs: tuple[str, ...]

    @property
    def stands(self) -> bool:
        """Whether readers see a post, as far as we know."""
        return self.post is not None and self.post.state in STANDING

    @property
    def is_moving(self) -> bool:
        """Whether something is still to come from the current step."""
        return self.current.is_open

    @property
    def blocked(self) -> HoldReason | None:
        """Why what waits in the queue cannot leave, whatever its time: its account or its channel is down."""
        if self.current.operation.state not in OPEN_STATES - {OperationState.HELD}:
            return None
        if self.channel.account.state is AccountState.DOWN:
            return HoldReason.ACCOUNT_DOWN
        is_closed = self.channel.state in {ChannelState.FORBIDDEN, ChannelState.MISSING}
        return HoldReason.CHANNEL_DOWN if is_closed else None

    @property
    def newest(self) -> int:
        """The newest version that stands or is on its way."""
        return max((s.version for s in self.steps if _counts(s)), default=0)

    @property
    def may_stand(self) -> bool:
        """Whether a post stands, or may stand for all we know."""
        unsettled = any(
            step.operation.kind is OperationKind.PUBLISH and step.operation.state in UNSETTLED_STATES
            for step in self.steps
        )
        return unsettled or self.stands


def build_lanes(
    rows: Iterable[Row], attempts: Mapping[int, Sequence[Attempt]], status: ItemStatus, actor: Actor
) -> list[Lane]:
    """The lanes of an item, those that need a person first, then by the channel's title."""
    by_channel = sorted(rows, key=lambda row: (row.operation.channel_id, row.operation.id))
    lanes = [
        _lane([_step(row, attempts, status, actor) for row in group], status, actor)
        for _, group in groupby(by_channel, key=lambda row: row.operation.channel_id)
    ]
    return sorted(lanes, key=lambda lane: (lane.need, lane.channel.title.casefold()))


def _step(row: Row, attempts: Mapping[int, Sequence[Attempt]], status: ItemStatus, actor: Actor) -> Step:
    allowed = may(actor, Act.PUBLISH, row.operation.channel.desk_id)
    return Step(
        operation=row.operation,
        version=row.version,
        post=row.post,
        attempts=attempts.get(row.operation.id, ()),
        acts=acts_for(row.operation) if allowed else (),
    )


def _lane(steps: Sequence[Step], status: ItemStatus, actor: Actor) -> Lane:
    channel = steps[0].operation.channel
    current = next((step for step in steps if step.is_open), steps[-1])
    post = _post(steps)
    shown = next((s for s in steps if post is not None and s.operation.id == post.standing_id), None)
    is_notice = (
        status is ItemStatus.KILLED
        and shown is not None
        and shown.operation.id == steps[-1].operation.id
        and shown.operation.kind is not OperationKind.PUBLISH
    )
    allowed = may(actor, Act.PUBLISH, channel.desk_id)
    repairs = repairs_for(post, status) if allowed and post is not None and not current.is_open else ()
    return Lane(
        channel=channel,
        steps=tuple(steps),
        current=current,
        post=post,
        shown=shown.version if shown else None,
        is_notice=is_notice,
        need=_need(current, post, status, is_notice=is_notice),
        repairs=repairs,
    )


def _post(steps: Sequence[Step]) -> Post | None:
    """The newest post that stands, else the newest one that ever stood."""
    posts = [step.post for step in steps if step.post is not None]
    return next((post for post in reversed(posts) if post.state in STANDING), posts[-1] if posts else None)


def _need(current: Step, post: Post | None, status: ItemStatus, *, is_notice: bool) -> Need:
    state = current.operation.state
    if state in FOR_A_PERSON:
        return Need.PERSON
    if state in UNFINISHED_STATES:
        return Need.TIME
    if post is None or post.state is PostState.WITHDRAWN or is_notice:
        return Need.OVER
    if status is ItemStatus.KILLED:
        return Need.PERSON if post.state in STANDING else Need.OVER
    return Need.PERSON if post.state in {PostState.ALTERED, PostState.MISSING} else Need.NOTHING


def _counts(step: Step) -> bool:
    """Whether the version stands, is on its way, or waits in a publish that failed and can be sent again."""
    operation = step.operation
    lost = operation.state is OperationState.FAILED and operation.kind is OperationKind.EDIT
    return not (lost or operation.kind is OperationKind.DELETE or operation.state is OperationState.CANCELLED)


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """How far an item has come: channels where it stands, and all that it was sent to."""

    out: int
    of: int


def progress_of(lanes: Iterable[Lane]) -> Progress:
    """The figures of «20 из 27»; channels whose publication was cancelled do not count."""
    wanted = [lane for lane in lanes if lane.post is not None or lane.current.is_open]
    return Progress(out=sum(lane.stands for lane in wanted), of=len(wanted))


def undo_until(lanes: Iterable[Lane], now: datetime) -> datetime | None:
    """Until when “publish now” can be taken back before anything leaves; None when that time is over."""
    waits = [
        step.operation.wake_at
        for lane in lanes
        for step in lane.steps
        if step.operation.kind is OperationKind.PUBLISH
        and step.operation.state is OperationState.PLANNED
        and step.operation.wake_at is not None
        and step.operation.due <= now < step.operation.wake_at
    ]
    return min(waits, default=None)


def waiting_publishes(lanes: Iterable[Lane]) -> list[Operation]:
    """The publishes that surely have not left and can be called off; those that failed are among them."""
    return [
        step.operation
        for lane in lanes
        for step in lane.steps
        if step.operation.kind is OperationKind.PUBLISH and step.operation.state in OPEN_STATES
    ]


def outdated(lanes: Iterable[Lane], head: int) -> list[Lane]:
    """The lanes where a correction to version `head` would change something."""
    return [lane for lane in lanes if lane.newest < head and _reachable(lane)]


def _reachable(lane: Lane) -> bool:
    publish = next(s for s in reversed(lane.steps) if s.operation.kind is OperationKind.PUBLISH)
    behind = [s for s in lane.steps if s.operation.target_id == publish.operation.id]
    withdrawn = any(
        s.operation.kind is OperationKind.DELETE and s.operation.state is not OperationState.CANCELLED
        for s in behind
    )
    can_wait = publish.operation.state in OPEN_STATES | UNSETTLED_STATES | {OperationState.FAILED}
    stands = publish.post is not None and publish.post.state in STANDING
    return not withdrawn and (can_wait or stands)
