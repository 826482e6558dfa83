"""The signalserver's link to the matchmaker: its state whole, claims answered, redialled for ever.

The traps: a state that is sent on every change would flood the link when many players come at once,
so changes within `GATHER` share one; and what ended while the link was down is told after the next
state, in order, up to `MAX_KEPT`, since only the state itself is absolute.
"""

from __future__ import annotations

import asyncio
import random
import secrets
from collections import deque
from collections.abc import Callable

import structlog

from pixelstream.errors import DialError
from pixelstream.net.dial import dial
from pixelstream.net.listener import Limits
from pixelstream.net.websocket import WebSocket
from pixelstream.protocol.control import (
    MAX_MESSAGE,
    PATH,
    PING_INTERVAL,
    SILENCE_LIMIT,
    STATE_INTERVAL,
    Claim,
    ControlError,
    Ended,
    Granted,
    Refused,
    RefusedReason,
    Release,
    State,
    encode,
    parse_from_matchmaker,
)

GATHER = 0.02
"""Seconds within which changes share one state."""
MAX_KEPT = 1024
"""Endings that are kept for the next link; older ones are dropped."""
FIRST_WAIT, LONGEST_WAIT = 0.25, 10.0
"""Seconds before the first and the slowest redial; each is drawn from the upper half of its step."""
STEADY = 30.0
"""Seconds after which a link counts as good, so that the next redial is quick again."""
POLICY = 1008
GOING_AWAY = 1001

log = structlog.get_logger(__name__)


class Registration:
    """Keeps one control link open; it is the handler of that link's socket.

    Args:
        url: of the matchmaker, without a path.
        key: tells the shared control key of the moment; None if there is none.
        snapshot: makes the whole state for a sequence number and an epoch.
        claim: reserves a seat, or says why not.
        release: cancels a reservation or ends a session.
        first_wait: seconds before the first redial.
    """

    def __init__(
        self,
        url: str,
        key: Callable[[], str | None],
        *,
        snapshot: Callable[[int, str], State],
        claim: Callable[[Claim], RefusedReason | None],
        release: Callable[[Release], None],
        first_wait: float = FIRST_WAIT,
    ) -> None:
        self._url = url.rstrip("/") + PATH
        self._key = key
        self._snapshot, self._claim, self._release = snapshot, claim, release
        self._first_wait = first_wait
        self._epoch = secrets.token_hex(8)
        self._seq = 0
        self._ended: deque[Ended] = deque(maxlen=MAX_KEPT)
        self._link: WebSocket | None = None
        self._lost = asyncio.Event()
        self._gathering: asyncio.TimerHandle | None = None
        self._told = ""

    @property
    def connected(self) -> bool:
        """Whether the link is open."""
        return self._link is not None

    def changed(self) -> None:
        """Tell the matchmaker soon; without a link nothing is lost, as the next one begins with the state."""
        if self._link is not None and self._gathering is None:
            self._gathering = asyncio.get_running_loop().call_later(GATHER, self._send_state)

    def ended(self, message: Ended) -> None:
        """Tell of a seat that became free, now or on the next link."""
        self._ended.append(message)
        self.changed()

    async def run(self) -> None:
        """Dial, serve, redial; ends only by being cancelled."""
        loop = asyncio.get_running_loop()
        wait = self._first_wait
        try:
            while True:
                begun = loop.time()
                await self._once()
                if loop.time() - begun > STEADY:
                    wait = self._first_wait
                # Half of the wait is drawn: streams of one matchmaker must not come back in step.
                await asyncio.sleep(wait * random.uniform(0.5, 1.0))  # noqa: S311
                wait = min(2 * wait, LONGEST_WAIT)
        finally:
            if self._link is not None:
                self._send_state()
                self._link.close(GOING_AWAY, "stopped")

    async def _once(self) -> None:
        self._lost.clear()
        key = self._key()
        headers = {"Authorization": f"Bearer {key}"} if key else {}
        try:
            await dial(self._url, self, headers=headers, limits=Limits(max_message=MAX_MESSAGE))
        except DialError as error:
            if self._told != error.cause:
                self._told = error.cause
                log.warning("matchmaker not reached", url=self._url, cause=error.cause)
            return
        await self._watch()

    async def _watch(self) -> None:
        """Keep the open link alive until it is lost."""
        loop = asyncio.get_running_loop()
        while not self._lost.is_set():
            try:
                async with asyncio.timeout(min(PING_INTERVAL, STATE_INTERVAL)):
                    await self._lost.wait()
            except TimeoutError:
                if self._link is None:
                    return
                if loop.time() - self._link.last_seen > SILENCE_LIMIT:
                    log.warning("matchmaker is silent", url=self._url)
                    self._link.abort()
                    return
                self._link.ping()
                self._send_state()

    def _send_state(self) -> None:
        if self._gathering is not None:
            self._gathering.cancel()
            self._gathering = None
        if self._link is None or self._link.closing:
            return  # what is said to a link that closes is lost; the next one is told
        self._seq += 1
        self._link.send(encode(self._snapshot(self._seq, self._epoch)))
        while self._ended:
            self._link.send(encode(self._ended.popleft()))

    # --- pixelstream.net.websocket.Handler ---------------------------------------------------

    def opened(self, ws: WebSocket) -> None:
        """Begin with the whole state."""
        self._link, self._told = ws, ""
        log.info("matchmaker reached", url=self._url)
        self._send_state()

    def received(self, ws: WebSocket, data: bytes) -> None:
        """Answer a claim, obey a release; close the link for anything else."""
        try:
            message = parse_from_matchmaker(data)
        except ControlError as error:
            log.warning("matchmaker not understood", fault=str(error))
            ws.close(POLICY, str(error))
            return
        if isinstance(message, Release):
            self._release(message)
            return
        reason = self._claim(message)
        if reason is None:
            ws.send(encode(Granted(claim=message.claim, session=message.session)))
        else:
            ws.send(encode(Refused(claim=message.claim, session=message.session, reason=reason)))
        self.changed()

    def closed(self, ws: WebSocket, code: int, reason: str) -> None:
        """Let `run` redial."""
        self._link = None
        self._lost.set()
        log.info("matchmaker lost", code=code, reason=reason)

    def paused(self, ws: WebSocket) -> None:
        """Nothing to hold back: states replace each other and the socket's own bound closes a stuck link."""

    def resumed(self, ws: WebSocket) -> None:
        """See `paused`."""
