"""Telegram's errors in our words (classes: the API's error tables, docs/developer/telegram.md)."""

import re
from datetime import timedelta

from telethon.errors import FloodError, RPCError

from publisher.errors import (
    ChannelError,
    Forbidden,
    Gone,
    Limited,
    Refused,
    Scope,
    SignedOut,
    Unconfirmed,
)

# A wait of n seconds is over when n whole seconds have passed: one more is surely enough.
GRACE = timedelta(seconds=1)
WAIT = re.compile(r"(FLOOD_WAIT|FLOOD_PREMIUM_WAIT|FLOOD_TEST_PHONE_WAIT|SLOWMODE_WAIT)_?(\d+)?")
SIGNED_OUT = re.compile(
    r"AUTH_KEY_|SESSION_|USER_DEACTIVATED|ACCESS_TOKEN_|API_ID_|PEER_FLOOD|AUTH_TOKEN_|BOT_TOKEN"
)
FORBIDDEN = re.compile(
    r"CHAT_WRITE_FORBIDDEN|CHAT_ADMIN_REQUIRED|CHANNEL_PRIVATE|USER_NOT_PARTICIPANT|CHAT_SEND_|"
    r"CHAT_FORBIDDEN|CHAT_RESTRICTED|USER_BANNED_IN_CHANNEL|MESSAGE_AUTHOR_REQUIRED|RIGHT_FORBIDDEN"
)
GONE = re.compile(r"MESSAGE_ID_INVALID|MSG_ID_INVALID|CHANNEL_INVALID|PEER_ID_INVALID|USERNAME_")
DUPLICATE = "RANDOM_ID_DUPLICATE"
NOT_MODIFIED = "MESSAGE_NOT_MODIFIED"


def name_of(error: RPCError) -> str:
    """The API's name of an error, without the number in it: FLOOD_WAIT, CHAT_WRITE_FORBIDDEN.

    Telethon has a class for every name it knows; for others a general class carries the name as its message.
    """
    if type(error).__module__.endswith("rpcbaseerrors"):
        return re.sub(r"_\d+$", "", str(error.message or type(error).__name__).upper())
    words = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", type(error).__name__.removesuffix("Error"))
    return words.upper()


def translate(error: RPCError) -> ChannelError:
    """The error of our tree for an answer of the API; whoever calls raises it from the original."""
    name = name_of(error)
    seconds = getattr(error, "seconds", None)
    if isinstance(error, FloodError) or WAIT.match(name) or seconds is not None:
        scope = Scope.CHANNEL if name.startswith("SLOW") else Scope.ACCOUNT
        return Limited(name, timedelta(seconds=seconds or 0) + GRACE, scope)
    if SIGNED_OUT.search(name) or error.code in {401, 406}:
        return SignedOut(name)
    if FORBIDDEN.search(name):
        return Forbidden(name)
    if GONE.match(name):
        return Gone(name)
    if error.code >= 500 or error.code < 0 or name in {"TIMEOUT", "RPC_CALL_FAIL", "RPC_MCGET_FAIL"}:
        return Unconfirmed(name)
    return Refused(name)
