"""Reports of players' pages: whose they are, how many are taken, and what is told of each.

The traps: a lease lasts for hours, so it is no right to report for hours, and what is over for a while is
refused; and all that is remembered of a session is bounded, so the oldest may be counted twice.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass

import structlog

from pixelstream.auth.keys import LeaseKeys
from pixelstream.auth.lease import Lease, verify
from pixelstream.errors import LeaseError
from pixelstream.metrics.quality import QualityMetrics, ReportResult
from pixelstream.protocol.quality import Part, QualityError, Report, parse_report

EPILOGUE = 60.0
"""Seconds after a session's end, or its lease's, in which its page may still report."""
EVERY = 10.0
"""Seconds for one report, on average; a page sends one in 30."""
BURST = 4.0
"""Reports that may come at once: the first, one in between and the last, and one more."""
KEPT = 20_000
"""Sessions of which something is remembered."""

log = structlog.get_logger(__name__)


class TooManyError(Exception):
    """A session that reports too often; `after` is in seconds."""

    def __init__(self, after: float) -> None:
        super().__init__(f"a session may report every {EVERY:.0f} s")
        self.after = after


class OverError(Exception):
    """A session that has been over for a while."""


@dataclass(slots=True)
class _Known:
    """What is remembered of a session."""

    left: float
    at: float
    counted: bool = False


Heard = Callable[[str, Report], None]


class QualityDesk:
    """Takes reports.

    Args:
        keys: tells the keys of leases of the moment.
        metrics: take what is reported.
        heard: is told the first report of a session that has its steps.
        clock: seconds since 1970.
    """

    def __init__(
        self,
        keys: Callable[[], LeaseKeys],
        metrics: QualityMetrics,
        heard: Heard,
        clock: Callable[[], float],
    ) -> None:
        self._keys, self._metrics, self._heard, self._clock = keys, metrics, heard, clock
        self._known: OrderedDict[str, _Known] = OrderedDict()
        self._over: OrderedDict[str, float] = OrderedDict()

    def take(self, token: str, body: bytes) -> None:
        """Count one report.

        Raises:
            LeaseError: the lease is none, or has been over for a while.
            OverError: the session has.
            TooManyError: it has reported too much.
            QualityError: this is no report.
        """
        counts = self._metrics.results.counts
        try:
            lease = self._judge(token)
            report = parse_report(body)
        except LeaseError:
            counts[ReportResult.NO_LEASE] += 1
            raise
        except OverError:
            counts[ReportResult.OVER] += 1
            raise
        except TooManyError:
            counts[ReportResult.TOO_MANY] += 1
            raise
        except QualityError:
            counts[ReportResult.MALFORMED] += 1
            raise
        counts[ReportResult.TAKEN] += 1
        self._count(lease, report)

    def released(self, session: str) -> None:
        """Take the news that a session is over."""
        _remember(self._over, session, self._clock())

    def _judge(self, token: str) -> Lease:
        now = self._clock()
        lease = verify(token, self._keys(), now - EPILOGUE)
        over = self._over.get(lease.session)
        if over is not None and now > over + EPILOGUE:
            raise OverError
        known = self._known.get(lease.session)
        if known is None:
            known = _Known(BURST, now)
        known.left = min(BURST, known.left + (now - known.at) / EVERY)
        known.at = now
        _remember(self._known, lease.session, known)
        if known.left < 1.0:
            raise TooManyError(EVERY * (1.0 - known.left))
        known.left -= 1.0
        return lease

    def _count(self, lease: Lease, report: Report) -> None:
        known = self._known[lease.session]
        first = not known.counted and bool(report.phases or report.first_frame is not None)
        known.counted |= first
        self._metrics.count(lease.fleet, report, first=first)
        said = report.model_dump(mode="json", exclude_none=True, exclude_defaults=True)
        level = log.debug if report.part is Part.WHILE else log.info
        level("quality", session=lease.session, fleet=lease.fleet, stream=lease.stream, **said)
        if first:
            self._heard(lease.session, report)


def _remember(kept: OrderedDict[str, _Known] | OrderedDict[str, float], session: str, value: object) -> None:
    kept[session] = value  # type: ignore[assignment]
    kept.move_to_end(session)
    if len(kept) > KEPT:
        kept.popitem(last=False)
