"""How many ICE configurations turn-api answers in a second, asked over connections that stay open.

The trap: a general HTTP client costs more than the answer does; this one sends the same bytes again and
reads no more than the length of what comes back.
"""

from __future__ import annotations

import asyncio
from typing import cast

from pixelstream.synthetic.bench.cost import Clock, Cost, Measurement
from pixelstream.synthetic.bench.stage import DEADLINE, BenchError

CONNECTIONS = 16
WARM_UP = 0.3
"""Seconds of load before anything is measured."""

_LENGTH = b"content-length: "


class _Asker(asyncio.Protocol):
    """One connection: a request, its answer, the next request."""

    def __init__(self, request: bytes) -> None:
        self._request = request
        self._got = b""
        self.answers = 0
        self.fault = ""
        self._transport: asyncio.Transport = cast("asyncio.Transport", None)

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)
        self._transport.write(self._request)

    def connection_lost(self, exc: Exception | None) -> None:
        self.fault = self.fault or "the connection ended"

    def data_received(self, data: bytes) -> None:
        self._got += data
        head = self._got.find(b"\r\n\r\n")
        if head < 0:
            return
        if not self._got.startswith(b"HTTP/1.1 200 "):
            self.fault = self._got[:head].decode("latin-1").partition("\r\n")[0]
            self._transport.abort()
            return
        start = self._got.lower().index(_LENGTH, 0, head + 2) + len(_LENGTH)
        length = int(self._got[start : self._got.index(b"\r\n", start)])
        if len(self._got) == head + 4 + length:
            self._got = b""
            self.answers += 1
            self._transport.write(self._request)

    def close(self) -> None:
        self._transport.abort()


async def measure(port: int, key: str, seconds: float, clock: Clock) -> Cost:
    """Ask for so long; what is counted are whole answers.

    Args:
        port: of a turn-api on this machine.
        key: the bearer key of its callers.
        seconds: for the measurement itself.
        clock: of its process.

    Raises:
        BenchError: it didn't answer, or answered something else.
    """
    loop = asyncio.get_running_loop()
    head = f"GET /?session=bench HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nAuthorization: Bearer {key}\r\n\r\n"
    async with asyncio.timeout(DEADLINE):
        opened = [
            await loop.create_connection(lambda: _Asker(head.encode()), "127.0.0.1", port)
            for _ in range(CONNECTIONS)
        ]
    askers = [asker for _, asker in opened]

    def answers() -> int:
        return sum(asker.answers for asker in askers)

    await asyncio.sleep(WARM_UP)
    before, measurement = answers(), Measurement(clock)
    await asyncio.sleep(seconds)
    cost = measurement.end(answers() - before)
    faults = [asker.fault for asker in askers if asker.fault]
    for asker in askers:
        asker.close()
    if faults or not cost.count:
        raise BenchError(f"turn-api did not answer: {faults[0] if faults else 'nothing came'}")
    return cost
