"""The one tree of errors: what can go wrong, with the data that a caller needs to act on it."""

from datetime import timedelta
from enum import StrEnum


class PublisherError(Exception):
    """The root of everything this program raises on purpose."""


class ConfigError(PublisherError):
    """A setting cannot be used; says which, what was found and what was expected."""

    def __init__(self, key: str, found: str, expected: str) -> None:
        super().__init__(f"{key}: found {found}, expected {expected}")
        self.key = key
        self.found = found
        self.expected = expected


class StoreError(PublisherError):
    """The data cannot be used: a database, a folder, a key, a port.

    `message` is a msgid for the administrator, as RuleError's; `params` fill its places after translation.
    """

    def __init__(self, message: str, **params: object) -> None:
        super().__init__(message.format(**params) if params else message)
        self.message = message
        self.params = params


class DiskFull(StoreError):
    """There is no room left where the data lies."""


class NotFound(PublisherError):
    """A row that a `get_` query needs does not exist."""

    def __init__(self, what: str, key: object) -> None:
        super().__init__(f"no {what} {key}")
        self.what = what
        self.key = key


class RuleError(PublisherError):
    """A newsroom rule forbids the act.

    `field` names the input it belongs to ("" for the whole form). `message` is an English msgid with
    `{named}` places; `params` fill them after translation (publisher/wording.py).
    """

    def __init__(self, field: str, message: str, **params: object) -> None:
        super().__init__(message.format(**params) if params else message)
        self.field = field
        self.message = message
        self.params = params


class NotAllowed(RuleError):
    """The person's role or desk does not permit the act."""


class EmbargoInForce(RuleError):
    """The item may not go out before its embargo ends."""


class Stale(RuleError):
    """The moment at which the news was worth sending has passed."""


class EditConflict(RuleError):
    """Somebody saved the item in between; `params["current"]` is the number of the newest version."""


class Scope(StrEnum):
    """What a network's wait covers."""

    ACCOUNT = "account"
    CHANNEL = "channel"
    METHOD = "method"


class ChannelError(PublisherError):
    """A network did not do what was asked.

    `code` is the network's own name for it (FLOOD_WAIT, CHAT_WRITE_FORBIDDEN …), kept for support.
    `permanent` says that a repeat cannot help; `may_have_applied` that the request may stand all the same.
    """

    permanent = False
    may_have_applied = False

    def __init__(self, code: str, detail: str = "") -> None:
        super().__init__(f"{code}: {detail}" if detail else code)
        self.code = code
        self.detail = detail


class Limited(ChannelError):
    """The network asks to wait; the request was not applied. The wait is always obeyed."""

    def __init__(self, code: str, retry_after: timedelta, scope: Scope, detail: str = "") -> None:
        super().__init__(code, detail)
        self.retry_after = retry_after
        self.scope = scope


class Refused(ChannelError):
    """The network will not take this content; the editor must change it."""

    permanent = True


class Forbidden(ChannelError):
    """Rights are missing in this channel; others go on."""

    permanent = True


class Gone(ChannelError):
    """The post or the channel vanished: mark it, do not repeat. `is_channel` tells which of the two."""

    permanent = True

    def __init__(self, code: str, detail: str = "", *, is_channel: bool = False) -> None:
        super().__init__(code, detail)
        self.is_channel = is_channel


class SignedOut(ChannelError):
    """The account's credentials are dead; all its lanes wait for a person."""

    permanent = True


class Unreachable(ChannelError):
    """The network could not be reached; the request was surely not applied."""


class Unconfirmed(ChannelError):
    """The answer never came; the request may have been applied. Settle by key or read-back."""

    may_have_applied = True
