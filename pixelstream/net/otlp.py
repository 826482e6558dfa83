"""Spans on their way to a collector, by OpenTelemetry's SDK: OTLP over HTTP, as protobuf or as JSON.

Loaded only where an export is asked for. Spans are made whole, with ids of our own, and handed to the SDK's
batches, which have a bounded queue and a thread. The trap: in OTLP's JSON ids are hex, which protobuf's own
mapping to JSON would write in base64.
"""

from __future__ import annotations

import base64
import logging
import secrets
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import orjson
import requests
from google.protobuf.json_format import MessageToDict
from opentelemetry.exporter.otlp.proto.common.trace_encoder import encode_spans
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.sdk.trace.export import BatchSpanProcessor, SpanExporter, SpanExportResult
from opentelemetry.sdk.util.instrumentation import InstrumentationScope
from opentelemetry.trace import Link, SpanContext, SpanKind, TraceFlags

from pixelstream import __version__
from pixelstream.protocol.trace import VISIT, Step, root_of, trace_of

PATH = "/v1/traces"
QUEUE = 2048
"""Spans that may wait; more are dropped."""
EVERY_MS = 2000
TIMEOUT = 5.0
"""Seconds that a collector has to answer."""
_IDS = frozenset({"traceId", "spanId", "parentSpanId"})
_SAMPLED = TraceFlags(TraceFlags.SAMPLED)
_HALF = 1 << 64


class Exporter:
    """Sends spans of one service.

    Args:
        service: its name.
        endpoint: base URL of the collector.
        protocol: `http/protobuf` or `http/json`.
        headers: of each request.
        ratio: share of traces that are told; chosen by their ids, so all services choose the same.
    """

    def __init__(
        self, service: str, *, endpoint: str, protocol: str, headers: Mapping[str, str], ratio: float
    ) -> None:
        url = endpoint + PATH
        exporter: SpanExporter = (
            _JsonExporter(url, headers)
            if protocol == "http/json"
            else OTLPSpanExporter(url, headers=dict(headers), timeout=TIMEOUT)
        )
        # A collector that is away is told by what is missing there; the SDK would tell it at each batch.
        logging.getLogger("opentelemetry").setLevel(logging.CRITICAL)
        self._processor = BatchSpanProcessor(exporter, max_queue_size=QUEUE, schedule_delay_millis=EVERY_MS)
        self._resource = Resource({"service.name": f"pixelstream-{service}", "service.version": __version__})
        self._scope = InstrumentationScope("pixelstream", __version__)
        self._bound = int(ratio * _HALF)

    def tell(self, step: Step) -> None:
        """Put a span into the queue, if its trace is one of those that are told."""
        trace = trace_of(step.session)
        if int(trace[16:], 16) >= self._bound:
            return
        root, whole = _context(trace, root_of(trace)), step.name == VISIT
        self._processor.on_end(
            ReadableSpan(
                step.name,
                context=root if whole else _context(trace, secrets.token_hex(8)),
                parent=None if whole else root,
                resource=self._resource,
                attributes=dict(step.attributes),
                links=[Link(_context(*step.link))] if step.link else [],
                kind=SpanKind.INTERNAL,
                start_time=round(step.begin * 1e9),
                end_time=round(max(step.begin, step.end) * 1e9),
                instrumentation_scope=self._scope,
            )
        )

    def close(self, seconds: float) -> None:
        """Send what waits and end the thread; blocks so long at most."""
        self._processor.force_flush(int(seconds * 1000))
        shutdown: Callable[[], None] = self._processor.shutdown
        shutdown()


def _context(trace: str, span: str) -> SpanContext:
    return SpanContext(int(trace, 16), int(span, 16), is_remote=False, trace_flags=_SAMPLED)


class _JsonExporter(SpanExporter):
    """OTLP's JSON, which the SDK doesn't write."""

    def __init__(self, url: str, headers: Mapping[str, str]) -> None:
        self._url = url
        self._session = requests.Session()
        self._session.headers.update({"Content-Type": "application/json", **headers})

    def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
        """Send a batch once; what fails is lost."""
        body = orjson.dumps(_hex(MessageToDict(encode_spans(spans), use_integers_for_enums=True)))
        try:
            answer = self._session.post(self._url, data=body, timeout=TIMEOUT)
        except requests.RequestException:
            return SpanExportResult.FAILURE
        return SpanExportResult.SUCCESS if answer.ok else SpanExportResult.FAILURE

    def shutdown(self) -> None:
        """Close the connection."""
        self._session.close()


def _hex(node: Any) -> Any:
    if isinstance(node, list):
        return [_hex(item) for item in node]
    if not isinstance(node, dict):
        return node
    return {key: base64.b64decode(value).hex() if key in _IDS else _hex(value) for key, value in node.items()}
