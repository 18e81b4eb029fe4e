"""Planned misbehaviour: errors, dropped links, hangs and delays, before or after a request is applied."""

import random
from collections import deque
from dataclasses import asdict, dataclass, field
from itertools import count, islice
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
MOMENTS = ("before", "after")
ANSWERS = ("original", "error")
LONGEST_SECONDS = 600
CHANGING = (
    "messages.sendMessage", "messages.sendMedia", "messages.sendMultiMedia", "messages.editMessage",
    "channels.deleteMessages",
)  # fmt: skip


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
        """Plan a fault. Raises TypeError or ValueError when it says what no fault has."""
        fault = Fault(id=next(self._ids), **values)
        _check(fault)
        self.planned[fault.id] = fault
        return fault

    def delay_all(self, milliseconds: float) -> None:
        """Every answer takes so much longer. Raises ValueError."""
        if not 0 <= milliseconds <= LONGEST_SECONDS * 1000:
            raise ValueError(f"a delay is from 0 to {LONGEST_SECONDS * 1000} ms")
        self.latency = milliseconds / 1000

    def answer_duplicates(self, answer: str) -> None:
        """How a repeated random_id is answered: original or error. Raises ValueError."""
        if answer not in ANSWERS:
            raise ValueError(f"duplicates are answered by one of {', '.join(ANSWERS)}")
        self.duplicates = answer

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
        when = self.rng.choice(MOMENTS)
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

    def asked_since(self, number: int) -> list[dict[str, Any]]:
        """The log after this entry, oldest first."""
        return [entry for entry in self.log if entry["n"] > number]

    def last_asked(self, most: int) -> list[dict[str, Any]]:
        """The end of the log, newest first."""
        return list(islice(reversed(self.log), most))

    def forget(self, number: int) -> None:
        """This one is planned no more."""
        self.planned.pop(number, None)

    def forget_all(self) -> None:
        """Nothing is planned any more."""
        self.planned.clear()
        self.rng = None


def _check(fault: Fault) -> None:
    if fault.kind not in KINDS:
        raise ValueError(f"a fault is one of {', '.join(KINDS)}")
    if fault.when not in MOMENTS:
        raise ValueError(f"a fault strikes {' or '.join(MOMENTS)} the request is applied")
    if fault.skip < 0 or (fault.times is not None and fault.times < 1):
        raise ValueError("a fault skips none or more, and strikes once or more")
    if not 0 <= fault.seconds <= LONGEST_SECONDS:
        raise ValueError(f"a fault lasts from 0 to {LONGEST_SECONDS} seconds")
