"""What an answer, or its absence, makes of an operation: every transition that delivery may take.

The rules are design.md §5.3: only an outcome that is surely "not applied" leads to a plain retry; everything
else is settled by the same key or by reading back, and what cannot be settled waits for a person.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from publisher.core.messages import N_
from publisher.core.states import HoldReason, OperationKind, OperationState
from publisher.errors import (
    ChannelError,
    Forbidden,
    Gone,
    Limited,
    Refused,
    SignedOut,
    Unconfirmed,
    Unreachable,
)


class Found(StrEnum):
    """The answer of a read-back: it stands, it surely does not, or nobody can tell."""

    STANDS = "stands"
    ABSENT = "absent"
    UNKNOWN = "unknown"


class Settling(StrEnum):
    """How an unknown outcome is settled next."""

    RESEND = "resend"
    READ_BACK = "read_back"


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """What the rules need to know of an operation that is being sent or settled.

    `attempts` counts the tries so far, this one included; `first_sent_at` is when the first one left whose
    outcome is not known; `settling` tells that this try is to find that outcome out.
    """

    kind: OperationKind
    attempts: int
    first_sent_at: datetime
    latest: datetime | None
    key_window: timedelta
    settling: bool = False

    @property
    def may_stand(self) -> bool:
        """Whether an earlier try may have put up a post, whatever this one says."""
        return self.settling and self.kind is OperationKind.PUBLISH


@dataclass(frozen=True, slots=True, kw_only=True)
class Transition:
    """Where an operation goes: its new state, when delivery looks at it again, and the reason to show."""

    state: OperationState
    wake_at: datetime | None = None
    hold_reason: HoldReason | None = None
    error: dict[str, Any] | None = None


FIRST_PAUSE = timedelta(seconds=2)
# A network that is back is noticed within a minute, however long it was away.
LONGEST_PAUSE = timedelta(minutes=1)
SETTLE_FOR = timedelta(hours=6)


def pause_before_retry(attempts: int) -> timedelta:
    """Doubling from two seconds to a minute."""
    doublings = min(attempts - 1, 10)
    return min(FIRST_PAUSE * (1 << doublings), LONGEST_PAUSE)


def after_error(error: ChannelError, progress: Progress, now: datetime) -> Transition:
    """The transition for what the network, or its silence, answered to a send."""
    if error.may_have_applied or progress.may_stand:
        return after_failed_settling(error, progress, now)
    reason = describe(error)
    match error:
        case Limited():
            return _retry(progress, now + error.retry_after, reason)
        case Unreachable():
            return _retry(progress, now + pause_before_retry(progress.attempts), reason)
        case SignedOut():
            return _held(HoldReason.ACCOUNT_DOWN, reason)
        case Forbidden():
            return _held(HoldReason.CHANNEL_DOWN, reason)
        case Gone() if error.is_channel or progress.kind is OperationKind.PUBLISH:
            return _held(HoldReason.CHANNEL_DOWN, reason)
        case Gone() if progress.kind is OperationKind.DELETE:
            return Transition(state=OperationState.SENT)
        case _:
            return Transition(state=OperationState.FAILED, error=reason)


def choose_settling(progress: Progress, now: datetime) -> Settling:
    """Edits and deletes may be repeated; a publish only while its key is recognised and the news is news."""
    if progress.kind is not OperationKind.PUBLISH:
        return Settling.RESEND
    key_holds = now - progress.first_sent_at < progress.key_window
    return Settling.RESEND if key_holds and not is_stale(progress.latest, now) else Settling.READ_BACK


def after_read_back(
    found: Found, progress: Progress, now: datetime, refused: Refused | None = None
) -> Transition:
    """The transition for a read-back that settles a publish.

    Absent is believed only where a key makes the repeat harmless all the same. `refused` is what a repeat
    met before: there will be no other one.
    """
    if found is Found.STANDS:
        return Transition(state=OperationState.SENT)
    if found is Found.ABSENT and refused is not None:
        return Transition(state=OperationState.FAILED, error=describe(refused))
    if found is Found.ABSENT and progress.key_window:
        return _retry(progress, now, None)
    return unconfirmed()


def after_failed_settling(error: ChannelError, progress: Progress, now: datetime) -> Transition:
    """The transition when settling itself did not get through: the outcome is still unknown.

    It goes on by itself for six hours, then a person is asked.
    """
    if now - progress.first_sent_at > SETTLE_FOR:
        return unconfirmed()
    pause = error.retry_after if isinstance(error, Limited) else pause_before_retry(progress.attempts)
    return Transition(state=OperationState.CHECKING, wake_at=now + pause, error=describe(error))


def unconfirmed() -> Transition:
    """The transition for what could not be settled: a person decides."""
    message = N_("The network did not say whether the post stands.")
    reason = {"code": "UNCONFIRMED", "message": message, "params": {}, "detail": ""}
    return Transition(state=OperationState.UNCONFIRMED, error=reason)


def is_stale(latest: datetime | None, now: datetime) -> bool:
    """Whether the moment at which a publish was worth sending has passed."""
    return latest is not None and now > latest


def _retry(progress: Progress, wake_at: datetime, reason: dict[str, Any] | None) -> Transition:
    if is_stale(progress.latest, wake_at):
        return _held(HoldReason.STALE, reason)
    return Transition(state=OperationState.RETRYING, wake_at=wake_at, error=reason)


def _held(hold_reason: HoldReason, reason: dict[str, Any] | None) -> Transition:
    return Transition(state=OperationState.HELD, hold_reason=hold_reason, error=reason)


# Codes of accounts that still sign in and may not speak: only a person can tell when that is over.
RESTRICTED = frozenset({"PEER_FLOOD", "FROZEN_METHOD_INVALID", "FROZEN_PARTICIPANT_MISSING"})

# The network's own name of an error -> what the editor reads. The rest is worded by class.
BY_CODE = {
    "OLD_POST_STANDS": N_("The old post could not be withdrawn, so the new one was not sent."),
    "SECRET_UNREADABLE": N_(
        "The key of this installation does not open the account's secrets: enter them again."
    ),
    "MESSAGE_TOO_LONG": N_("The text is longer than the channel takes."),
    "MEDIA_CAPTION_TOO_LONG": N_("The caption is longer than the channel takes."),
    "MESSAGE_EMPTY": N_("The post is empty."),
    "PHOTO_INVALID_DIMENSIONS": N_("The network does not take a picture of this size."),
    "MESSAGE_DELETE_FORBIDDEN": N_("The post is too old for the network to delete it."),
    "USERNAME_NOT_OCCUPIED": N_("There is no channel with this name."),
    "CHANNEL_PRIVATE": N_("The account is not a member of the channel."),
    "CHAT_WRITE_FORBIDDEN": N_("The account may not post in the channel: make it an administrator."),
    "CHAT_ADMIN_REQUIRED": N_("The account is no administrator of the channel."),
    "MESSAGE_ID_INVALID": N_("The post is no longer on the network."),
    "ACCESS_TOKEN_INVALID": N_("The network does not know this token."),
    "API_ID_INVALID": N_("The network does not know this api_id or api_hash."),
    "BOT_TOKEN_MISSING": N_("The account has neither a token nor a session."),
    "SESSION_INVALID": N_("The stored session is damaged: sign in again."),
    "AUTH_KEY_DUPLICATED": N_("The session was used from two places at once and is lost: sign in again."),
    "PEER_FLOOD": N_("The network has restricted the account: write to its support."),
    "FROZEN_METHOD_INVALID": N_("The network has frozen the account: write to its support."),
    "USER_DEACTIVATED": N_("The network has deleted the account."),
    "USER_DEACTIVATED_BAN": N_("The network has banned the account."),
    "CHANNEL_INVALID": N_("The channel is no longer there, or the account no longer sees it."),
    "CHAT_SEND_PHOTOS_FORBIDDEN": N_("The account may not post pictures in the channel."),
    "CHAT_SEND_MEDIA_FORBIDDEN": N_("The account may not post files in the channel."),
    "MEDIA_PREV_INVALID": N_(
        "A post cannot change between text, picture and file: withdraw it and publish it anew."
    ),
    "MULTI_MEDIA_TOO_LONG": N_("The post has more files than the channel takes."),
    "IMAGE_PROCESS_FAILED": N_("The network cannot read the picture."),
    "PHOTO_SAVE_FILE_INVALID": N_("The network does not take a picture of this size."),
    "ENTITY_BOUNDS_INVALID": N_("The network does not take the formatting of the text."),
    "MESSAGE_EDIT_TIME_EXPIRED": N_("The post is too old for the network to change it."),
    "MEDIA_MISSING": N_("A file of the post is missing in the media folder."),
    "ACCOUNT_NEW": N_("The account is not signed in yet."),
    "CHANNEL_NEW": N_("The channel was not found on the network yet."),
}  # fmt: skip
BY_CLASS: tuple[tuple[type[ChannelError], str], ...] = (
    (Limited, N_("The network asked to wait.")),
    (Refused, N_("The network does not take this content.")),
    (Forbidden, N_("The account has no right to do this in the channel.")),
    (Gone, N_("The channel or the post is no longer on the network.")),
    (SignedOut, N_("The network no longer accepts the account's credentials.")),
    (Unreachable, N_("The network could not be reached.")),
    (Unconfirmed, N_("The network did not answer; whether the post stands is being checked.")),
)


def describe(error: ChannelError) -> dict[str, Any]:
    """The stored form of a reason: the network's code, a msgid in the editor's words, its params."""
    message = BY_CODE.get(error.code) or next(text for kind, text in BY_CLASS if isinstance(error, kind))
    return {"code": error.code, "message": message, "params": {}, "detail": error.detail}


def outcome_word(error: ChannelError | None) -> str:
    """The word an attempt is stored under: sent, limited, refused …"""
    return "sent" if error is None else type(error).__name__.lower()


def cause_of(error: ChannelError) -> str:
    """The short stored form of why a channel could not be read; `words_of` has its words."""
    return error.code if error.code in BY_CODE else outcome_word(error)


def words_of(cause: str) -> str:
    """The msgid of a stored cause."""
    by_class = {kind.__name__.lower(): text for kind, text in BY_CLASS}
    return BY_CODE.get(cause) or by_class.get(cause) or N_("The network did not say why.")
