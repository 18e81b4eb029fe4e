"""Who may speak in one turn of the dispatcher: what the limits and the room in flight let through."""

from collections.abc import Mapping

from publisher.core.states import Priority
from publisher.limits import Limits
from publisher.store.claims import Lane


class Admission:
    """Asked for the heads of the lanes, most urgent first. All times are monotonic seconds.

    `busy` lanes have a send under way, of at most `in_flight` at once; what is claimed for them follows it
    and needs no room of its own. `next_at` is when the first of those may speak that could not now; None
    when nobody was told to wait.
    """

    def __init__(
        self, limits: Limits, lanes: Mapping[int, Lane], busy: frozenset[int], in_flight: int, now: float
    ) -> None:
        self._limits = limits
        self._lanes = lanes
        self._busy = busy
        self._room = in_flight - len(busy)
        self._now = now
        self._drained: set[int] = set()
        self.next_at: float | None = None

    def free_lanes(self, full: frozenset[int]) -> list[int]:
        """Lanes that are not `full` and that the limits let say at least one message."""
        return [
            lane.channel_id
            for lane in self._lanes.values()
            if lane.channel_id not in full and self._is_ready(lane, 1)
        ]

    def admit(self, channel_id: int, cost: int, priority: Priority) -> bool:
        """Whether an operation may leave now; what it costs is taken if so. An emergency needs no room."""
        lane = self._lanes[channel_id]
        needs_room = channel_id not in self._busy
        if needs_room and self._room <= 0 and priority is not Priority.EMERGENCY:
            return False
        if lane.account_id in self._drained or not self._is_ready(lane, cost):
            self._save_up(lane, cost)
            return False
        self._limits.try_take(lane.account_id, channel_id, cost, self._now)
        self._room -= needs_room
        return True

    def _is_ready(self, lane: Lane, cost: int) -> bool:
        ready_at = self._limits.ready_at(lane.account_id, lane.channel_id, cost, self._now)
        if ready_at > self._now:
            self.next_at = ready_at if self.next_at is None else min(self.next_at, ready_at)
        return ready_at <= self._now

    def _save_up(self, lane: Lane, cost: int) -> None:
        """An album that waits for its account's rate is not overtaken by texts that are less urgent: they
        would take, one by one, what it waits for."""
        if self._limits.account_ready_at(lane.account_id, cost, self._now) > self._now:
            self._drained.add(lane.account_id)
