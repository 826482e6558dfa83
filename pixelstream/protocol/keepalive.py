"""When a silent peer is pinged and when it is given up; the clock is an argument.

No state for each peer: the last sign of life decides alone. The trap: judged once a second, a live
peer is pinged once in an interval, but a dead one at each judgement until its time is over.
"""

from dataclasses import dataclass
from enum import Enum


class Verdict(Enum):
    """What to do about a peer."""

    ALIVE = "alive"
    PING = "ping"
    DEAD = "dead"


@dataclass(frozen=True, slots=True)
class Keepalive:
    """Seconds of silence after which a peer is pinged (`interval`, 0: never) and given up (`timeout`)."""

    interval: float
    timeout: float

    def verdict(self, now: float, last_seen: float) -> Verdict:
        """Judge a peer by its last sign of life; both times are seconds of one clock."""
        silence = now - last_seen
        if self.interval <= 0 or silence < self.interval:
            return Verdict.ALIVE
        return Verdict.DEAD if silence >= self.timeout else Verdict.PING
