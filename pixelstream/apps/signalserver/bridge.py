"""The way from a player's `control` message to the streamer's REST API, which an allow-list has let through.

The trap: the original took whatever a player named for a URL. Here the relay has checked the path,
the host is the settings' own, redirects aren't followed, and size and time are bounded.
"""

from __future__ import annotations

from collections.abc import Callable

import structlog

from pixelstream.apps.signalserver.tasks import Tasks
from pixelstream.metrics.signalserver import Call, SignalserverMetrics
from pixelstream.net.http import Answer, CallError, HttpClient
from pixelstream.relay import ControlRequest, Player
from pixelstream.settings.signalserver import Control

log = structlog.get_logger(__name__)

OK = range(200, 300)
Respond = Callable[[Player, ControlRequest, bytes | None, str | None], None]
ResetAnswered = Callable[[bool], None]


class ControlBridge:
    """Calls the streamer's REST API for players.

    Args:
        control: where the API is and the bounds of a call.
        respond: takes player, request, body and error; exactly one of the last two is given.
        reset_answered: takes whether a call of `reset` went well.
        metrics: count how calls ended.
        tasks: run the calls.
    """

    def __init__(
        self,
        control: Control,
        respond: Respond,
        reset_answered: ResetAnswered,
        metrics: SignalserverMetrics,
        tasks: Tasks,
    ) -> None:
        self._client = HttpClient(control.url, max_body=control.max_body) if control.url else None
        self._timeout = control.timeout
        self._respond = respond
        self._reset_answered = reset_answered
        self._metrics = metrics
        self._tasks = tasks

    def ask(self, player: Player, request: ControlRequest) -> None:
        """Send a request; its answer goes to `respond`."""
        self._tasks.start(self._ask(player, request))

    def reset(self, request: ControlRequest) -> None:
        """Send a request of our own; whether it went well goes to `reset_answered`."""
        self._tasks.start(self._reset(request))

    async def call(self, request: ControlRequest) -> Answer:
        """Send a request and return its answer, whatever its status.

        Raises:
            CallError: there is none.
        """
        if self._client is None:
            raise CallError("control is off")
        try:
            answer = await self._client.call(
                request.method, f"/{request.path}", body=request.payload, timeout=self._timeout
            )
        except CallError:
            self._metrics.calls.counts[Call.FAILED] += 1
            raise
        self._metrics.calls.counts[Call.OK if answer.status in OK else Call.STATUS] += 1
        return answer

    def close(self) -> None:
        """Close the connections to the streamer."""
        if self._client is not None:
            self._client.close()

    async def _reset(self, request: ControlRequest) -> None:
        try:
            status = (await self.call(request)).status
        except CallError as error:
            log.warning("reset was not asked", path=request.path, cause=error.cause)
            self._reset_answered(False)
            return
        if status not in OK:
            log.warning("reset was refused", path=request.path, status=status)
        self._reset_answered(status in OK)

    async def _ask(self, player: Player, request: ControlRequest) -> None:
        try:
            answer = await self.call(request)
        except CallError as error:
            self._respond(player, request, None, error.cause)
            return
        if answer.status in OK:
            self._respond(player, request, answer.body, None)
        else:
            self._respond(player, request, None, f"status {answer.status}")
