"""A client of the API server for what we do there: list, watch, patch.

The traps: a watch may fall silent for ever when the server's machine is gone, so sockets are probed by
the kernel and a silent one is given up; and every answer is bounded, lists by pages.
"""

from __future__ import annotations

import socket
from collections.abc import AsyncGenerator, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import httpx
import orjson

from pixelstream import __version__
from pixelstream.errors import PixelstreamError
from pixelstream.kube.access import Access

CONNECT = 5.0
ANSWER = 20.0
"""Seconds that a list or a patch may take between two pieces of its answer."""
SILENCE = 90.0
"""Seconds that a watch may be silent: bookmarks come every minute."""
MAX_ANSWER = 64 << 20
"""Bytes of one page of a list, or of the answer to a patch."""
MAX_EVENT = 8 << 20
"""Bytes of one event; an object has at most 1.5 MB."""
GONE = 410
OK = 200

_PROBES = [
    (socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1),
    *(
        (socket.IPPROTO_TCP, getattr(socket, name), seconds)
        for name, seconds in (("TCP_KEEPIDLE", 5), ("TCP_KEEPINTVL", 5), ("TCP_KEEPCNT", 3))
        if hasattr(socket, name)
    ),
]
"""A machine that is gone is noticed within 20 s."""

Object = dict[str, Any]


class ApiError(PixelstreamError):
    """A request that the API server refused or that got no whole answer.

    Attributes:
        status: HTTP status; 0 if no whole answer came.
        cause: why, in words.
    """

    def __init__(self, status: int, cause: str) -> None:
        super().__init__(status, cause)
        self.status = status
        self.cause = cause

    def __str__(self) -> str:
        return f"the API server says {self.status}: {self.cause}" if self.status else self.cause


@dataclass(frozen=True, slots=True)
class Resource:
    """A kind of objects: its group's path and its plural name."""

    group: str
    plural: str

    def path(self, namespace: str | None, name: str | None = None) -> str:
        """Path of all objects, of those of a namespace, or of one."""
        parts = [self.group, *(("namespaces", namespace) if namespace else ()), self.plural]
        return "/".join([*parts, name] if name else parts)


PODS = Resource("/api/v1", "pods")
NODES = Resource("/api/v1", "nodes")
SLICES = Resource("/apis/discovery.k8s.io/v1", "endpointslices")


class Client:
    """Requests to one API server; `await close()` at the end."""

    def __init__(self, access: Access) -> None:
        self._access = access
        transport = httpx.AsyncHTTPTransport(verify=access.trust, trust_env=False, socket_options=_PROBES)
        self._http = httpx.AsyncClient(
            base_url=access.server,
            transport=transport,
            headers={"User-Agent": f"pixelstream/{__version__}", "Accept-Encoding": "identity"},
            timeout=httpx.Timeout(ANSWER, connect=CONNECT),
            trust_env=False,
        )

    async def close(self) -> None:
        """Close all connections."""
        await self._http.aclose()

    async def read(self, path: str, params: Mapping[str, str]) -> Object:
        """Return an object, or one page of a list.

        Raises:
            ApiError: it can't be had.
        """
        with self._faults():
            request = self._http.build_request("GET", path, params=params, headers=self._access.headers())
            return await self._answer(request)

    async def patch(self, path: str, body: Object) -> Object:
        """Merge `body` into an object (RFC 7386) and return it.

        Raises:
            ApiError: it was not done, or may not have been.
        """
        with self._faults():
            headers = {**self._access.headers(), "Content-Type": "application/merge-patch+json"}
            request = self._http.build_request("PATCH", path, content=orjson.dumps(body), headers=headers)
            return await self._answer(request)

    async def watch(self, path: str, params: Mapping[str, str]) -> AsyncGenerator[list[Object], None]:
        """Yield events as they come, those that came together at once; ends when the server ends it.

        The first yield is empty: it says that the watch is on.

        Raises:
            ApiError: it could not begin, or broke off.
        """
        with self._faults():
            timeout = httpx.Timeout(SILENCE, connect=CONNECT)
            request = self._http.build_request(
                "GET", path, params={**params, "watch": "1"}, headers=self._access.headers(), timeout=timeout
            )
            answer = await self._http.send(request, stream=True)
            try:
                if answer.status_code != OK:
                    raise ApiError(answer.status_code, _words(await _whole(answer)))
                yield []
                rest = b""
                async for piece in answer.aiter_raw():
                    whole, newline, tail = (rest + piece).rpartition(b"\n")
                    rest = tail
                    if len(rest) > MAX_EVENT:
                        raise ApiError(0, f"an event has more than {MAX_EVENT} bytes")
                    if newline:
                        yield [_object(line) for line in whole.split(b"\n") if line.strip()]
            finally:
                await answer.aclose()

    async def _answer(self, request: httpx.Request) -> Object:
        answer = await self._http.send(request, stream=True)
        try:
            body = await _whole(answer)
        finally:
            await answer.aclose()
        if answer.status_code != OK:
            raise ApiError(answer.status_code, _words(body))
        return _object(body)

    @contextmanager
    def _faults(self) -> Iterator[None]:
        try:
            yield
        except httpx.TransportError as error:
            self._renew()
            raise ApiError(0, f"the API server cannot be reached: {error or type(error).__name__}") from error
        except OSError as error:
            raise ApiError(0, f"our token cannot be read: {error}") from error

    def _renew(self) -> None:
        try:
            self._access.renew_trust()
        except OSError:  # half written, or gone with the volume: what we trusted before stays
            return


async def _whole(answer: httpx.Response) -> bytes:
    body = bytearray()
    async for piece in answer.aiter_raw():
        body += piece
        if len(body) > MAX_ANSWER:
            raise ApiError(0, f"an answer has more than {MAX_ANSWER} bytes")
    return bytes(body)


def _object(data: bytes) -> Object:
    try:
        found = orjson.loads(data)
    except orjson.JSONDecodeError:
        raise ApiError(0, "what came from the API server is not JSON") from None
    if not isinstance(found, dict):
        raise ApiError(0, "what came from the API server is no object")
    return found


def _words(body: bytes) -> str:
    """The message of a Status object, or the text that came instead."""
    try:
        return str(_object(body)["message"])
    except (ApiError, KeyError):
        return " ".join(body[:200].decode("utf-8", "replace").split())
