"""uvicorn's HTTP protocol with a bound and a deadline for the head of each request.

The trap: its parser keeps a head that goes on for ever, and a client that stops within one holds its
connection. The listener sees to the first request of a connection; this is for those that follow on it.
"""

from __future__ import annotations

import asyncio

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from pixelstream.net import handshake

HEAD_DEADLINE = 10.0
"""Seconds that a client has to send the head of a request."""


class BoundedHttp(HttpToolsProtocol):
    """Answers 431 to a head of more than `handshake.MAX_HEAD` bytes behind the read in which it begins."""

    _in_head = False
    _read = 0
    _overdue: asyncio.TimerHandle | None = None

    def data_received(self, data: bytes) -> None:
        """Pass on what belongs to a head within bounds, or to a body."""
        if self._in_head:
            self._read += len(data)
            if self._read > handshake.MAX_HEAD:
                words = f"request headers may have {handshake.MAX_HEAD} bytes"
                self.transport.write(handshake.http_error(431, words))
                self.transport.close()
                return
        super().data_received(data)
        if self._in_head and self._overdue is None and not self.transport.is_closing():
            self._overdue = self.loop.call_later(HEAD_DEADLINE, self.transport.abort)

    def on_message_begin(self) -> None:
        """Begin to count."""
        super().on_message_begin()
        self._in_head, self._read = True, 0

    def on_headers_complete(self) -> None:
        """Count no more."""
        self._whole()
        super().on_headers_complete()

    def connection_lost(self, exc: Exception | None) -> None:
        """Forget the deadline."""
        self._whole()
        super().connection_lost(exc)

    def _whole(self) -> None:
        self._in_head = False
        if self._overdue is not None:
            self._overdue.cancel()
            self._overdue = None
