"""Accounts and channels as the worker keeps them: signed in, resolved, and their rights known."""

import asyncio
import logging
from collections.abc import Callable
from datetime import datetime
from functools import partial
from typing import Any

from sqlalchemy.orm import Session

from publisher.core.receipts import describe
from publisher.core.states import AccountState, ChannelState
from publisher.delivery.adapters import Adapters
from publisher.errors import ChannelError, Forbidden, Gone, SignedOut
from publisher.secrets import Vault
from publisher.store.models import Account, Channel
from publisher.store.thread import StoreThread
from publisher.store.upkeep import (
    find_account,
    find_channel,
    list_accounts_to_check,
    list_channels_to_check,
    write_account_in_order,
    write_account_trouble,
    write_channel,
)

log = logging.getLogger(__name__)

GONE = {"ok": False, "code": "REMOVED", "message": "", "params": {}, "detail": ""}


class Caretaker:
    """Checks accounts and channels, writes what it found, and lets waiting lanes go on."""

    def __init__(
        self, database: StoreThread, adapters: Adapters, vault: Vault, clock: Callable[[], datetime]
    ) -> None:
        self._database = database
        self._adapters = adapters
        self._vault = vault
        self._clock = clock
        self._round = asyncio.Lock()

    async def look_after(self, accounts: frozenset[int], *, all_accounts: bool) -> None:
        """Check the accounts, all or those in question, then their channels that are not in order."""
        async with self._round:
            now = self._clock()
            find = partial(list_accounts_to_check, ids=accounts, now=now, all_=all_accounts)
            for account_id in await self._database.read(find):
                await self.check_account(account_id)
            find = partial(list_channels_to_check, account_ids=accounts, now=now)
            for channel_id in await self._database.read(find):
                await self.resolve_channel(channel_id)

    async def check_account(self, account_id: int) -> dict[str, Any]:
        """Sign in with the account's credentials, keep the session; the answer in JSON for whoever asked."""
        account = await self._database.read(partial(find_account, account_id=account_id))
        if account is None:
            return GONE
        try:
            adapter = await self._adapters.refresh(account)
            identity = await adapter.check()
        except ChannelError as error:
            return await self._write_trouble(account, error)
        sealed = self._vault.seal(identity.session)
        await self._database.write(
            lambda session: write_account_in_order(session, account, identity.name, sealed, self._clock())
        )
        return {"ok": True, "name": identity.name}

    async def _write_trouble(self, account: Account, error: ChannelError) -> dict[str, Any]:
        """Dead credentials put the account down; a network out of reach only leaves its reason."""
        reason = describe(error)
        state = AccountState.DOWN if isinstance(error, SignedOut) else None
        await self._database.write(
            lambda session: write_account_trouble(session, account, state, reason, self._clock())
        )
        log.warning("account check failed: %s", error.code, extra={"account": account.id})
        return {"ok": False, **reason}

    async def resolve_channel(self, channel_id: int) -> dict[str, Any]:
        """Find the channel with its account and see our rights there; the answer in JSON."""
        channel = await self._database.read(partial(find_channel, channel_id=channel_id))
        if channel is None:
            return GONE
        if channel.account.state is not AccountState.OK:
            checked = await self.check_account(channel.account_id)
            if not checked["ok"]:
                return checked
        try:
            return await self._resolve(channel)
        except ChannelError as error:
            reason = describe(error)
            await self._write_channel(channel, state_after(error), reason)
            return {"ok": False, **reason}

    async def _resolve(self, channel: Channel) -> dict[str, Any]:
        adapter = await self._adapters.refresh(channel.account)
        found = await adapter.resolve(channel.handle, channel.address)
        reason = None
        if found.missing_rights:
            reason = {"code": "RIGHTS", "message": found.missing_rights[0], "params": {}, "detail": ""}
        state = ChannelState.FORBIDDEN if found.missing_rights else ChannelState.OK
        await self._write_channel(channel, state, reason, dict(found.address))
        return {"ok": reason is None, "title": found.title, **(reason or {})}

    async def _write_channel(
        self,
        channel: Channel,
        state: ChannelState | None,
        reason: dict[str, Any] | None,
        address: dict[str, Any] | None = None,
    ) -> None:
        def write(session: Session) -> None:
            write_channel(session, channel.id, state, reason, address, self._clock())

        await self._database.write(write)


def state_after(error: ChannelError) -> ChannelState | None:
    """The channel's state that an error shows; None where it says nothing about the channel."""
    if isinstance(error, Forbidden):
        return ChannelState.FORBIDDEN
    return ChannelState.MISSING if isinstance(error, Gone) else None
