"""Control links: the sockets of signalservers, one for each stream.

The traps: whoever has the control key may speak for any stream, and addresses never come from here;
and a message that isn't understood closes its own link and nothing else.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import partial

import structlog

from pixelstream.apps.matchmaker.core import Core
from pixelstream.matchmaking.effects import AskSeat, FreeSeat
from pixelstream.metrics.matchmaker import LinkFault
from pixelstream.net.websocket import WebSocket
from pixelstream.protocol.control import (
    PING_INTERVAL,
    SILENCE_LIMIT,
    Claim,
    ControlError,
    Ended,
    FromSignalserver,
    Granted,
    Refused,
    Release,
    State,
    encode,
    parse_from_signalserver,
)

POLICY, RESTART = 1008, 1012
SENT_AWAY = 50
"""Links that are sent to another replica at once."""
AWAY_PAUSE = 0.05
REPLACED = 4000
"""Close code of a link that a newer one of the same stream has replaced."""
MAX_ASKED = 4096

log = structlog.get_logger(__name__)


@dataclass(slots=True, eq=False)
class Link:
    """One signalserver's link.

    Attributes:
        stream: the id that its first state gave; it can't change.
        asked: when each unanswered claim was sent.
    """

    number: int
    ws: WebSocket
    stream: str | None = None
    asked: dict[str, float] = field(default_factory=dict)


class ControlLinks:
    """Handler of all control links.

    Args:
        numbers: makes the numbers of links, of all kinds.
        arrival: seconds that a claimed seat is reserved.
        heard: is told each state that comes on a link which no newer one has replaced.
        left: is told the id of each stream whose last link here is gone.
    """

    def __init__(
        self,
        core: Core,
        *,
        numbers: Iterator[int],
        arrival: float,
        heard: Callable[[State], None],
        left: Callable[[str], None],
    ) -> None:
        self._store, self._inbox, self._metrics = core.store, core.inbox, core.metrics
        self._numbers = numbers
        self._arrival = arrival
        self._heard, self._left = heard, left
        self._loop = asyncio.get_running_loop()
        self._links: dict[int, Link] = {}

    @property
    def count(self) -> int:
        """How many links are open."""
        return len(self._links)

    # --- what the store wants ----------------------------------------------------------------

    def say(self, effect: AskSeat | FreeSeat) -> bool:
        """Send a claim or a release; false if the link isn't one of these."""
        link = self._links.get(effect.link)
        if link is None:
            return False
        if isinstance(effect, AskSeat):
            self._ask(link, effect)
        else:
            link.asked.pop(effect.session, None)
            release = Release(session=effect.session, reason=effect.reason, fence=effect.fence)
            link.ws.send(encode(release))
        return True

    def _ask(self, link: Link, effect: AskSeat) -> None:
        if len(link.asked) < MAX_ASKED:
            link.asked[effect.session] = self._loop.time()
        claim = Claim(
            claim=str(effect.fence), session=effect.session, fence=effect.fence, deadline=self._arrival
        )
        link.ws.send(encode(claim))

    def replace(self, number: int) -> None:
        """Close a link whose stream has a newer one."""
        link = self._links.get(number)
        if link is not None:
            self._metrics.link_faults.counts[LinkFault.REPLACED] += 1
            link.ws.close(REPLACED, "another link speaks for this stream")

    async def send_away(self) -> None:
        """Let all signalservers find another matchmaker; their sessions don't notice."""
        for n, link in enumerate(list(self._links.values()), 1):
            link.ws.close(RESTART, "this matchmaker ends")
            if n % SENT_AWAY == 0:
                await asyncio.sleep(AWAY_PAUSE)

    # --- pixelstream.net.websocket.Handler -----------------------------------------------------

    def opened(self, ws: WebSocket) -> None:
        """Give the link its number."""
        link = Link(next(self._numbers), ws)
        ws.user = link
        self._links[link.number] = link

    def received(self, ws: WebSocket, data: bytes) -> None:
        """Pass a message on to the store."""
        link: Link = ws.user
        try:
            self._take(link, parse_from_signalserver(data))
        except ControlError as error:
            self._metrics.link_faults.counts[LinkFault.MALFORMED] += 1
            log.warning("control link not understood", stream=link.stream, fault=str(error))
            ws.close(POLICY, str(error))

    def closed(self, ws: WebSocket, code: int, reason: str) -> None:
        """Tell the store that the stream can't be asked now."""
        link: Link = ws.user
        del self._links[link.number]
        log.info("control link lost", stream=link.stream, code=code)
        self._inbox.put(partial(self._store.link_lost, link.number))
        if link.stream is not None and all(one.stream != link.stream for one in self._links.values()):
            self._left(link.stream)

    def paused(self, ws: WebSocket) -> None:
        """Claims have deadlines of their own; the socket's bound closes a stuck link."""

    def resumed(self, ws: WebSocket) -> None:
        """See `paused`."""

    def _take(self, link: Link, message: FromSignalserver) -> None:
        store, put = self._store, self._inbox.put
        if isinstance(message, State):
            self._bind(link, message)
            put(partial(store.report, link.number, message))
            if not link.ws.closing:
                self._heard(message)
            return
        if link.stream is None:
            raise ControlError("a link begins with a state")
        match message:
            case Granted(session=session):
                if (asked := link.asked.pop(session, None)) is not None:
                    self._metrics.claim.observe(self._loop.time() - asked)
                put(partial(store.granted, link.number, session, _fence(message.claim)))
            case Refused(session=session, reason=reason):
                link.asked.pop(session, None)
                put(partial(store.refused, link.number, session, _fence(message.claim), reason))
            case Ended(session=session, reason=ended, seconds=seconds):
                put(partial(store.ended, link.number, session, ended, seconds))

    def _bind(self, link: Link, state: State) -> None:
        if link.stream is None:
            link.stream = state.stream
            log.info("control link", stream=state.stream, fleet=state.fleet, version=state.version)
        elif link.stream != state.stream:
            raise ControlError(f"stream: this link speaks for {link.stream}")

    # --- signs of life -------------------------------------------------------------------------

    async def watch(self) -> None:
        """Ping all links and drop the silent ones, until cancelled."""
        while True:
            await asyncio.sleep(PING_INTERVAL / 2)
            now = self._loop.time()
            for link in list(self._links.values()):
                self._check(link, now)

    def _check(self, link: Link, now: float) -> None:
        silent = now - link.ws.last_seen
        if silent > SILENCE_LIMIT:
            self._metrics.link_faults.counts[LinkFault.SILENT] += 1
            log.warning("control link is silent", stream=link.stream)
            link.ws.abort()
        elif silent > PING_INTERVAL / 2:
            link.ws.ping()


def _fence(claim: str) -> int:
    if not claim.isdecimal():
        raise ControlError("claim: not one of ours")
    return int(claim)
