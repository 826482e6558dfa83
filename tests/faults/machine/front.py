"""One address in front of replicas, as a Service of a cluster is: each connection goes to one that takes it.

The trap: like the real one it knows nothing of what it carries; a connection lives as long as the replica
that it went to, even if that is no longer among those who take new ones.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable

HOST = "127.0.0.1"
CHUNK = 1 << 16


class Front:
    """Listens on a port of its own and passes connections on.

    Attributes:
        ports: of the replicas that take new connections; to be changed at will.
        port: where it listens.
    """

    def __init__(self) -> None:
        self.ports: list[int] = []
        self.port = 0
        self._turn = 0
        self._server: asyncio.Server | None = None
        self._open: set[asyncio.Task[None]] = set()

    async def open(self) -> None:
        """Listen on a free port."""
        self._server = await asyncio.start_server(self._serve, HOST, 0)
        self.port = self._server.sockets[0].getsockname()[1]

    async def close(self) -> None:
        """Stop and cut all connections."""
        if self._server is not None:
            self._server.close()
        for task in self._open:
            task.cancel()
        await asyncio.gather(*self._open, return_exceptions=True)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        if task is not None:
            self._open.add(task)
            task.add_done_callback(self._open.discard)
        try:
            await self._pass(reader, writer)
        except asyncio.CancelledError:
            return  # the server's own tasks have nobody who would want to know
        finally:
            writer.transport.abort()

    async def _pass(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        behind = await self._dial()
        if behind is None:
            return
        try:
            await _both(_pump(reader, behind[1]), _pump(behind[0], writer))
        finally:
            behind[1].transport.abort()

    async def _dial(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter] | None:
        """Connect to the next replica that takes it."""
        self._turn += 1
        ports = list(self.ports)
        for n in range(len(ports)):
            with contextlib.suppress(OSError):
                return await asyncio.open_connection(HOST, ports[(self._turn + n) % len(ports)])
        return None


async def _both(*ways: Awaitable[None]) -> None:
    tasks = [asyncio.ensure_future(way) for way in ways]
    try:
        await asyncio.wait(tasks)
    finally:
        for task in tasks:
            task.cancel()


async def _pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Pass bytes on until the end; a reset on one side is one on the other."""
    try:
        while data := await reader.read(CHUNK):
            if writer.is_closing():  # its other end has gone; more would only be warned about
                return
            writer.write(data)
            await writer.drain()
        writer.write_eof()
    except (ConnectionError, OSError):
        writer.transport.abort()
