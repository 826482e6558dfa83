"""Leases for matched sessions, and the URLs that carry them.

The trap: the lease is in the URL, so a URL made here never goes into a log.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from urllib.parse import parse_qsl, urlencode

from pixelstream.auth.keys import LeaseKeys
from pixelstream.auth.lease import Lease, sign

OWN = frozenset({"fleet", "handoff", "lease", "renew", "session", "ticket"})
"""Query keys that are the matchmaker's, or would be a claim to be somebody; the rest is the application's."""


@dataclass(frozen=True, slots=True)
class Issued:
    """A signed lease.

    Attributes:
        url: of the seat, relative to the page.
        expires: seconds since 1970.
    """

    token: str
    url: str
    expires: int


class Issuer:
    """Signs leases with the first of its keys, as they are at that moment."""

    def __init__(
        self, keys: Callable[[], LeaseKeys], lifetime: float, clock: Callable[[], float] = time.time
    ) -> None:
        self._keys = keys
        self._lifetime = lifetime
        self._clock = clock

    def issue(self, session: str, fleet: str, stream: str, fence: int, user: str | None) -> Issued:
        """Sign the lease of a reserved seat."""
        now = self._clock()
        expires = int(now + self._lifetime)
        lease = Lease(session, fleet, stream, fence, issued=int(now), expires=expires, user=user)
        token = sign(lease, self._keys())
        return Issued(token, f"s/{token}/ws", expires)


def passed_on(query: str) -> str:
    """Return the part of a player's query that goes on to its seat, with its `?`; empty if there is none."""
    pairs = [(name, value) for name, value in parse_qsl(query, keep_blank_values=True) if name not in OWN]
    return f"?{urlencode(pairs)}" if pairs else ""
