"""What the waiting room tells a player: JSON text with the fields of the original, and more.

The trap: front ends of the original read `queued`, `matched` and `detail` alone, so these say it all
in short, and nothing here names an address.
"""

from __future__ import annotations

import orjson

from pixelstream.apps.matchmaker.leases import Issued
from pixelstream.matchmaking.model import JoinRefusal, ReleaseReason, Supply
from pixelstream.matchmaking.views import Place
from pixelstream.protocol.trace import trace_of

WAITING = {
    Supply.TAKEN: "Waiting for available streamer",
    Supply.STARTING: "A stream is being started",
    Supply.BUDGET: "All streams that the budget allows are taken",
}

HELD = "Seats cannot be given out at the moment; you keep your place"
"""Instead of these while the shared store is away."""

REFUSALS = {
    JoinRefusal.QUEUE_FULL: "Too many players wait already; please try again in a while",
    JoinRefusal.UNKNOWN_FLEET: "There is no such fleet",
    JoinRefusal.DRAINING: "This waiting room is closing; please connect again",
    JoinRefusal.UNAVAILABLE: "Seats cannot be given out now; please try again in a while",
    JoinRefusal.VOID: "That place is no more; please come again",
}
ENDINGS = {
    ReleaseReason.TIMED_OUT: "No stream became free in time",
    ReleaseReason.CANCELLED: "The session was ended",
}


def waiting(place: Place, *, seating: bool = True, ticket: str | None = None) -> bytes:
    """Tell a player where it stands.

    Args:
        place: where that is.
        seating: whether seats are given out at all; if not, nobody can say how long it takes.
        ticket: what to come back with, if it has to.
    """
    notice: dict[str, object] = {
        "type": "matchmaker",
        "queued": True,
        "matched": False,
        "detail": WAITING[place.supply] if seating else HELD,
        "supply": place.supply.value,
        "session": place.session,
        "trace": trace_of(place.session),
        "fleet": place.fleet,
        "position": place.position,
        "estimate": None if place.estimate is None or not seating else round(place.estimate, 1),
        "waited": round(place.waited, 1),
        "capacity": place.capacity,
        "seating": seating,
    }
    if ticket is not None:
        notice["ticket"] = ticket
    return orjson.dumps(notice)


def matched(session: str, stream: str, fleet: str, lease: Issued | None = None) -> bytes:
    """Tell a player its stream; with a lease, how to get there by itself."""
    notice: dict[str, object] = {
        "type": "matchmaker",
        "queued": False,
        "matched": True,
        "detail": {"id": stream, "fleet": fleet},
        "session": session,
        "trace": trace_of(session),
    }
    if lease is not None:
        notice |= {"url": lease.url, "lease": lease.token, "expires": lease.expires}
    return orjson.dumps(notice)


def refused(reason: JoinRefusal) -> bytes:
    """Tell a player why it can't wait."""
    return _over(reason.value, REFUSALS[reason])


def expired(reason: ReleaseReason) -> bytes:
    """Tell a waiting player that its session is over."""
    return _over("expired", ENDINGS.get(reason, "The session is over"))


def _over(reason: str, detail: str) -> bytes:
    notice = {"type": "matchmaker", "queued": False, "matched": False, "detail": detail, "reason": reason}
    return orjson.dumps(notice)
