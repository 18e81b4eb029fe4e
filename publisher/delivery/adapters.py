"""The adapters of the accounts that this worker speaks for, made when first needed."""

import json
from collections.abc import Mapping

from publisher.channels.base import Channel, Connect, Credentials, MediaFiles
from publisher.core.platforms import Network
from publisher.errors import SignedOut, StoreError
from publisher.secrets import Vault
from publisher.store.models import Account


class Adapters:
    """One adapter per account, as long as its credentials stay the same."""

    def __init__(self, connects: Mapping[Network, Connect], vault: Vault, media: MediaFiles) -> None:
        self._connects = connects
        self._vault = vault
        self._media = media
        self._open: dict[int, tuple[bytes, Channel]] = {}

    @property
    def accounts(self) -> frozenset[int]:
        """Accounts that have an adapter."""
        return frozenset(self._open)

    def find(self, account_id: int) -> Channel | None:
        """The adapter of an account, if `refresh` has seen it."""
        known = self._open.get(account_id)
        return known[1] if known else None

    async def refresh(self, account: Account) -> Channel:
        """The account's adapter; a new one when the credentials were replaced.

        Raises SignedOut when this installation's key does not open the secrets.
        """
        known = self._open.get(account.id)
        if known is not None and known[0] == account.credentials:
            return known[1]
        adapter = self._connects[account.network](self._read(account), self._media)
        self._open[account.id] = account.credentials, adapter
        if known is not None:
            await known[1].close()
        return adapter

    async def keep_only(self, accounts: frozenset[int]) -> None:
        """Drop the connections of accounts that are no longer ours."""
        for account_id in self._open.keys() - accounts:
            _, adapter = self._open.pop(account_id)
            await adapter.close()

    async def close(self) -> None:
        """Drop every connection."""
        await self.keep_only(frozenset())

    def _read(self, account: Account) -> Credentials:
        try:
            session = self._vault.open(account.session) if account.session else None
            values = json.loads(self._vault.open(account.credentials))
        except StoreError as error:
            raise SignedOut("SECRET_UNREADABLE") from error
        return Credentials(values=values, session=session)
