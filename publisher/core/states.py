"""The states of items, operations, posts, accounts and channels, and the words for why."""

from enum import IntEnum, StrEnum


class ItemStatus(StrEnum):
    """Where an item is in its life."""

    DRAFT = "draft"
    IN_REVIEW = "in_review"
    APPROVED = "approved"
    SCHEDULED = "scheduled"
    PUBLISHED = "published"
    CORRECTED = "corrected"
    KILLED = "killed"
    SPIKED = "spiked"


LIVE_ITEMS = frozenset({ItemStatus.PUBLISHED, ItemStatus.CORRECTED})
ENDED_ITEMS = frozenset({ItemStatus.KILLED, ItemStatus.SPIKED})


class Priority(IntEnum):
    """Lower goes first, always."""

    EMERGENCY = 0
    URGENT = 1
    NORMAL = 2


class OperationKind(StrEnum):
    """The intended change at one destination."""

    PUBLISH = "publish"
    EDIT = "edit"
    DELETE = "delete"


class OperationState(StrEnum):
    """Where an operation is; the transitions stand in core/receipts.py."""

    PLANNED = "planned"
    SENDING = "sending"
    SENT = "sent"
    CHECKING = "checking"
    UNCONFIRMED = "unconfirmed"
    RETRYING = "retrying"
    FAILED = "failed"
    HELD = "held"
    CANCELLED = "cancelled"


# Surely not applied yet, so that the edition can be replaced and the operation cancelled.
OPEN_STATES = frozenset({OperationState.PLANNED, OperationState.RETRYING, OperationState.HELD})
# A worker may be at it.
IN_HAND_STATES = frozenset({OperationState.SENDING, OperationState.CHECKING})
# Applied or perhaps applied: whatever comes later in the lane waits for the outcome.
UNSETTLED_STATES = frozenset({OperationState.SENDING, OperationState.CHECKING, OperationState.UNCONFIRMED})
UNFINISHED_STATES = OPEN_STATES | UNSETTLED_STATES


class HoldReason(StrEnum):
    """Why an operation waits for a person."""

    STALE = "stale"
    ACCOUNT_DOWN = "account_down"
    CHANNEL_DOWN = "channel_down"
    RESTORED = "restored"


class PostState(StrEnum):
    """What stands on the network, as far as we have seen."""

    LIVE = "live"
    ALTERED = "altered"
    MISSING = "missing"
    WITHDRAWN = "withdrawn"


class AccountState(StrEnum):
    """New accounts wait for the worker's first check."""

    NEW = "new"
    OK = "ok"
    DOWN = "down"


class ChannelState(StrEnum):
    """New channels wait until the worker has resolved the handle and seen the rights."""

    NEW = "new"
    OK = "ok"
    FORBIDDEN = "forbidden"
    MISSING = "missing"


class Role(StrEnum):
    """What a person may do: design.md §13."""

    AUTHOR = "author"
    EDITOR = "editor"
    CHIEF = "chief"
    ADMIN = "admin"


class LetterState(StrEnum):
    """How far a letter to one reader has come. `unconfirmed`: the server may have taken it."""

    WAITING = "waiting"
    SENDING = "sending"
    SENT = "sent"
    FAILED = "failed"
    UNCONFIRMED = "unconfirmed"


class CountSource(IntEnum):
    """Where an audience count comes from; a number, because millions of rows carry it."""

    NETWORK = 0
    IMPORT = 1
    DEMO = 2
