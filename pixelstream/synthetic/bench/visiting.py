"""What a player's set-up costs: connect, config, list, subscribe, playerConnected, offer, close.

The trap: closing is part of a visit, and the server does its share of it after our end is gone, so the
last visit is over when the streamer has heard of it.
"""

from __future__ import annotations

import asyncio

import orjson

from pixelstream.net.dial import dial
from pixelstream.net.websocket import WebSocket
from pixelstream.synthetic.bench import traffic
from pixelstream.synthetic.bench.cost import Clock, Cost, Measurement
from pixelstream.synthetic.bench.stage import DEADLINE, Address, BenchError, Quiet, staged

AT_ONCE = 8
"""Visits at the same time."""
WARM_UP = 50
"""Visits before anything is measured."""

_LIST = orjson.dumps({"type": "listStreamers"})
_SUBSCRIBE = orjson.dumps({"type": "subscribe", "streamerId": traffic.STREAMER})


class _Visit(Quiet):
    """One player's way to its offer."""

    def __init__(self) -> None:
        self.over: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def received(self, ws: WebSocket, data: bytes) -> None:
        kind = orjson.loads(data)["type"]
        if kind == "config":
            ws.send(_LIST)
        elif kind == "streamerList":
            ws.send(_SUBSCRIBE)
        elif kind == "offer":
            ws.close()

    def closed(self, ws: WebSocket, code: int, reason: str) -> None:
        if not self.over.done():
            self.over.set_result(None)


async def measure(address: Address, visits: int, clock: Clock) -> Cost:
    """Make so many visits, some at a time, and say what they cost.

    Args:
        address: of the server.
        visits: how many.
        clock: of the server.

    Raises:
        BenchError: a visit got stuck.
        DialError: the server takes no players.
    """
    offer = traffic.answer()

    def came(streamer: WebSocket, player_id: str) -> None:
        streamer.send(traffic.addressed(offer, "offer", player_id))

    async with staged(address, came) as stage:
        await _visit(address, WARM_UP)
        measurement = Measurement(clock)
        await _visit(address, visits)
        async with asyncio.timeout(DEADLINE):
            await stage.cast.heard_of(WARM_UP + visits)
        return measurement.end(visits)


async def _visit(address: Address, visits: int) -> None:
    left = iter(range(visits))

    async def some() -> None:
        for _ in left:
            visit = _Visit()
            await dial(address.players, visit, timeout=DEADLINE)
            await visit.over

    try:
        async with asyncio.timeout(2 * DEADLINE), asyncio.TaskGroup() as group:
            for _ in range(AT_ONCE):
                group.create_task(some())
    except TimeoutError:
        raise BenchError(f"visits to {address.players} got stuck") from None
