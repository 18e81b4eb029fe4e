"""Accounts and channels as the worker keeps them: signed in, resolved, and their rights known."""

import logging
from collections.abc import Callable
from datetime import datetime
from typing import Any

from publisher.channels.base import Channel as Adapter
from publisher.core.receipts import describe
from publisher.core.states import AccountState, ChannelState, HoldReason
from publisher.delivery.adapters import Adapters
from publisher.errors import ChannelError, Forbidden, Gone, SignedOut
from publisher.secrets import Vault
from publisher.store.claims import release_lanes
from publisher.store.models import Account, Channel
from publisher.store.session import Store

log = logging.getLogger(__name__)


class Caretaker:
    """Checks accounts and channels, writes what it found, and lets waiting lanes go on."""

    def __init__(self, store: Store, adapters: Adapters, vault: Vault, clock: Callable[[], datetime]) -> None:
        self._store = store
        self._adapters = adapters
        self._vault = vault
        self._clock = clock

    async def check_account(self, account_id: int) -> dict[str, Any]:
        """Sign in with the account's credentials, keep the session; the answer in JSON for whoever asked."""
        with self._store.reading() as session:
            account = session.get_one(Account, account_id)
        try:
            adapter = await self._adapters.refresh(account)
            identity = await adapter.check()
        except ChannelError as error:
            self._write_trouble(account_id, error)
            return {"ok": False, **describe(error)}
        with self._store.begin() as session:
            account = session.get_one(Account, account_id)
            account.state = AccountState.OK
            account.reason = None
            account.remote_name = identity.name
            account.session = self._vault.seal(identity.session)
            account.checked_at = self._clock()
            channels = [channel.id for channel in account.channels]
            release_lanes(session, HoldReason.ACCOUNT_DOWN, channels, self._clock())
        return {"ok": True, "name": identity.name}

    def _write_trouble(self, account_id: int, error: ChannelError) -> None:
        """Dead credentials put the account down; a network out of reach only leaves its reason."""
        with self._store.begin() as session:
            account = session.get_one(Account, account_id)
            if isinstance(error, SignedOut):
                account.state = AccountState.DOWN
            account.reason = describe(error)
            account.checked_at = self._clock()
        log.warning("account check failed: %s", error.code, extra={"account": account_id})

    async def resolve_channel(self, channel_id: int) -> dict[str, Any]:
        """Find the channel with its account and see our rights there; the answer in JSON."""
        with self._store.reading() as session:
            channel = session.get_one(Channel, channel_id)
            account = channel.account
        if account.state is not AccountState.OK:
            checked = await self.check_account(account.id)
            if not checked["ok"]:
                return checked
        adapter = self._adapters.get(account.id)
        try:
            return await self._resolve(adapter, channel)
        except ChannelError as error:
            self._write_channel(channel_id, state_after(error), describe(error))
            return {"ok": False, **describe(error)}

    async def _resolve(self, adapter: Adapter, channel: Channel) -> dict[str, Any]:
        found = await adapter.resolve(channel.handle)
        reason = None
        if found.missing_rights:
            reason = {"code": "RIGHTS", "message": found.missing_rights[0], "params": {}, "detail": ""}
        state = ChannelState.FORBIDDEN if found.missing_rights else ChannelState.OK
        self._write_channel(channel.id, state, reason, dict(found.address))
        return {"ok": reason is None, "title": found.title, **(reason or {})}

    def _write_channel(
        self,
        channel_id: int,
        state: ChannelState | None,
        reason: dict[str, Any] | None,
        address: dict[str, Any] | None = None,
    ) -> None:
        with self._store.begin() as session:
            channel = session.get_one(Channel, channel_id)
            channel.state = state or channel.state
            channel.reason = reason
            channel.address = address or channel.address
            channel.checked_at = self._clock()
            if channel.state is ChannelState.OK:
                release_lanes(session, HoldReason.CHANNEL_DOWN, [channel_id], self._clock())


def state_after(error: ChannelError) -> ChannelState | None:
    """The channel's state that an error shows; None where it says nothing about the channel."""
    if isinstance(error, Forbidden):
        return ChannelState.FORBIDDEN
    return ChannelState.MISSING if isinstance(error, Gone) else None
