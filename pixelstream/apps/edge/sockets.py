"""Websockets on their way to the matchmaker or, with a lease, to the stream that it names.

The accepted socket waits, unread, while the other is dialled; then the two are joined byte for byte.
The traps: the far side may speak at once, so the joint is made in its `opened` and not after `dial`;
and a lease is in the path, so no path and no `DialError` text goes into a log.
"""

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass

import structlog

from pixelstream.auth import paths
from pixelstream.auth.paths import Passage
from pixelstream.errors import DialError, LeaseError
from pixelstream.metrics.edge import EdgeMetrics, Join, Target
from pixelstream.net.dial import dial
from pixelstream.net.handshake import Refusal
from pixelstream.net.websocket import Handler, Request, WebSocket

DIAL = 5.0
"""Seconds that the far side has to open its socket."""
TRY_AGAIN_LATER = 1013
PROTOCOL_ERROR = 1002

WORDS = {
    Target.MATCHMAKER: "the waiting room cannot be reached now",
    Target.STREAM: "the stream cannot be reached now",
}

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Way:
    """Where a socket is to go: what it is, its name for logs, and the URL (never logged)."""

    target: Target
    name: str
    url: str


class Sockets:
    """Says for each websocket where it goes, and joins it."""

    def __init__(
        self,
        matchmaker: str,
        passage: Passage[str],
        metrics: EdgeMetrics,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._matchmaker = matchmaker
        self._passage = passage
        self._metrics = metrics
        self._clock = clock

    def route(self, request: Request) -> Handler | Refusal:
        """Return the joint for `request`, or why it leads nowhere (401, 403 or 404)."""
        query = f"?{request.query}" if request.query else ""
        if request.path == "/ws":
            url = f"{self._matchmaker}/ws{query}"
            return Joint(Way(Target.MATCHMAKER, "matchmaker", url), request, self._metrics)
        leased = paths.read(request.path)
        if leased is None or leased.api is not None:
            return self._refuse(
                Join.NO_ROUTE, 404, "websockets live at /ws and, with a lease, at /s/<lease>/ws"
            )
        try:
            lease, place = self._passage.stream(leased.token, self._clock())
        except LeaseError as error:
            return self._refuse(Join(f"lease_{error.code}"), paths.STATUS[error.code], str(error))
        log.info("seat socket", session=lease.session, stream=lease.stream)
        way = Way(Target.STREAM, lease.stream, f"{place}{request.path}{query}")
        return Joint(way, request, self._metrics)

    def _refuse(self, result: Join, status: int, words: str) -> Refusal:
        self._metrics.joins.counts[result] += 1
        return Refusal(status, words)


class Joint:
    """The handler of one accepted socket: dials, joins, and counts it while it is open."""

    def __init__(self, way: Way, request: Request, metrics: EdgeMetrics) -> None:
        self._way = way
        self._metrics = metrics
        offered = request.headers.get("sec-websocket-protocol", "")
        self._subprotocols = [name for part in offered.split(",") if (name := part.strip())]
        self._headers = {"X-Forwarded-For": request.remote.rpartition(":")[0]}
        self._dialling: asyncio.Task[None] | None = None

    def opened(self, ws: WebSocket) -> None:
        """Dial the far side while the near one waits."""
        self._metrics.sockets[self._way.target].inc()
        ws.pause_reading()
        self._dialling = asyncio.create_task(self._dial(ws))

    def received(self, ws: WebSocket, data: bytes) -> None:
        """Refuse what came with the handshake itself: no client may speak before it is answered."""
        ws.close(PROTOCOL_ERROR, "spoke before the handshake was done")

    def closed(self, ws: WebSocket, code: int, reason: str) -> None:
        """Stop dialling; a joined far side ends with the near one."""
        self._metrics.sockets[self._way.target].dec()
        if self._dialling is not None:
            self._dialling.cancel()

    def paused(self, ws: WebSocket) -> None:
        """The splice holds the far side back."""

    def resumed(self, ws: WebSocket) -> None:
        """The splice lets the far side go on."""

    async def _dial(self, ws: WebSocket) -> None:
        way = self._way
        try:
            await dial(
                way.url,
                _Far(ws),
                headers=self._headers,
                subprotocols=self._subprotocols,
                timeout=DIAL,
            )
        except DialError as error:
            self._metrics.joins.counts[Join.UNREACHABLE] += 1
            log.warning("cannot join", target=way.target.value, name=way.name, cause=error.cause)
            ws.resume_reading()  # for its answer to our goodbye
            ws.close(TRY_AGAIN_LATER, WORDS[way.target])
        else:
            self._metrics.joins.counts[Join.JOINED] += 1
            log.debug("joined", target=way.target.value, name=way.name)


class _Far:
    """The handler of the dialled socket: joins it before its first byte is read."""

    def __init__(self, near: WebSocket) -> None:
        self._near = near

    def opened(self, ws: WebSocket) -> None:
        """Join the two, if the near one still waits."""
        if self._near.closing:
            ws.abort()
            return
        self._near.splice(ws)
        self._near.resume_reading()

    def received(self, ws: WebSocket, data: bytes) -> None:
        """Nothing comes here: the splice takes it."""

    def closed(self, ws: WebSocket, code: int, reason: str) -> None:
        """The splice ends the near side."""

    def paused(self, ws: WebSocket) -> None:
        """The splice holds the near side back."""

    def resumed(self, ws: WebSocket) -> None:
        """The splice lets the near side go on."""
