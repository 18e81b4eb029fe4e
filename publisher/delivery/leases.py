"""This worker's leases, with the clock that decides whether a send may still leave."""

import time
from collections.abc import Callable
from datetime import datetime, timedelta

from publisher.core.platforms import Realm
from publisher.store.claims import recover
from publisher.store.leases import take_leases
from publisher.store.session import Store


class Leases:
    """Renewed by heartbeat. `accounts` are those we speak for; `may_send` is asked before each send."""

    def __init__(
        self,
        store: Store,
        worker: str,
        realm: Realm,
        duration: timedelta,
        send_timeout: timedelta,
        clock: Callable[[], datetime],
    ) -> None:
        self._store = store
        self._worker = worker
        self._realm = realm
        self._duration = duration
        self._margin = send_timeout.total_seconds()
        self._clock = clock
        self._ends_at = 0.0
        self.accounts: frozenset[int] = frozenset()

    def renew(self) -> None:
        """Renew and take leases (database thread); what other workers left in hand is put to checking."""
        # Counted from before the request: the lease may be shorter than we think, never longer.
        asked_at = time.monotonic()
        now = self._clock()
        with self._store.begin() as session:
            ours = take_leases(
                session, self._worker, self._realm, self._duration, now, alone=self._store.is_sqlite
            )
            recover(session, ours, self._worker, now)
        self.accounts = ours
        self._ends_at = asked_at + self._duration.total_seconds()

    def may_send(self, account_id: int) -> bool:
        """Whether a send that leaves now is over, one way or the other, before the account's lease ends."""
        return account_id in self.accounts and time.monotonic() < self._ends_at - self._margin
