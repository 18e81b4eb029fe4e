"""What every network's adapter does. One adapter object speaks for one account."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, Protocol

from publisher.core.editions import Edition
from publisher.core.platforms import Platform
from publisher.core.receipts import Found

# What the adapter needs to reach a channel with its account, as `resolve` gave it (Channel.address).
Address = Mapping[str, Any]
# From a file's SHA-256 to its bytes on disk.
MediaFiles = Callable[[str], Path]


@dataclass(frozen=True, slots=True, kw_only=True)
class Credentials:
    """An account as stored, decrypted: the network's own fields, and the session kept from the last time."""

    values: Mapping[str, str] = field(repr=False)
    session: str | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Receipt:
    """What stands on the network: an external id per element of the edition, in order; the first one's
    link; when the network dated it."""

    external_ids: tuple[int | str, ...]
    permalink: str
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class StandingPost:
    """A post as it was last sent, for changing it."""

    external_ids: tuple[int | str, ...]
    edition: Edition


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """A read-back's answer; `receipt` only when it stands."""

    found: Found
    receipt: Receipt | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PostReading:
    """One element of a post as the network shows it now. Missing counters are None, never zero."""

    external_id: int | str
    exists: bool
    text: str = ""
    views: int | None = None
    forwards: int | None = None
    reactions: int | None = None
    comments: int | None = None
    edited_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Resolved:
    """A channel as the account sees it. `missing_rights` are msgids of what the account may not do there."""

    address: Mapping[str, Any]
    title: str
    missing_rights: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """Who the account is on the network, and the session to keep for the next time."""

    name: str
    session: str = field(repr=False)


class Channel(Protocol):
    """The calls of one account on one network.

    Every call raises only errors of the ChannelError branch (publisher/errors.py). An adapter sets its own
    limit of time to each request; one that it strikes raises Unconfirmed when it may have been applied. A
    call that is cancelled stays cancelled.
    """

    platform: Platform

    async def check(self) -> Identity:
        """Connect if needed and say who we are. Raises SignedOut for dead credentials, Unreachable."""
        ...

    async def resolve(self, handle: str, address: Address | None = None) -> Resolved:
        """See our rights in a channel: by its known address, else by its public name.

        Raises Gone, Forbidden, Limited.
        """
        ...

    async def prepare(self, address: Address, edition: Edition) -> None:
        """Upload what the edition needs: may be repeated, takes its time, and shows nothing to readers."""
        ...

    async def publish(
        self,
        address: Address,
        edition: Edition,
        keys: Sequence[int],
        handle: str,
        after: int | str | None = None,
    ) -> Receipt:
        """Send the edition, one key per element. Repeating with the same keys leaves one post.

        What `prepare` has not uploaded is uploaded first; then each message is sent once. Where a part of the
        post stands already when another one fails, the error's `may_have_applied` is true. `after` is the
        newest external id known before the first try: where to look when the network says that it has the
        post already but not where.
        """
        ...

    async def edit(self, address: Address, post: StandingPost, edition: Edition, handle: str) -> Receipt:
        """Make the post show the edition, which has the same shape. Already equal is success."""
        ...

    async def delete(self, address: Address, external_ids: Sequence[int | str]) -> None:
        """Take the post away; already gone is success. Raises Refused when it is too old for that."""
        ...

    async def find(
        self, address: Address, edition: Edition, after: int | str | None, since: datetime, handle: str
    ) -> Finding:
        """Look for a post of ours with this content, newer than the external id `after` and `since`."""
        ...

    async def read(self, address: Address, external_ids: Sequence[int | str]) -> tuple[PostReading, ...]:
        """What the elements show now, in the order asked."""
        ...

    async def audience(self, address: Address) -> int:
        """Number of subscribers now."""
        ...

    async def close(self) -> None:
        """Drop the connection; requests under way end as Unconfirmed."""
        ...


class Connect(Protocol):
    """Makes the adapter of an account; does not touch the network yet."""

    def __call__(self, credentials: Credentials, media: MediaFiles) -> Channel:
        """The adapter."""
        ...
