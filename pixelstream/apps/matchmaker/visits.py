"""What is told of each visit: lines in the log, and spans; and which sessions are over.

The traps: with a shared store the room's effects come to the replica that has the player, the word of an end
to all; and what is remembered of a visit is bounded, since a session may end where nobody tells us.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass

import structlog

from pixelstream.apps.tracing import Tracer
from pixelstream.matchmaking.effects import Changed, Displaced, Effect, Matched, Released
from pixelstream.matchmaking.model import SessionState
from pixelstream.protocol.quality import Report, VisitPhase
from pixelstream.protocol.trace import VISIT, Step, linked

KEPT = 50_000
"""Visits of which something is remembered."""
TOLD = (VisitPhase.SIGNALLING, VisitPhase.ICE, VisitPhase.FRAME)
"""Steps that only the page sees; those before are seen here."""

log = structlog.get_logger(__name__)


@dataclass(slots=True)
class _Visit:
    began: float
    matched: float | None = None
    link: tuple[str, str] | None = None


class Visits:
    """A sink of the store's effects.

    Args:
        tracer: takes the spans.
        over: is told each session that has ended.
        clock: seconds since 1970.
    """

    def __init__(self, tracer: Tracer, over: Callable[[str], None], clock: Callable[[], float]) -> None:
        self._tracer, self._over, self._clock = tracer, over, clock
        self._visits: OrderedDict[str, _Visit] = OrderedDict()

    def came(self, session: str, fleet: str, traceparent: str | None) -> None:
        """Note that a player waits; `traceparent` is its caller's, and is linked to at most."""
        link = linked(traceparent)
        visit = self._visits.get(session) or _Visit(self._clock())
        visit.link = link or visit.link
        self._keep(session, visit)
        more = {"linked": link[0]} if link else {}
        log.info("player waits", session=session, fleet=fleet, **more)

    def __call__(self, effect: Effect) -> None:
        """Tell of what has happened."""
        match effect:
            case Matched():
                self._matched(effect)
            case Changed(session=session, state=SessionState.CONNECTED):
                self._seated(session)
            case Changed(session=session, state=SessionState.RELEASED):
                self._over(session)
            case Released():
                self._released(effect)
            case Displaced(session=session):
                self._visits.pop(session, None)

    def reported(self, session: str, report: Report) -> None:
        """Tell the steps that a page has told; their times are its own, from its match on."""
        at = self._clock() - report.age
        at += report.phases.get(VisitPhase.SEAT, 0.0)
        for phase in TOLD:
            if (seconds := report.phases.get(phase)) is None:
                continue
            said = {"candidate": report.candidate.value} if report.candidate else {}
            self._tracer.tell(Step(phase.value, session, at, at + seconds, said))
            at += seconds

    def _matched(self, effect: Matched) -> None:
        now = self._clock()
        began = now - effect.waited
        visit = self._visits.get(effect.session) or _Visit(began)
        visit.matched = now
        self._keep(effect.session, visit)
        waited = round(effect.waited, 3)
        log.info("matched", session=effect.session, fleet=effect.fleet, stream=effect.stream, waited=waited)
        said = {"fleet": effect.fleet, "stream": effect.stream}
        self._tracer.tell(Step("queue", effect.session, began, now, said, visit.link))

    def _seated(self, session: str) -> None:
        visit = self._visits.get(session)
        if visit is not None and visit.matched is not None:
            self._tracer.tell(Step("seat", session, visit.matched, self._clock()))
            visit.matched = None

    def _released(self, effect: Released) -> None:
        self._over(effect.session)
        now = self._clock()
        played = round(effect.seconds or 0.0, 1)
        reason = effect.reason.value
        log.info("session over", session=effect.session, fleet=effect.fleet, reason=reason, seconds=played)
        visit = self._visits.pop(effect.session, None)
        began = visit.began if visit else now - played
        said: dict[str, str | float] = {"fleet": effect.fleet, "reason": reason, "seconds": played}
        self._tracer.tell(Step(VISIT, effect.session, began, now, said, visit.link if visit else None))

    def _keep(self, session: str, visit: _Visit) -> None:
        self._visits[session] = visit
        if len(self._visits) > KEPT:
            self._visits.popitem(last=False)
