"""What one relayed message costs: a closed loop between a streamer and its players.

Each player has one message outstanding: its own on the way to the streamer, or the streamer's answer on
the way back. The trap: the loop is as fast as its slowest part, so messages per second say as much of
the load as of the server; the CPU time of the server's process is what counts.
"""

from __future__ import annotations

import asyncio

import orjson

from pixelstream.net.websocket import WebSocket
from pixelstream.synthetic.bench import traffic
from pixelstream.synthetic.bench.cost import Clock, Cost, Measurement
from pixelstream.synthetic.bench.stage import DEADLINE, BenchError, Quiet, Stage

WARM_UP = 0.2
"""Seconds of load before anything is measured: both runtimes compile or cache on the way."""

_ID = b'"playerId":"'


class RelayLoad:
    """The loop over one stage, with one kind of message.

    Args:
        stage: with its players.
        up: what players send, as JSON.
        kind: the `type` of what the streamer sends; its content is the same.
    """

    def __init__(self, stage: Stage, up: bytes, kind: str) -> None:
        self._stage = stage
        self._up = up
        self._down = {one.encode(): traffic.addressed(up, kind, one) for one in stage.ids}
        self.relayed = 0
        self._outstanding = 0
        self._running = False
        self._quiet = asyncio.Event()
        stage.streamer.handler = _StreamerEnd(self)
        for player in stage.players:
            player.handler = _PlayerEnd(self)

    async def measure(self, seconds: float, clock: Clock) -> Cost:
        """Load the server for so long and say what it cost.

        Args:
            seconds: for the measurement itself.
            clock: of the server.

        Raises:
            BenchError: messages got lost.
        """
        self._start()
        await asyncio.sleep(WARM_UP)
        before, measurement = self.relayed, Measurement(clock)
        await asyncio.sleep(seconds)
        cost = measurement.end(self.relayed - before)
        await self._stop()
        return cost

    def _start(self) -> None:
        self._running = True
        self._quiet.clear()
        self._outstanding = len(self._stage.players)
        for player in self._stage.players:
            player.send(self._up)

    async def _stop(self) -> None:
        self._running = False
        try:
            async with asyncio.timeout(DEADLINE):
                await self._quiet.wait()
        except TimeoutError:
            raise BenchError(f"{self._outstanding} messages were not relayed") from None

    def at_streamer(self, ws: WebSocket, data: bytes) -> None:
        """A player's message is through; answer that player."""
        self.relayed += 1
        if self._running:
            start = data.rfind(_ID) + len(_ID)
            ws.send(self._down[data[start : data.index(b'"', start)]])
        else:
            self._rest()

    def at_player(self, ws: WebSocket, data: bytes) -> None:
        """A message of the streamer is through; send the next."""
        self.relayed += 1
        if self._running:
            ws.send(self._up)
        else:
            self._rest()

    def _rest(self) -> None:
        self._outstanding -= 1
        if not self._outstanding:
            self._quiet.set()


class _StreamerEnd(Quiet):
    def __init__(self, load: RelayLoad) -> None:
        self.received = load.at_streamer  # type: ignore[method-assign]


class _PlayerEnd(Quiet):
    def __init__(self, load: RelayLoad) -> None:
        self.received = load.at_player  # type: ignore[method-assign]


async def check(stage: Stage, up: bytes, kind: str) -> None:
    """Make sure that both ways carry the message whole and name the right player.

    Raises:
        BenchError: they don't.
    """
    player = stage.players[0]
    ends = {stage.streamer: _Catch(), player: _Catch()}
    before = {ws: ws.handler for ws in ends}
    for ws, catch in ends.items():
        ws.handler = catch
    player.send(up)
    told = orjson.loads(await ends[stage.streamer].one())
    name = told.pop("playerId", None)
    stage.streamer.send(traffic.addressed(up, kind, str(name)))
    heard = orjson.loads(await ends[player].one())
    heard.pop("playerId", None)
    sent = orjson.loads(up)
    if name not in stage.ids or told != sent or heard != {**sent, "type": kind}:
        raise BenchError(f"{stage.address.players} does not relay faithfully")
    for ws, handler in before.items():
        ws.handler = handler


class _Catch(Quiet):
    def __init__(self) -> None:
        self._got: asyncio.Future[bytes] = asyncio.get_running_loop().create_future()

    def received(self, ws: WebSocket, data: bytes) -> None:
        if not self._got.done():
            self._got.set_result(data)

    async def one(self) -> bytes:
        try:
            async with asyncio.timeout(DEADLINE):
                return await self._got
        except TimeoutError:
            raise BenchError("a message was not relayed") from None
