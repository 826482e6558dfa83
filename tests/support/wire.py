"""A TCP line that a test can cut or freeze, between a browser and a server that go on living.

The trap: a browser that loses one connection opens the next at once, so cutting and freezing take hold of
what is open at that moment; `closed` is for what comes after.
"""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import Self

PIECE = 65536


class Wire:
    """Passes connections on to `port` of this machine; `async with Wire(port) as wire`.

    Attributes:
        port: where it listens.
        closed: whether new connections are hung up on.
    """

    def __init__(self, target: int) -> None:
        self._target = target
        self._open: set[_Pair] = set()
        self._server: asyncio.Server | None = None
        self.port = 0
        self.closed = False

    async def __aenter__(self) -> Self:
        """Listen."""
        self._server = await asyncio.start_server(self._accept, "127.0.0.1", 0)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *_: object) -> None:
        """Stop, and cut what is open."""
        assert self._server is not None
        self._server.close()
        self.cut()
        await self._server.wait_closed()

    def cut(self) -> None:
        """Reset all that is open; a websocket at either end hears no goodbye."""
        for pair in list(self._open):
            pair.cut()

    def freeze(self) -> None:
        """Let all that is open stay open, and nothing more come through it."""
        for pair in self._open:
            pair.flows.clear()

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if self.closed:
            writer.transport.abort()
            return
        far_reader, far_writer = await asyncio.open_connection("127.0.0.1", self._target)
        pair = _Pair(writer, far_writer)
        self._open.add(pair)
        try:
            await asyncio.gather(pair.pass_on(reader, far_writer), pair.pass_on(far_reader, writer))
        finally:
            self._open.discard(pair)
            pair.cut()


class _Pair:
    """Both ends of one connection."""

    def __init__(self, *writers: asyncio.StreamWriter) -> None:
        self._writers = writers
        self.flows = asyncio.Event()
        self.flows.set()

    def cut(self) -> None:
        for writer in self._writers:
            writer.transport.abort()
        self.flows.set()

    async def pass_on(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(OSError):
            while data := await reader.read(PIECE):
                await self.flows.wait()
                writer.write(data)
                await writer.drain()
            if writer.can_write_eof():
                writer.write_eof()
