"""What the relay asks of its surroundings: configurations, REST calls, reports, and figures of visits."""

from __future__ import annotations

import asyncio
from time import time

import structlog

from pixelstream.apps.signalserver.bridge import ControlBridge
from pixelstream.apps.signalserver.ice import IceDesk
from pixelstream.apps.tracing import Tracer
from pixelstream.metrics.signalserver import SignalserverMetrics
from pixelstream.net.registration import Registration
from pixelstream.protocol.control import Ended, EndedReason
from pixelstream.protocol.trace import Step
from pixelstream.relay import ControlRequest, Peer, Phase, Player

log = structlog.get_logger(__name__)


class Shell:
    """The relay's host (`pixelstream.relay.Host`).

    Attributes:
        drained_event: set once the relay drains and its last seat is free.
    """

    def __init__(
        self,
        ice: IceDesk,
        bridge: ControlBridge,
        registration: Registration | None,
        metrics: SignalserverMetrics,
        tracer: Tracer,
    ) -> None:
        self._ice = ice
        self._bridge = bridge
        self._registration = registration
        self._metrics = metrics
        self._tracer = tracer
        self.drained_event = asyncio.Event()

    def want_config(self, peer: Peer) -> None:
        """Fetch ICE servers."""
        self._ice.ask(peer)

    def control(self, player: Player, request: ControlRequest) -> None:
        """Ask the streamer's REST API."""
        self._bridge.ask(player, request)

    def reset(self, request: ControlRequest) -> None:
        """Ask the streamer's REST API to reset it."""
        self._bridge.reset(request)

    def changed(self) -> None:
        """Report to the matchmaker."""
        if self._registration is not None:
            self._registration.changed()

    def ended(self, session: str, reason: EndedReason, seconds: float) -> None:
        """Report a session's end to the matchmaker."""
        if self._registration is not None:
            self._registration.ended(Ended(session=session, reason=reason, seconds=seconds))

    def phase(self, player: Player, phase: Phase, since_opened: float, since_previous: float) -> None:
        """Measure a visit's set-up."""
        self._metrics.steps[phase].observe(since_previous)
        self._metrics.since_open[phase].observe(since_opened)
        session = player.seat.session
        if phase is Phase.ANSWER:
            log.info(
                "player answered", player=player.player_id, session=session, after=round(since_opened, 3)
            )
        if session:
            now = time()
            self._tracer.tell(Step(f"signalserver {phase.value}", session, now - since_previous, now))

    def left(self, player: Player, reason: EndedReason, seconds: float) -> None:
        """Measure a visit's length."""
        self._metrics.visits[reason].observe(seconds)
        log.info(
            "player left",
            player=player.player_id,
            session=player.seat.session,
            reason=reason.value,
            seconds=round(seconds, 1),
        )
        if session := player.seat.session:
            now = time()
            said = {"reason": reason.value}
            self._tracer.tell(Step("signalserver visit", session, now - seconds, now, said))

    def drained(self) -> None:
        """Let the service end."""
        log.info("drained")
        self.drained_event.set()
