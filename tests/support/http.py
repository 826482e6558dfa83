"""An HTTP server whose answers a test writes byte by byte."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

Reply = Callable[[bytes, asyncio.StreamWriter], Awaitable[None]]


def answer(body: bytes, status: int = 200, extra: str = "") -> bytes:
    head = f"HTTP/1.1 {status} OK\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n{extra}"
    return head.encode() + b"\r\n" + body


class FakeServer:
    """Keeps each request (head and body) and writes what `reply` says.

    Attributes:
        reply: called with each whole request.
        requests: what came.
        connections: how many were accepted.
    """

    def __init__(self, body: bytes = b"{}") -> None:
        self.body = body
        self.requests: list[bytes] = []
        self.connections = 0
        self.port = 0
        self.reply: Reply = self.usual
        self._writers: list[asyncio.StreamWriter] = []

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    async def usual(self, _: bytes, writer: asyncio.StreamWriter) -> None:
        writer.write(answer(self.body))

    def drop_connections(self) -> None:
        for writer in self._writers:
            writer.close()

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        self._writers.append(writer)
        try:
            while True:
                head = await reader.readuntil(b"\r\n\r\n")
                length = [line for line in head.split(b"\r\n") if line.lower().startswith(b"content-length:")]
                body = await reader.readexactly(int(length[0].partition(b":")[2])) if length else b""
                self.requests.append(head + body)
                await self.reply(head + body, writer)
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            writer.close()


@asynccontextmanager
async def fake_server(body: bytes = b"{}") -> AsyncIterator[FakeServer]:
    """Serve on a free port of loopback while the block runs."""
    fake = FakeServer(body)
    server = await asyncio.start_server(fake.serve, "127.0.0.1", 0)
    fake.port = server.sockets[0].getsockname()[1]
    try:
        yield fake
    finally:
        server.close()
        fake.drop_connections()
        await server.wait_closed()
