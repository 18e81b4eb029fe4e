"""How often somebody may guess a password.

Counted in this process: enough for one desk; behind a balancer each process counts for itself, which raises
the limit by their number and no more. A restart forgets, and the slow hash stays the second line.
"""

from collections import defaultdict, deque
from datetime import datetime, timedelta
from threading import Lock

WINDOW = timedelta(minutes=15)
PER_PERSON = 8
PER_ADDRESS = 40


class Attempts:
    """Failed guesses of the last quarter of an hour, per network address and per address with e-mail."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._failed: dict[tuple[str, str], deque[datetime]] = defaultdict(deque)

    def allows(self, address: str, email: str, now: datetime) -> bool:
        """Whether another guess may be made."""
        with self._lock:
            self._drop_old(now)
            return (
                len(self._failed.get((address, email), ())) < PER_PERSON
                and len(self._failed.get((address, ""), ())) < PER_ADDRESS
            )

    def count(self, address: str, email: str, now: datetime) -> None:
        """Note a failed guess."""
        with self._lock:
            self._failed[address, email].append(now)
            self._failed[address, ""].append(now)

    def forget(self, address: str, email: str) -> None:
        """The person got in: their slips do not count against them."""
        with self._lock:
            self._failed.pop((address, email), None)

    def _drop_old(self, now: datetime) -> None:
        for key, moments in list(self._failed.items()):
            while moments and now - moments[0] > WINDOW:
                moments.popleft()
            if not moments:
                del self._failed[key]
