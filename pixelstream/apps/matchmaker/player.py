"""One player's socket in the waiting room: who it is, how far it has got, and what it is told.

The trap: a session can have another socket a moment later, when its page comes back with a ticket; so
whoever acts on a player asks its stage first, and a match is held against the one that it was given.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass, field
from enum import Enum, auto
from urllib.parse import parse_qs

from pixelstream.apps.matchmaker import notices
from pixelstream.apps.matchmaker.leases import passed_on
from pixelstream.apps.matchmaker.tickets import RENEWED, Tickets
from pixelstream.auth.ticket import Ticket
from pixelstream.matchmaking.effects import Matched
from pixelstream.matchmaking.model import SessionState, Visit, Way
from pixelstream.matchmaking.views import Place
from pixelstream.net.websocket import WebSocket
from pixelstream.store.base import Store

MAX_KEPT_MESSAGES = 32
MAX_KEPT_BYTES = 64 * 1024


class Stage(Enum):
    """What a player's socket is there for."""

    WAITING = auto()
    JOINING = auto()
    JOINED = auto()
    HANDED = auto()
    OVER = auto()


@dataclass(frozen=True, slots=True)
class Desk:
    """What is needed to say a waiting notice."""

    store: Store
    tickets: Tickets


@dataclass(slots=True, eq=False)
class Player:
    """One player's socket.

    Attributes:
        query: the part of its query that goes on to the seat.
        protocols: subprotocols that it offered.
        traceparent: its caller's trace, as it was told; to be linked to at most.
        ticket: that it came back with, if it is good.
        ticket_at: when it was last given one; seconds of the room's clock.
        match: the seat that it is being brought to.
        kept: what it has said, for the seat.
    """

    ws: WebSocket
    desk: Desk
    session: str
    fleet: str
    way: Way
    query: str
    protocols: tuple[str, ...]
    user: str | None = None
    traceparent: str | None = None
    ticket: Ticket | None = None
    ticket_at: float = float("-inf")
    stage: Stage = Stage.WAITING
    match: Matched | None = None
    told: int | None = None
    told_at: float = 0.0
    kept: list[bytes] = field(default_factory=list)
    kept_bytes: int = 0

    @classmethod
    def of(cls, ws: WebSocket, desk: Desk, user_header: str | None) -> Player:
        """Read who comes from a socket that has just opened."""
        query = parse_qs(ws.request.query)
        offered = ws.request.headers.get("sec-websocket-protocol", "")
        fleet = query.get("fleet", ["default"])[0][:63]
        user = ws.request.headers.get(user_header) if user_header else None
        shown = query.get("ticket", [""])[0]
        ticket = desk.tickets.read(shown, fleet, user) if shown else None
        return cls(
            ws,
            desk,
            session=ticket.session if ticket else secrets.token_urlsafe(16),
            fleet=fleet,
            way=Way.HANDOFF if query.get("handoff", [""])[0] in {"1", "true"} else Way.JOINED,
            query=passed_on(ws.request.query),
            protocols=tuple(name for part in offered.split(",") if (name := part.strip())),
            user=user,
            ticket=ticket,
            traceparent=ws.request.headers.get("traceparent"),
        )

    def begin_anew(self) -> None:
        """Be somebody new: the place of the ticket is no more."""
        self.session, self.ticket = secrets.token_urlsafe(16), None

    def visit(self, ticket: Ticket) -> Visit:
        """Return what the room needs to let it go on waiting."""
        return Visit(ticket.session, self.fleet, ticket.joined, self.user, self.way)

    def tell(self, place: Place) -> None:
        """Send where it stands, now and then with a new ticket."""
        now, sharing = self.desk.store.now(), self.desk.store.sharing
        ticket = None
        # Until the store was met once, its time isn't known, and so neither is the place.
        if sharing.met and place.state is SessionState.WAITING and now - self.ticket_at > RENEWED:
            ticket, self.ticket_at = self.desk.tickets.make(place), now
        self.ws.send(notices.waiting(place, seating=sharing.up, ticket=ticket))

    def keep(self, data: bytes) -> bool:
        """Keep what it says for its seat; false if that is too much."""
        self.kept_bytes += len(data)
        if len(self.kept) >= MAX_KEPT_MESSAGES or self.kept_bytes > MAX_KEPT_BYTES:
            return False
        self.kept.append(data)
        return True
