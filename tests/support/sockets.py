"""Handlers that record what a websocket tells them, and can be waited for."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from pixelstream.net.websocket import WebSocket

DEADLINE = 10.0


class Recorder:
    """A handler that keeps everything; `until` waits for a condition over it."""

    def __init__(self, on_message: Callable[[WebSocket, bytes], None] | None = None) -> None:
        self.sockets: list[WebSocket] = []
        self.messages: list[bytes] = []
        self.endings: list[tuple[int, str]] = []
        self.pauses = 0
        self.resumes = 0
        self._on_message = on_message
        self._changed = asyncio.Event()

    def opened(self, ws: WebSocket) -> None:
        self.sockets.append(ws)
        self._changed.set()

    def received(self, ws: WebSocket, data: bytes) -> None:
        self.messages.append(data)
        if self._on_message is not None:
            self._on_message(ws, data)
        self._changed.set()

    def closed(self, ws: WebSocket, code: int, reason: str) -> None:
        self.endings.append((code, reason))
        self._changed.set()

    def paused(self, ws: WebSocket) -> None:
        self.pauses += 1
        self._changed.set()

    def resumed(self, ws: WebSocket) -> None:
        self.resumes += 1
        self._changed.set()

    async def until(self, condition: Callable[[Recorder], bool]) -> None:
        """Wait until `condition` holds, at most `DEADLINE` seconds."""
        async with asyncio.timeout(DEADLINE):
            while not condition(self):
                self._changed.clear()
                await self._changed.wait()
