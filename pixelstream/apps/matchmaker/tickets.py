"""Tickets of those who wait: made with their notices, and read when a page comes back with one.

The trap: their time is the room's, so a replica whose own clock is wrong neither loses anybody's place nor
keeps it too long.
"""

from __future__ import annotations

from collections.abc import Callable

from pixelstream.auth.keys import LeaseKeys
from pixelstream.auth.ticket import Ticket, sign_ticket, verify_ticket
from pixelstream.errors import LeaseError
from pixelstream.matchmaking.views import Place

LIFETIME = 120.0
"""Seconds that a ticket is good for; a page that is away longer comes as somebody new."""
RENEWED = 30.0
"""Seconds after which a player that waits is given another."""


class Tickets:
    """Makes and reads tickets.

    Args:
        keys: those of leases, as they are now.
        clock: the room's.
    """

    def __init__(self, keys: Callable[[], LeaseKeys], clock: Callable[[], float]) -> None:
        self._keys, self._clock = keys, clock

    def make(self, place: Place) -> str:
        """Return a ticket for a place in the line."""
        expires = self._clock() + LIFETIME
        return sign_ticket(
            Ticket(place.session, place.fleet, place.joined, expires, place.user), self._keys()
        )

    def read(self, text: str, fleet: str, user: str | None) -> Ticket | None:
        """Return what a ticket says; None if it is no good for this fleet and user."""
        try:
            ticket = verify_ticket(text, self._keys(), self._clock())
        except LeaseError:
            return None
        return ticket if (ticket.fleet, ticket.user) == (fleet, user) else None
