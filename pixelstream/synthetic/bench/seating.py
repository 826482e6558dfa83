"""How fast seats are given while thousands wait: the matchmaker between players and their streams.

The streams are control links that own their seats as a signalserver does: claim, grant, report, match,
end, report. Who was matched leaves, and the visit is over once another player has come to the end of the
line, so that always as many wait. Before that, one stream alone moves the line twice a second, which
tells what waiting costs. The trap: in a closed loop the delay grows with the number of streams, so there are
no more than keep the matchmaker busy.
"""

from __future__ import annotations

import asyncio
import gc
import secrets
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from dataclasses import dataclass
from time import monotonic

from pixelstream.net.dial import dial
from pixelstream.net.listener import Limits
from pixelstream.net.websocket import WebSocket
from pixelstream.protocol import control
from pixelstream.synthetic.bench.cost import Clock, Measurement
from pixelstream.synthetic.bench.stage import AT_ONCE, DEADLINE, BenchError, Quiet

PATIENCE = 120.0
"""Seconds that all players have to get in line."""
PACE = 0.5
"""Seconds of a visit while only the cost of waiting is measured: each end moves the whole line."""
WARM_UP = 1.0
"""Seconds of seating before anything is measured."""

_MATCHED = b'"matched":true'
_SESSION = b'"session":"'
_LIMITS = Limits(max_message=control.MAX_MESSAGE)


@dataclass(frozen=True)
class Seats:
    """What was measured.

    Attributes:
        delays: seconds from each claim to its player's notice, in ascending order.
        share: of one CPU that the matchmaker took while all waited and the line moved twice a second.
    """

    waiting: int
    seconds: float
    delays: list[float]
    share: float | None = None

    @property
    def rate(self) -> float:
        """Seats per second."""
        return len(self.delays) / self.seconds

    def delay(self, share: float) -> float:
        """The delay, in seconds, within which this share of all seats stayed."""
        return self.delays[min(len(self.delays) - 1, int(len(self.delays) * share))]


class Stream(Quiet):
    """A control link with one seat."""

    def __init__(self, name: str, claimed: Callable[[str, Stream], None]) -> None:
        self._name = name
        self._claimed = claimed
        self._epoch = secrets.token_hex(8)
        self._seq = 0
        self._link: WebSocket | None = None

    def opened(self, ws: WebSocket) -> None:
        """Say the state."""
        self._link = ws
        self._say(self._state())

    def received(self, ws: WebSocket, data: bytes) -> None:
        """Grant what is claimed."""
        message = control.parse_from_matchmaker(data)
        if isinstance(message, control.Claim):
            self._claimed(message.session, self)
            self._say(control.Granted(claim=message.claim, session=message.session))
            self._say(self._state(message))

    def free(self, session: str) -> None:
        """End the visit on the seat."""
        self._say(control.Ended(session=session, reason=control.EndedReason.LEFT, seconds=1.0))
        self._say(self._state())

    def _say(self, message: control.FromSignalserver) -> None:
        if self._link is not None:
            self._link.send(control.encode(message))

    def _state(self, claim: control.Claim | None = None) -> control.State:
        self._seq += 1
        sessions: tuple[control.SeatedSession, ...] = ()
        if claim is not None:
            state = control.SeatState.RESERVED
            sessions = (control.SeatedSession(session=claim.session, state=state, fence=claim.fence),)
        return control.State(
            seq=self._seq, epoch=self._epoch, stream=self._name, fleet="default", seats=1,
            taken=len(sessions), ready=True, draining=False, sessions=sessions,
        )  # fmt: skip


