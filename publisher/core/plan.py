"""Plans: what an editorial act means for each destination, worked out before anything is written.

A plan is a list of steps over the operations that exist; actions/ carries the steps out in one transaction,
each step conditional on the state it was planned for.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from publisher.core.editions import Edition
from publisher.core.platforms import Platform
from publisher.core.states import (
    OPEN_STATES,
    UNFINISHED_STATES,
    UNSETTLED_STATES,
    OperationKind,
    OperationState,
    PostState,
)

# A delete planned this close to the network's age limit may come too late: plan the notice at once.
DELETE_MARGIN = timedelta(minutes=10)


@dataclass(frozen=True, slots=True, kw_only=True)
class Existing:
    """An operation of the item at one channel, oldest first in its lane. `shape` is its edition's.

    `post_state` and `published_at` belong to a publish whose post stands or stood.
    """

    id: int
    channel_id: int
    kind: OperationKind
    state: OperationState
    shape: tuple[tuple[str, ...], ...]
    target_id: int | None = None
    post_state: PostState | None = None
    published_at: datetime | None = None
    version_id: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Add:
    """A new operation behind those that exist. A delete's edition is the notice to fall back on, if any."""

    channel_id: int
    kind: OperationKind
    edition: Edition | None
    target_id: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Replace:
    """A new edition for an operation that surely has not been applied."""

    operation_id: int
    channel_id: int
    edition: Edition


@dataclass(frozen=True, slots=True, kw_only=True)
class Cancel:
    """An operation that will not be carried out."""

    operation_id: int
    channel_id: int


Step = Add | Replace | Cancel


@dataclass(frozen=True, slots=True, kw_only=True)
class Conflict:
    """A correction that would change a post's media class, which the network cannot do by editing."""

    channel_id: int


def plan_publish(editions: Mapping[int, Edition], existing: Sequence[Existing]) -> list[Step]:
    """A publish per channel that has none unfinished or standing; it takes the place of one that failed.

    Where somebody deleted the post on the network, a person decides about that channel by itself.
    """
    taken = {
        op.channel_id
        for op in existing
        if op.kind is OperationKind.PUBLISH and (op.state in UNFINISHED_STATES or _was_sent(op))
    }
    steps: list[Step] = []
    for channel_id, edition in editions.items():
        if channel_id in taken:
            continue
        steps += [
            Cancel(operation_id=op.id, channel_id=channel_id)
            for op in _publishes(existing)
            if op.channel_id == channel_id and op.state is OperationState.FAILED
        ]
        steps.append(Add(channel_id=channel_id, kind=OperationKind.PUBLISH, edition=edition))
    return steps


def plan_correction(
    editions: Mapping[int, Edition],
    existing: Sequence[Existing],
    platforms: Mapping[int, Platform],
    *,
    version_id: int | None = None,
    reissue: bool = False,
) -> tuple[list[Step], list[Conflict]]:
    """What a new version means for everyone who got, or is about to get, the old one.

    Channels that have `version_id`, or will get it, are left alone. With `reissue`, posts whose media class
    changes are withdrawn and published anew; without it they are returned as conflicts and no step is planned
    for them.
    """
    steps: list[Step] = []
    conflicts: list[Conflict] = []
    for publish in _publishes(existing):
        edition = editions.get(publish.channel_id)
        followers = [op for op in existing if op.target_id == publish.id]
        if edition is None or _is_replaced(publish, existing) or _carries(publish, followers, version_id):
            continue
        if publish.state in OPEN_STATES or publish.state is OperationState.FAILED:
            steps += _cancel_waiting(followers)
            steps.append(Replace(operation_id=publish.id, channel_id=publish.channel_id, edition=edition))
        elif not _reachable(publish, followers):
            continue
        elif platforms[publish.channel_id].can_change_media_class or edition.shape == publish.shape:
            steps += _cancel_waiting(followers)
            steps.append(_follow(publish, OperationKind.EDIT, edition))
        elif reissue:
            steps += _cancel_waiting(followers)
            steps.append(_follow(publish, OperationKind.DELETE, None))
            steps.append(Add(channel_id=publish.channel_id, kind=OperationKind.PUBLISH, edition=edition))
        else:
            conflicts.append(Conflict(channel_id=publish.channel_id))
    return steps, conflicts


