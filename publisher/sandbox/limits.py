"""The real network's rates, when switched on: about one message a second to a channel, thirty in all."""

import math
from dataclasses import dataclass, field

CHANNEL_PER_SECOND, BOT_PER_SECOND = 1.0, 30.0


@dataclass(slots=True)
class Limits:
    """When each bot and each of its channels is free again, in monotonic seconds."""

    _free_at: dict[tuple[int, int], float] = field(default_factory=dict)

    def wait(self, bot: int, channel: int, cost: int, now: float) -> int:
        """Whole seconds to wait before this send; 0 lets it through and counts it."""
        lanes = {(bot, channel): CHANNEL_PER_SECOND, (bot, 0): BOT_PER_SECOND}
        # A burst of one second is forgiven, as the real network forgives a little.
        late = max(self._free_at.get(lane, now) - now for lane in lanes) - 1.0
        if late > 0:
            return math.ceil(late)
        for lane, rate in lanes.items():
            self._free_at[lane] = max(self._free_at.get(lane, now), now) + cost / rate
        return 0
