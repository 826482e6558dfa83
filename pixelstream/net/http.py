"""A small HTTP/1.1 client for calls to one server: keep-alive, one deadline, a bounded answer.

It exists because a general client costs half a millisecond and 2 MB for each sidecar, and a player's
set-up has less than that in all. The traps: a kept connection may be closed by the server just as
it is used, so a request without a body is then sent once more on a fresh one; redirects are not
followed, since an answer must not choose whom we dial.
"""

from __future__ import annotations

import asyncio
import re
import ssl
from dataclasses import dataclass
from typing import cast
from urllib.parse import urlsplit

import httptools

from pixelstream.errors import PixelstreamError

MAX_IDLE = 4
"""Connections that are kept open for later calls."""

_TARGET = re.compile(r"/[!-~]*\Z")


class CallError(PixelstreamError):
    """A call that got no whole answer; `cause` says why."""

    def __init__(self, cause: str) -> None:
        super().__init__(cause)
        self.cause = cause


@dataclass(frozen=True, slots=True)
class Answer:
    """What a server answered."""

    status: int
    content_type: str
    body: bytes


class HttpClient:
    """Calls to one server.

    Args:
        base: URL of the server; a path in it stands before every target.
        max_body: bytes that an answer may have.
    """

    def __init__(self, base: str, *, max_body: int = 1 << 20) -> None:
        parts = urlsplit(base)
        self._host = parts.hostname or ""
        secure = parts.scheme == "https"
        self._context = ssl.create_default_context() if secure else None
        self._port = parts.port or (443 if secure else 80)
        self._prefix = parts.path.rstrip("/")
        self._head = f"Host: {parts.netloc}\r\n"
        self._max_body = max_body
        self._idle: list[_Connection] = []

    async def get(
        self,
        target: str,
        *,
        timeout: float,  # noqa: ASYNC109 - covers all of the call
        bearer: str | None = None,
    ) -> Answer:
        """Send a GET; see `call`."""
        return await self.call("GET", target, timeout=timeout, bearer=bearer)

    async def call(
        self,
        method: str,
        target: str,
        *,
        timeout: float,  # noqa: ASYNC109 - one deadline over connecting, sending and reading
        body: bytes | None = None,
        content_type: str = "application/json",
        bearer: str | None = None,
    ) -> Answer:
        """Send one request and return its answer, whatever its status.

        Args:
            method: GET, POST and so on.
            target: path and query, beginning with a slash.
            timeout: seconds for all of it.
            body: bytes to send, with their length in bytes.
            content_type: of the body.
            bearer: token of the `Authorization` header, if there is to be one.

        Raises:
            CallError: no whole answer came, or it was too large.
        """
        if not _TARGET.match(target):
            raise CallError("a target begins with a slash and has no blanks or control characters")
        head = f"{method} {self._prefix}{target} HTTP/1.1\r\n{self._head}"
        if bearer is not None:
            head += f"Authorization: Bearer {bearer}\r\n"
        if body is not None:
            head += f"Content-Type: {content_type}\r\nContent-Length: {len(body)}\r\n"
        data = head.encode("latin-1") + b"\r\n" + (body or b"")
        try:
            async with asyncio.timeout(timeout):
                return await self._send(data, retry=body is None)
        except TimeoutError:
            raise CallError(f"no answer within {timeout:g} s") from None
        except OSError as error:
            raise CallError(str(error) or type(error).__name__) from error

    def close(self) -> None:
        """Close the kept connections."""
        while self._idle:
            self._idle.pop().abort()

    async def _send(self, data: bytes, *, retry: bool) -> Answer:
        while self._idle:
            kept = self._idle.pop()
            if not kept.alive:
                continue
            try:
                return await self._exchange(kept, data)
            except _Stale:
                if not retry:
                    raise CallError("the connection ended before an answer") from None
        try:
            return await self._exchange(await self._connect(), data)
        except _Stale:
            raise CallError("the connection ended before an answer") from None

    async def _connect(self) -> _Connection:
        loop = asyncio.get_running_loop()
        _, connection = await loop.create_connection(
            lambda: _Connection(self._max_body), self._host, self._port, ssl=self._context
        )
        return connection

    async def _exchange(self, connection: _Connection, data: bytes) -> Answer:
        try:
            answer = await connection.exchange(data)
        except BaseException:
            connection.abort()
            raise
        if connection.alive and len(self._idle) < MAX_IDLE:
            self._idle.append(connection)
        else:
            connection.abort()
        return answer


class _Stale(Exception):  # noqa: N818 - not an error yet: it asks for another try
    """The connection ended before the first byte of an answer."""


class _Connection(asyncio.Protocol):
    """One connection, one exchange at a time; the `on_…` methods are called by the parser."""

    def __init__(self, max_body: int) -> None:
        self._max_body = max_body
        self._transport: asyncio.Transport = cast("asyncio.Transport", None)
        self._parser: httptools.HttpResponseParser | None = None
        self._answer: asyncio.Future[Answer] | None = None
        self._content_type = ""
        self._body = bytearray()
        self._headers_done = False
        self._to_the_end = False
        self.alive = True

    async def exchange(self, data: bytes) -> Answer:
        self._answer = asyncio.get_running_loop().create_future()
        self._parser = httptools.HttpResponseParser(self)
        self._content_type, self._body = "", bytearray()
        self._headers_done, self._to_the_end = False, True
        self._transport.write(data)
        return await self._answer

    def abort(self) -> None:
        self.alive = False
        self._transport.abort()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)

    def data_received(self, data: bytes) -> None:
        if self._parser is None or self._answer is None or self._answer.done():
            self.abort()  # an answer to nothing: this connection is out of step
            return
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserError as error:
            self._fail(CallError(f"not HTTP: {error}"))

    def connection_lost(self, exc: Exception | None) -> None:
        self.alive = False
        if self._answer is None or self._answer.done():
            return
        if not self._headers_done:
            self._answer.set_exception(_Stale())
        elif self._to_the_end and exc is None:
            self._finish()
        else:
            self._answer.set_exception(CallError("the connection ended within the answer"))

    def on_header(self, name: bytes, value: bytes) -> None:
        name = name.lower()
        if name == b"content-type":
            self._content_type = value.decode("latin-1")
        elif name in {b"content-length", b"transfer-encoding"}:
            self._to_the_end = False

    def on_headers_complete(self) -> None:
        self._headers_done = True

    def on_body(self, data: bytes) -> None:
        self._body += data
        if len(self._body) > self._max_body:
            self._fail(CallError(f"the answer has more than {self._max_body} bytes"))

    def on_message_complete(self) -> None:
        if self._parser is not None and not self._parser.should_keep_alive():
            self.alive = False
        self._finish()

    def _finish(self) -> None:
        if self._parser is not None and self._answer is not None and not self._answer.done():
            status = self._parser.get_status_code()
            self._answer.set_result(Answer(status, self._content_type, bytes(self._body)))

    def _fail(self, error: CallError) -> None:
        if self._answer is not None and not self._answer.done():
            self._answer.set_exception(error)
        self.abort()
