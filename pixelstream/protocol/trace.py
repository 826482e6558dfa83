"""The trace id of a session: one name for a visit in all logs, spans, and on the player's page.

A session's id is all it takes to end the session, so what a user may quote is made from it one way. The
trap: every service computes it for itself, so the salt below is part of the wire.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from functools import lru_cache
from typing import NamedTuple

_SALT = b"pixelstream trace\0"
_TRACEPARENT = re.compile(r"(?!ff)[0-9a-f]{2}-([0-9a-f]{32})-([0-9a-f]{16})-[0-9a-f]{2}(?:-.*)?")

VISIT = "visit"
"""Name of a trace's first span; all others are below it."""


class Step(NamedTuple):
    """A step of a visit, as a span tells it.

    Attributes:
        session: whose it is.
        begin, end: seconds since 1970.
        attributes: what else is to be said; no names, no addresses.
        link: trace and span of another system that led here.
    """

    name: str
    session: str
    begin: float
    end: float
    attributes: Mapping[str, str | int | float | bool] = {}
    link: tuple[str, str] | None = None


@lru_cache(maxsize=1024)
def trace_of(session: str) -> str:
    """Return the trace id of a session: 128 bits as 32 hex digits, as W3C's Trace Context has it."""
    return hashlib.sha256(_SALT + session.encode()).hexdigest()[:32]


def root_of(trace: str) -> str:
    """Return the id of a trace's first span: 64 bits as 16 hex digits, the same at every service."""
    return hashlib.sha256(_SALT + trace.encode()).hexdigest()[:16]


def linked(traceparent: str | None) -> tuple[str, str] | None:
    """Return trace and span of a caller's `traceparent` header (W3C Trace Context 3.2), None if it has none.

    They may be linked to; they are nobody's authority, and a session's trace is never taken from there.
    """
    found = _TRACEPARENT.fullmatch(traceparent or "")
    if found is None or not int(found[1], 16) or not int(found[2], 16):
        return None
    return found[1], found[2]
