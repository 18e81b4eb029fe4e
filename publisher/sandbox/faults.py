"""Planned misbehaviour: errors, dropped links, hangs and delays, before or after a request is applied."""

import random
from collections import deque
from dataclasses import asdict, dataclass, field
from itertools import count
from typing import Any

LOG_LENGTH = 50_000


@dataclass(slots=True, kw_only=True)
class Fault:
    """`times` None: for ever; `skip` so many go through first; `method` "*": any send, edit or delete."""

    id: int
    network: str = "telegram"
    method: str = "*"
    channel: str | None = None
    skip: int = 0
    times: int | None = 1
    kind: str = "error"
    when: str = "before"
    seconds: float = 0.0
    code: int = 500
    error: str = "INTERNAL"


KINDS = ("error", "drop", "hang", "delay")
CHANGING = {
    "messages.sendMessage", "messages.sendMedia", "messages.sendMultiMedia", "messages.editMessage",
    "channels.deleteMessages",
}  # fmt: skip


@dataclass(slots=True)
class Faults:
    """What is planned, the switches, and the log of what was asked and answered."""

    planned: dict[int, Fault] = field(default_factory=dict)
    latency: float = 0.0
    limits: bool = False
    duplicates: str = "original"
    offline: bool = False
    log: deque[dict[str, Any]] = field(default_factory=lambda: deque(maxlen=LOG_LENGTH))
    rng: random.Random | None = None
    rate: float = 0.0
    kinds: tuple[str, ...] = KINDS
    _ids: "count[int]" = field(default_factory=lambda: count(1))
    _numbers: "count[int]" = field(default_factory=lambda: count(1))

    def plan(self, **values: Any) -> Fault:
        """Plan a fault."""
        fault = Fault(id=next(self._ids), **values)
        self.planned[fault.id] = fault
        return fault

    def randomly(self, seed: int, rate: float, kinds: tuple[str, ...]) -> None:
        """A share of all changing requests goes wrong, in an order that the seed decides."""
        self.rng = random.Random(seed) if rate else None  # noqa: S311 - deterministic on purpose
        self.rate, self.kinds = rate, kinds

    def strike(self, method: str, channel: str | None) -> Fault | None:
        """The fault that hits this request, if any."""
        for fault in list(self.planned.values()):
            if fault.method not in {"*", method} or fault.channel not in {None, channel}:
                continue
            if fault.method == "*" and method not in CHANGING:
                continue
            if fault.skip:
                fault.skip -= 1
                continue
            if fault.times is not None:
                fault.times -= 1
                if not fault.times:
                    del self.planned[fault.id]
            return fault
        return self._random_fault(method)

    def _random_fault(self, method: str) -> Fault | None:
        if self.rng is None or method not in CHANGING or self.rng.random() >= self.rate:
            return None
        when = self.rng.choice(("before", "after"))
        return Fault(id=0, kind=self.rng.choice(self.kinds), when=when, seconds=self.rng.random())

    def note(self, **entry: Any) -> None:
        """Add to the log."""
        self.log.append({"n": next(self._numbers), **entry})

    def describe(self) -> dict[str, Any]:
        """All switches and plans."""
        return {
            "latency_ms": self.latency * 1000,
            "limits": self.limits,
            "duplicates": self.duplicates,
            "offline": self.offline,
            "planned": [asdict(fault) for fault in self.planned.values()],
        }

    def forget(self) -> None:
        """Nothing is planned any more."""
        self.planned.clear()
        self.rng = None
