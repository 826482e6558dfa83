"""A stream as the matchmaker sees it: a control link, and a listener for the sockets of its seats."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from pixelstream.auth.keys import LeaseKeys
from pixelstream.auth.lease import verify
from pixelstream.net.dial import dial
from pixelstream.net.handshake import Refusal
from pixelstream.net.listener import Listener, listen
from pixelstream.net.websocket import Handler, Request, WebSocket
from pixelstream.protocol.control import (
    Claim,
    Ended,
    EndedReason,
    FromMatchmaker,
    FromSignalserver,
    Granted,
    Refused,
    RefusedReason,
    SeatedSession,
    SeatState,
    State,
    encode,
    parse_from_matchmaker,
)
from tests.support.sockets import DEADLINE, Recorder

CONTROL_KEY = "a-control-key"
LEASE_KEYS = LeaseKeys({"t": b"0123456789abcdef0123456789abcdef"})


@dataclass
class FakeStream:
    """A signalserver of one stream, which does as the test says.

    Attributes:
        answer: says for each claim why it is refused; `silent` leaves it unanswered.
        turn_away: refuses the sockets of seats, lease or no lease.
        orders: what the matchmaker has said.
        players: handler of the seats' sockets.
        paths: of these sockets.
    """

    name: str
    fleet: str = "default"
    seats: int = 1
    ready: bool = True
    draining: bool = False
    strangers: int = 0
    silent: bool = False
    turn_away: bool = False
    greeting: str = '{"type":"config"}'
    answer: Callable[[Claim], RefusedReason | None] = lambda _: None
    held: dict[str, SeatedSession] = field(default_factory=dict)
    orders: list[FromMatchmaker] = field(default_factory=list)
    paths: list[tuple[str, str, str]] = field(default_factory=list)
    link: WebSocket | None = None
    link_closed: tuple[int, str] | None = None
    epoch: str = "first"
    seq: int = 0
    listener: Listener | None = None

    def __post_init__(self) -> None:
        self.players = Recorder()
        self._changed = asyncio.Event()

    @property
    def url(self) -> str:
        assert self.listener
        return f"ws://127.0.0.1:{self.listener.port}"

    async def open(self) -> None:
        self.listener = await listen("127.0.0.1", 0, route=self._route)

    async def close(self) -> None:
        if self.link is not None:
            self.link.abort()
        if self.listener is not None:
            await self.listener.close()

    async def connect(self, matchmaker: str, key: str = CONTROL_KEY) -> None:
        """Open the control link and say the state."""
        self.link_closed = None
        headers = {"Authorization": f"Bearer {key}"}
        self.link = await dial(f"{matchmaker}/control", self, headers=headers)
        self.report()

    def report(self) -> None:
        self.seq += 1
        self.say(
            State(
                seq=self.seq,
                epoch=self.epoch,
                stream=self.name,
                fleet=self.fleet,
                seats=self.seats,
                taken=len(self.held) + self.strangers,
                ready=self.ready,
                draining=self.draining,
                sessions=tuple(self.held.values()),
            )
        )

    def say(self, message: FromSignalserver) -> None:
        assert self.link
        self.link.send(encode(message))

    def free(self, session: str, reason: EndedReason = EndedReason.LEFT, seconds: float = 5.0) -> None:
        """End a session."""
        if self.held.pop(session, None) is not None and self.link and not self.link.closing:
            self.report()
            self.say(Ended(session=session, reason=reason, seconds=seconds))
        self._changed.set()

    async def until(self, condition: Callable[[FakeStream], bool]) -> None:
        """Wait until `condition` holds."""
        async with asyncio.timeout(DEADLINE):
            while not condition(self):
                self._changed.clear()
                await self._changed.wait()

    # --- its control link ----------------------------------------------------------------------

    def opened(self, ws: WebSocket) -> None:
        self._changed.set()

    def received(self, ws: WebSocket, data: bytes) -> None:
        message = parse_from_matchmaker(data)
        self.orders.append(message)
        if not isinstance(message, Claim):
            self.free(message.session, EndedReason.RELEASED, 0.0)
        elif not self.silent:
            self._answer(message)
        self._changed.set()

    def _answer(self, claim: Claim) -> None:
        reason = self.answer(claim)
        if reason is None and len(self.held) + self.strangers >= self.seats:
            reason = RefusedReason.FULL
        if reason is not None:
            self.say(Refused(claim=claim.claim, session=claim.session, reason=reason))
            return
        seat = SeatedSession(session=claim.session, state=SeatState.RESERVED, fence=claim.fence)
        self.held[claim.session] = seat
        self.say(Granted(claim=claim.claim, session=claim.session))
        self.report()

    def closed(self, ws: WebSocket, code: int, reason: str) -> None:
        self.link_closed = (code, reason)
        self._changed.set()

    def paused(self, ws: WebSocket) -> None: ...

    def resumed(self, ws: WebSocket) -> None: ...

    # --- its seats -----------------------------------------------------------------------------

    def _route(self, request: Request) -> Handler | Refusal:
        if self.turn_away:
            return Refusal(503, "not now")
        offered = request.headers.get("sec-websocket-protocol", "")
        self.paths.append((request.path, request.query, offered))
        parts = request.path.split("/")
        if len(parts) == 4 and parts[1] == "s":
            lease = verify(parts[2], LEASE_KEYS, time.time())
            if lease.stream != self.name or self.held[lease.session].fence != lease.fence:
                return Refusal(403, "no seat is reserved for this lease")
            return _Seat(self, lease.session)
        return self.players


@dataclass
class _Seat:
    """Handler of one player's socket on its seat."""

    stream: FakeStream
    session: str

    def opened(self, ws: WebSocket) -> None:
        stream = self.stream
        fence = stream.held[self.session].fence
        stream.held[self.session] = SeatedSession(
            session=self.session, state=SeatState.CONNECTED, fence=fence
        )
        stream.report()
        ws.send(stream.greeting)
        stream.players.opened(ws)

    def received(self, ws: WebSocket, data: bytes) -> None:
        self.stream.players.received(ws, data)

    def closed(self, ws: WebSocket, code: int, reason: str) -> None:
        self.stream.free(self.session)
        self.stream.players.closed(ws, code, reason)

    def paused(self, ws: WebSocket) -> None: ...

    def resumed(self, ws: WebSocket) -> None: ...


@asynccontextmanager
async def fake_streams(*streams: FakeStream) -> AsyncIterator[None]:
    """Keep the seats of these streams open within the block."""
    for stream in streams:
        await stream.open()
    try:
        yield
    finally:
        for stream in streams:
            await stream.close()
