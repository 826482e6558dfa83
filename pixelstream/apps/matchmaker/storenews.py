"""What happens to the store itself: told to those who wait, to the log and to the metrics.

The trap: a loss must cost nobody anything, so all that is done here is to say it.
"""

from __future__ import annotations

import structlog

from pixelstream.apps.matchmaker.pushes import Pushes
from pixelstream.metrics.store import StoreMetrics

AWAY = (
    "the shared store cannot be reached: nobody is matched; who waits keeps the place, who plays goes on, "
    "and REST callers are refused"
)

log = structlog.get_logger(__name__)


class StoreNews:
    """`StoreWatcher` of a matchmaker.

    Attributes:
        last: how long the last write took, in seconds; None before the first.
    """

    def __init__(self, pushes: Pushes, metrics: StoreMetrics) -> None:
        self._pushes, self._metrics = pushes, metrics
        self.last: float | None = None

    def changed(self, *, up: bool) -> None:
        """See `StoreWatcher.changed`."""
        if up:
            log.info("shared store is there", note="seats are given out")
        else:
            log.error("shared store is gone", note=AWAY)
        self._pushes.retell()

    def round_trip(self, seconds: float) -> None:
        """See `StoreWatcher.round_trip`."""
        self.last = seconds
        self._metrics.round_trip.observe(seconds)
