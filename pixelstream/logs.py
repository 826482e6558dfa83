"""Structured logs: one JSON object a line on standard error, or lines for people, set up once a process.

The traps: nothing here knows of a message's content, and it must stay so, since SDP and candidates
name people's addresses; and a lease in any value is masked as a last resort, not as a licence to
log one. A level that is off costs one call of an empty function, so debug lines may stand anywhere
but on the path of each relayed message. A line with a `session` gets that session's `trace`, so that one
visit is found in the logs of all services, by a name that its player may tell.
"""

from __future__ import annotations

import logging
import sys
from collections.abc import MutableMapping
from typing import Any, BinaryIO, Literal

import orjson
import structlog

from pixelstream.auth.lease import redact
from pixelstream.protocol.trace import trace_of

Level = Literal["debug", "info", "warning", "error"]
Format = Literal["json", "console"]

_LEVELS: dict[str, int] = {
    "debug": logging.DEBUG,
    "info": logging.INFO,
    "warning": logging.WARNING,
    "error": logging.ERROR,
}


def setup(
    service: str,
    level: Level = "info",
    style: Format = "json",
    stream: BinaryIO | None = None,
    *,
    final: bool = True,
) -> None:
    """Send all logs of this process, those of its libraries too, to `stream` (standard error).

    Args:
        service: name under which every line goes.
        level: the lowest that is written; libraries speak from warning up, whatever it is.
        style: `json` for machines, `console` for people.
        stream: takes the bytes.
        final: loggers keep these choices from their first line on, which makes them cheap; a process
            that will choose again, as a test does, says no.
    """
    out = stream or sys.stderr.buffer

    def name(_: Any, __: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
        event["service"] = service
        return event

    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            name,
            _trace,
            structlog.processors.format_exc_info,
            _mask,
            *_renderer(style),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(_LEVELS[level]),
        logger_factory=structlog.BytesLoggerFactory(out),
        cache_logger_on_first_use=final,
    )
    root = logging.getLogger()
    root.handlers = [_Bridge()]
    root.setLevel(max(_LEVELS[level], logging.WARNING))


def _renderer(style: Format) -> list[Any]:
    if style == "json":
        return [structlog.processors.JSONRenderer(serializer=_dumps)]
    console = structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty(), sort_keys=False)
    return [console, lambda _, __, line: line.encode()]


def _dumps(event: Any, **_: Any) -> bytes:
    return orjson.dumps(event, default=str, option=orjson.OPT_NON_STR_KEYS)


def _trace(_: Any, __: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    session = event.get("session")
    if isinstance(session, str) and session:
        event.setdefault("trace", trace_of(session))
    return event


def _mask(_: Any, __: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    for key, value in event.items():
        if isinstance(value, str) and ("/s/" in value or "lease=" in value):
            event[key] = redact(value)
    return event


class _Bridge(logging.Handler):
    """Takes what libraries log by the standard module into the same stream."""

    def emit(self, record: logging.LogRecord) -> None:
        log = structlog.get_logger()
        log.log(record.levelno, record.getMessage(), logger=record.name, exc_info=record.exc_info)
