"""A collector of spans: takes OTLP over HTTP, as protobuf or JSON, and remembers what came."""

from __future__ import annotations

import asyncio
import base64
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import orjson
from fastapi import FastAPI, Request, Response
from google.protobuf.json_format import MessageToDict
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from pixelstream.net.handshake import Refusal
from pixelstream.net.listener import listen
from tests.support.sockets import DEADLINE

Span = dict[str, Any]


@dataclass
class Collector:
    """What came.

    Attributes:
        spans: each with its service's name as `service`; ids are hex.
        kinds: of the bodies.
        headers: of the requests.
    """

    url: str = ""
    spans: list[Span] = field(default_factory=list)
    kinds: set[str] = field(default_factory=set)
    headers: list[dict[str, str]] = field(default_factory=list)
    more: asyncio.Event = field(default_factory=asyncio.Event)

    async def until(self, holds: Callable[[list[Span]], bool]) -> list[Span]:
        async with asyncio.timeout(DEADLINE):
            while not holds(self.spans):
                self.more.clear()
                await self.more.wait()
        return self.spans

    async def take(self, request: Request) -> Response:
        body, kind = await request.body(), request.headers["content-type"]
        self.kinds.add(kind)
        self.headers.append(dict(request.headers))
        data = orjson.loads(body) if kind == "application/json" else _read(body)
        for resource in data["resourceSpans"]:
            names = {it["key"]: it["value"].get("stringValue") for it in resource["resource"]["attributes"]}
            for scope in resource["scopeSpans"]:
                self.spans += [{**span, "service": names["service.name"]} for span in scope["spans"]]
        self.more.set()
        return Response(b"{}" if kind == "application/json" else b"", media_type=kind)


def _read(body: bytes) -> Any:
    message = ExportTraceServiceRequest()
    message.ParseFromString(body)
    data = MessageToDict(message)
    for resource in data["resourceSpans"]:
        for scope in resource["scopeSpans"]:
            for span in scope["spans"]:
                for owner in (span, *span.get("links", [])):
                    for name in ("traceId", "spanId", "parentSpanId"):
                        if name in owner:
                            owner[name] = base64.b64decode(owner[name]).hex()
    return data


@asynccontextmanager
async def collecting() -> AsyncIterator[Collector]:
    """Run a collector."""
    collector = Collector()
    app = FastAPI()
    app.add_route("/v1/traces", collector.take, methods=["POST"])
    listener = await listen("127.0.0.1", 0, route=lambda _: Refusal(404, "none"), http=app)
    collector.url = f"http://127.0.0.1:{listener.port}"
    try:
        yield collector
    finally:
        await listener.close()
