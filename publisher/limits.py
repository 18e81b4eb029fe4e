"""How fast we may speak: token buckets per account and channel, and the waits that networks ask for.

All times are monotonic seconds. One object serves delivery and tracking of one worker; its methods may be
called from the event loop and from the database thread.
"""

import threading
from dataclasses import dataclass, field


@dataclass(slots=True)
class Bucket:
    """Tokens that refill at `rate` a second up to one second's worth, at least one; rate 0 means no limit.

    A cost above the capacity is let through when the bucket is full and leaves a debt: an album of ten
    pictures to a channel of one message a second silences that channel for ten seconds.
    """

    rate: float
    tokens: float = field(init=False)
    filled_at: float

    def __post_init__(self) -> None:
        self.tokens = self.capacity

    @property
    def capacity(self) -> float:
        """The largest burst."""
        return max(1.0, self.rate)

    def ready_at(self, cost: int, now: float) -> float:
        """When `cost` may be taken; `now` or earlier means at once."""
        if not self.rate:
            return now
        missing = min(cost, self.capacity) - self._filled(now)
        return now if missing <= 0 else now + missing / self.rate

    def take(self, cost: int, now: float) -> None:
        """Take the cost."""
        if self.rate:
            self.tokens = self._filled(now) - cost
            self.filled_at = now

    def _filled(self, now: float) -> float:
        return min(self.capacity, self.tokens + (now - self.filled_at) * self.rate)


class Limits:
    """The buckets and waits of all accounts and channels that this worker speaks for."""

    def __init__(self, account_rate: float, channel_rate: float) -> None:
        self._account_rate = account_rate
        self._channel_rate = channel_rate
        self._buckets: dict[tuple[str, int], Bucket] = {}
        self._waits: dict[tuple[str, int], float] = {}
        self._lock = threading.Lock()

    def ready_at(self, account_id: int, channel_id: int, cost: int, now: float) -> float:
        """When a send of this cost may leave; `now` or earlier means at once."""
        return max(
            self._ready_at("account", account_id, cost, now), self._ready_at("channel", channel_id, cost, now)
        )

    def account_ready_at(self, account_id: int, cost: int, now: float) -> float:
        """The same as far as the account alone goes."""
        return self._ready_at("account", account_id, cost, now)

    def try_take(self, account_id: int, channel_id: int, cost: int, now: float) -> bool:
        """Take the cost from both buckets if it may leave now."""
        if self.ready_at(account_id, channel_id, cost, now) > now:
            return False
        with self._lock:
            self._bucket("account", account_id, now).take(cost, now)
            self._bucket("channel", channel_id, now).take(cost, now)
        return True

    def wait_account(self, account_id: int, until: float) -> None:
        """Obey a network's wait that covers the account."""
        self._wait(("account", account_id), until)

    def wait_channel(self, channel_id: int, until: float) -> None:
        """Obey a network's wait that covers one channel."""
        self._wait(("channel", channel_id), until)

    def _ready_at(self, kind: str, key: int, cost: int, now: float) -> float:
        with self._lock:
            return max(self._bucket(kind, key, now).ready_at(cost, now), self._waits.get((kind, key), now))

    def _wait(self, key: tuple[str, int], until: float) -> None:
        with self._lock:
            self._waits[key] = max(until, self._waits.get(key, until))

    def _bucket(self, kind: str, key: int, now: float) -> Bucket:
        found = self._buckets.get((kind, key))
        if found is None:
            rate = self._account_rate if kind == "account" else self._channel_rate
            found = self._buckets[kind, key] = Bucket(rate=rate, filled_at=now)
        return found
