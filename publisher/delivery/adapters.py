"""The adapters of the accounts that this worker speaks for, made when first needed."""

import json
from collections.abc import Mapping

from publisher.channels.base import Channel, Connect, Credentials, MediaFiles
from publisher.core.platforms import Network
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

    def get(self, account_id: int) -> Channel:
        """The adapter of an account that `refresh` has seen. Raises KeyError for another one."""
        return self._open[account_id][1]

    async def refresh(self, account: Account) -> Channel:
        """The account's adapter; a new one when the credentials were replaced."""
        known = self._open.get(account.id)
        if known is not None:
            if known[0] == account.credentials:
                return known[1]
            await known[1].close()
        session = self._vault.open(account.session) if account.session else None
        credentials = Credentials(values=json.loads(self._vault.open(account.credentials)), session=session)
        adapter = self._connects[account.network](credentials, self._media)
        self._open[account.id] = (account.credentials, adapter)
        return adapter

    async def close(self) -> None:
        """Drop every connection."""
        for _, adapter in self._open.values():
            await adapter.close()
        self._open.clear()
