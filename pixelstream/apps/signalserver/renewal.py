"""New leases for players who are here, so that a visit may be longer than a lease.

Only our own page asks for them, by `?renew=1` beside its lease; Epic's front ends get no message that they
don't know. The traps: a renewed lease is no new right, so it goes only to the one who holds the seat at
that moment; and `config` stays the first message of a socket, so that even a lease that is nearly over is
renewed a moment later.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace
from time import time
from urllib.parse import parse_qsl

import structlog

from pixelstream.auth.keys import LeaseKeys
from pixelstream.auth.lease import Lease, sign
from pixelstream.net.websocket import WebSocket
from pixelstream.protocol import messages

SOONEST = 1.0
"""Seconds from the opening of a socket, or from one lease, to the next."""
LONGEST = 24 * 3600.0
"""Seconds after which a lease that lasts for weeks is renewed all the same: its key may be retired."""

log = structlog.get_logger(__name__)


def asks(query: str) -> bool:
    """Whether a player's query asks for renewed leases."""
    return "renew=" in query and ("renew", "1") in parse_qsl(query)


class Renewals:
    """Sends each player that asked a new lease at half of the old one's life.

    Args:
        keys: tells the keys of leases of the moment; the first signs.
        counted: called for each lease that is sent.
        clock: seconds since 1970.
    """

    def __init__(
        self, keys: Callable[[], LeaseKeys], counted: Callable[[], None], clock: Callable[[], float] = time
    ) -> None:
        self._keys = keys
        self._counted = counted
        self._clock = clock
        self._next: dict[WebSocket, tuple[asyncio.TimerHandle, Lease]] = {}

    def begin(self, ws: WebSocket, lease: Lease) -> None:
        """Renew the lease of a player that has just come, for as long as the socket is open."""
        half = (lease.expires - lease.issued) / 2
        wait = min(max(lease.expires - half - self._clock(), SOONEST), LONGEST)
        self._next[ws] = asyncio.get_running_loop().call_later(wait, self._renew, ws, lease), lease

    def end(self, ws: WebSocket) -> None:
        """Forget a socket that is gone."""
        planned = self._next.pop(ws, None)
        if planned is not None:
            planned[0].cancel()

    def close(self) -> None:
        """Forget all sockets."""
        for ws in list(self._next):
            self.end(ws)

    def hurry(self) -> None:
        """Renew all leases now: the keys have changed, and those of an older one are to be retired soon."""
        for ws, (_, lease) in list(self._next.items()):
            self._renew(ws, lease)

    def _renew(self, ws: WebSocket, lease: Lease) -> None:
        self.end(ws)
        peer = ws.user
        if ws.closing or peer is None or peer.gone:
            return
        now, life = int(self._clock()), lease.expires - lease.issued
        # The seat's fence, in case that the matchmaker has claimed it anew for the same session.
        renewed = replace(lease, fence=peer.seat.fence, issued=now, expires=now + life)
        ws.send(messages.lease(sign(renewed, self._keys()), renewed.expires))
        self._counted()
        log.debug("lease renewed", session=lease.session, expires=renewed.expires)
        self.begin(ws, renewed)