def plan_kill(
    notices: Mapping[int, Edition],
    existing: Sequence[Existing],
    platforms: Mapping[int, Platform],
    now: datetime,
) -> list[Step]:
    """Withdraw from everyone: cancel what has not left, delete what stands, edit into the notice what is too
    old to delete. `notices` holds the finished notice per publish operation, in the shape of its post."""
    steps: list[Step] = []
    for publish in _publishes(existing):
        followers = [op for op in existing if op.target_id == publish.id]
        if publish.state in OPEN_STATES or publish.state is OperationState.FAILED:
            steps.append(Cancel(operation_id=publish.id, channel_id=publish.channel_id))
            steps += _cancel_waiting(followers)
        elif _reachable(publish, followers):
            steps += _cancel_waiting(followers)
            kind = OperationKind.DELETE
            if _too_old(publish, platforms[publish.channel_id], now):
                kind = OperationKind.EDIT
            steps.append(_follow(publish, kind, notices[publish.id]))
    return steps


def collapse(
    publish_state: OperationState, followers: Sequence[Existing], publish_id: int
) -> tuple[list[int], int | None, bool]:
    """What becomes of edits and deletes behind a publish that turned out not to be applied.

    Returns (ids of followers to cancel, id of the edit whose edition the publish takes over or None, whether
    the publish itself is cancelled because a delete stands behind it).
    """
    if publish_state not in OPEN_STATES and publish_state is not OperationState.FAILED:
        return [], None, False
    waiting = [op for op in followers if op.target_id == publish_id and op.state in OPEN_STATES]
    ids = [op.id for op in waiting]
    if any(op.kind is OperationKind.DELETE for op in waiting):
        return ids, None, True
    return ids, ids[-1] if ids else None, False


def _publishes(existing: Sequence[Existing]) -> list[Existing]:
    return [op for op in existing if op.kind is OperationKind.PUBLISH]


def _was_sent(publish: Existing) -> bool:
    return publish.state is OperationState.SENT and publish.post_state is not PostState.WITHDRAWN


def _stands(publish: Existing) -> bool:
    return publish.state is OperationState.SENT and publish.post_state in {PostState.LIVE, PostState.ALTERED}


def _reachable(publish: Existing, followers: Sequence[Existing]) -> bool:
    """Whether an edit or delete makes sense: the post stands or may stand, and nothing withdraws it yet."""
    withdrawn = any(
        op.kind is OperationKind.DELETE and op.state in UNFINISHED_STATES | {OperationState.SENT}
        for op in followers
    )
    return not withdrawn and (publish.state in UNSETTLED_STATES or _stands(publish))


def _is_replaced(publish: Existing, existing: Sequence[Existing]) -> bool:
    """Whether a newer publish of the channel took its place: the old post only waits to be withdrawn."""
    return any(
        op.id > publish.id
        and op.channel_id == publish.channel_id
        and op.state is not OperationState.CANCELLED
        for op in _publishes(existing)
    )


def _carries(publish: Existing, followers: Sequence[Existing], version_id: int | None) -> bool:
    """Whether the last that was planned for the post is this version, and nothing is wrong with it."""
    planned = [op for op in (publish, *followers) if op.state is not OperationState.CANCELLED]
    if version_id is None or not planned or planned[-1].version_id != version_id:
        return False
    failed_edit = planned[-1].state is OperationState.FAILED and planned[-1] is not publish
    return not failed_edit and publish.post_state is not PostState.ALTERED


def _cancel_waiting(followers: Sequence[Existing]) -> list[Step]:
    """What has not been applied gives way, also what failed: sent again later it would bring the old back."""
    return [
        Cancel(operation_id=op.id, channel_id=op.channel_id)
        for op in followers
        if op.state in OPEN_STATES or op.state is OperationState.FAILED
    ]


def _follow(publish: Existing, kind: OperationKind, edition: Edition | None) -> Add:
    return Add(channel_id=publish.channel_id, kind=kind, edition=edition, target_id=publish.id)


def _too_old(publish: Existing, platform: Platform, now: datetime) -> bool:
    if platform.delete_within is None or publish.published_at is None:
        return False
    return now - publish.published_at > platform.delete_within - DELETE_MARGIN
