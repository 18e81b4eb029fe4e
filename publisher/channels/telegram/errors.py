"""Telegram's errors in our words (tables of core.telegram.org/api/errors; docs/developer/telegram.md)."""

import re
from datetime import timedelta

from telethon.errors import FloodError, FrozenMethodInvalidError, RPCError
from telethon.errors.rpcerrorlist import rpc_errors_dict, rpc_errors_re
from telethon.tl import functions

from publisher.errors import (
    ChannelError,
    Forbidden,
    Gone,
    Limited,
    Refused,
    Scope,
    SignedOut,
    Unconfirmed,
    Unreachable,
)


class Duplicate(Unconfirmed):
    """The network knows the random_id but does not say which message it became."""


class NotModified(ChannelError):
    """The post already shows exactly this."""


# A wait of n seconds is over when n whole seconds have passed: one more is surely enough.
GRACE = timedelta(seconds=1)
SIGNED_OUT = re.compile(
    r"AUTH_KEY_|AUTH_TOKEN_|ACCESS_TOKEN_|SESSION_(EXPIRED|REVOKED|PASSWORD)|USER_DEACTIVATED|"
    r"API_ID_|CONNECTION_API_ID_|PEER_FLOOD|FROZEN_"
)
FORBIDDEN = re.compile(
    r"CHAT_WRITE_FORBIDDEN|CHAT_ADMIN_REQUIRED|CHANNEL_PRIVATE|USER_NOT_PARTICIPANT|CHAT_SEND_|"
    r"CHAT_GUEST_SEND_|CHAT_FORBIDDEN|CHAT_RESTRICTED|USER_BANNED_IN_CHANNEL|MESSAGE_AUTHOR_REQUIRED|"
    r"RIGHT_FORBIDDEN|BROADCAST_FORBIDDEN|USER_RESTRICTED"
)
GONE = re.compile(r"MESSAGE_ID_INVALID|MSG_ID_INVALID")
CHANNEL_GONE = re.compile(
    r"CHANNEL_INVALID|CHANNEL_ID_INVALID|CHAT_INVALID|CHAT_ID_INVALID|PEER_ID_INVALID|USERNAME_"
)
# Something is wrong with the way there, not with the content: a repeat uploads or connects anew.
REPEATABLE = re.compile(
    r"FILE_REFERENCE_|FILEREF_|FILE_PART|MD5_CHECKSUM_|CONNECTION_NOT_INITED|\w+_MIGRATE$"
)
# A wait for one of these covers all that the account says; Telegram does not tell whether only one channel
# is meant. A wait for any other method (contacts.resolveUsername: hours) leaves these free.
CHANGING = (
    functions.messages.SendMessageRequest,
    functions.messages.SendMediaRequest,
    functions.messages.SendMultiMediaRequest,
    functions.messages.EditMessageRequest,
    functions.channels.DeleteMessagesRequest,
)
NAMES = {error: name for name, error in rpc_errors_dict.items()} | {
    error: re.sub(r"_?\(\\d\+\)", "", pattern) for pattern, error in rpc_errors_re
}


def name_of(error: RPCError) -> str:
    """The API's name of an error, without the number in it: FLOOD_WAIT, CHAT_WRITE_FORBIDDEN.

    Telethon has a class for every name it knows; for others a general class carries the name as its message.
    """
    known = NAMES.get(type(error))
    return (known or re.sub(r"_\d+$", "", str(error.message or type(error).__name__))).upper()


def translate(error: RPCError, *, changes: bool) -> ChannelError:
    """The error of our tree for an answer of the API; whoever calls raises it from the original.

    `changes` tells that the request may have been applied for all that an internal error of the network says;
    a read or an upload leaves nothing to settle.
    """
    name = name_of(error)
    if name == "RANDOM_ID_DUPLICATE":
        return Duplicate(name)
    if name == "MESSAGE_NOT_MODIFIED":
        return NotModified(name)
    if isinstance(error, FloodError) and not isinstance(error, FrozenMethodInvalidError):
        return Limited(name, timedelta(seconds=_seconds(error)) + GRACE, _scope(name, error))
    if SIGNED_OUT.match(name) or error.code == 401:
        return SignedOut(name)
    if FORBIDDEN.match(name):
        return Forbidden(name)
    if GONE.match(name):
        return Gone(name)
    if CHANNEL_GONE.match(name):
        return Gone(name, is_channel=True)
    if REPEATABLE.match(name):
        return Unreachable(name)
    if error.code >= 500 or error.code < 0:
        return Unconfirmed(name) if changes else Unreachable(name)
    return Refused(name)


def _seconds(error: FloodError) -> int:
    """The wait; an unknown kind of flood wait has it in its name."""
    known = getattr(error, "seconds", None)
    if known is not None:
        return int(known)
    number = re.search(r"_(\d+)$", str(error.message))
    return int(number[1]) if number else 0


def _scope(name: str, error: RPCError) -> Scope:
    if name == "SLOWMODE_WAIT":
        return Scope.CHANNEL
    request = getattr(error.request, "query", error.request)
    return Scope.ACCOUNT if isinstance(request, CHANGING) else Scope.METHOD