class Line(Quiet):
    """The players: all sockets that wait, and what became of those that were matched.

    Args:
        url: of the matchmaker, without a path.
    """

    def __init__(self, url: str) -> None:
        self._url = f"{url}/ws?handoff=1"
        self._claims: dict[str, tuple[float, Stream]] = {}
        self._gate = asyncio.Semaphore(AT_ONCE)
        self._tasks: set[asyncio.Task[None]] = set()
        self.delays: list[float] = []
        self.fault = ""
        self.open: set[WebSocket] = set()
        self.refill = True
        self.pace = 0.0

    def opened(self, ws: WebSocket) -> None:
        """One more waits."""
        self.open.add(ws)

    def received(self, ws: WebSocket, data: bytes) -> None:
        """Only a match matters."""
        if _MATCHED not in data:
            return
        start = data.index(_SESSION) + len(_SESSION)
        session = data[start : data.index(b'"', start)].decode()
        asked, stream = self._claims.pop(session)
        self.delays.append(monotonic() - asked)
        ws.user = True
        ws.close()
        if self.refill:
            self._start(self._replace(session, stream))

    def closed(self, ws: WebSocket, code: int, reason: str) -> None:
        """Nobody may be sent away but by a match."""
        self.open.discard(ws)
        if ws.user is None and self.refill:
            self.fault = f"a waiting player was closed: {code} {reason}"

    def claimed(self, session: str, stream: Stream) -> None:
        """A stream was asked for a seat."""
        self._claims[session] = (monotonic(), stream)

    async def arrive(self) -> None:
        """One player comes to the end of the line."""
        async with self._gate:
            await dial(self._url, self, timeout=DEADLINE)

    async def _replace(self, session: str, stream: Stream) -> None:
        await self.arrive()
        await asyncio.sleep(self.pace)
        stream.free(session)

    async def fill(self, count: int) -> None:
        """Let so many players get in line.

        Raises:
            BenchError: they didn't all get there.
        """
        try:
            async with asyncio.timeout(PATIENCE), asyncio.TaskGroup() as group:
                for _ in range(count):
                    group.create_task(self.arrive())
        except TimeoutError:
            raise BenchError(f"{len(self.open)} of {count} players wait at {self._url}") from None

    def _start(self, arrival: Coroutine[None, None, None]) -> None:
        task = asyncio.create_task(arrival)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def leave(self) -> None:
        """All players go."""
        self.refill = False
        for task in self._tasks:
            task.cancel()
        for ws in list(self.open):
            ws.abort()


@asynccontextmanager
async def links(
    url: str, key: str, names: list[str], claimed: Callable[[str, Stream], None]
) -> AsyncIterator[None]:
    """Control links of streams of these names while the block runs; `claimed` is told of each claim."""
    headers = {"Authorization": f"Bearer {key}"}
    links: list[WebSocket] = []
    try:
        for name in names:
            stream = Stream(name, claimed)
            links.append(await dial(f"{url}{control.PATH}", stream, headers=headers, limits=_LIMITS))
        yield
    finally:
        for link in links:
            link.abort()


async def _cost_of_waiting(line: Line, seconds: float, cpu: Clock) -> float:
    """Return the share of a CPU that all who wait take, while a stream moves the line now and then."""
    line.pace = PACE
    await asyncio.sleep(WARM_UP)
    measured = Measurement(cpu)
    await asyncio.sleep(seconds)
    cost = measured.end(1)
    line.pace = 0.0
    return sum(cost.spent) / cost.seconds


async def measure(
    url: str, key: str, streams: list[str], *, waiting: int, seconds: float, cpu: Clock
) -> Seats:
    """Seat players for so long while `waiting` others wait.

    Args:
        url: of the matchmaker, `ws://host:port`.
        key: the control key.
        streams: ids of the streams that it knows; none of them may be linked yet.
        waiting: players in line.
        seconds: for each of the measurements.
        cpu: tells the CPU time of the matchmaker.

    Raises:
        BenchError: players didn't get in line, or out of it without a seat.
        DialError: it takes no players, or no control links.
    """
    loop = asyncio.get_running_loop()
    line = Line(url)
    try:
        await line.fill(waiting)
        gc.freeze()  # so many sockets would make each collection here a pause that looks like the server's
        async with links(url, key, streams[:1], line.claimed):
            share = await _cost_of_waiting(line, seconds, cpu)
        async with links(url, key, streams[1:], line.claimed):
            await asyncio.sleep(WARM_UP)
            line.delays.clear()
            begun = loop.time()
            await asyncio.sleep(seconds)
            seats = Seats(len(line.open), loop.time() - begun, sorted(line.delays), share)
            line.refill = False
    finally:
        line.leave()
        gc.unfreeze()
    if line.fault or not seats.delays:
        raise BenchError(line.fault or "no seat was given")
    return seats
