"""What lies before a fleet: how many streams it should have, and how long those who wait will wait.

The trap: all of it is looked at without an event, so nothing here may change what replicas must agree on;
what is kept in a fleet for a while is only what anyone may compute anew.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pixelstream.matchmaking.estimate import Forecast, forecast
from pixelstream.matchmaking.fleet import Fleet
from pixelstream.matchmaking.model import Stream, Supply
from pixelstream.matchmaking.scaling.policy import Need, Size, Sizing, size

if TYPE_CHECKING:
    from pixelstream.matchmaking.books import Books

FORECAST_LIFE = 2.0
"""Seconds that a forecast is used before a new one is made; making one costs milliseconds."""


class Prospects:
    """Views of the fleets of some books."""

    def __init__(self, books: Books) -> None:
        self._books = books

    def need(self, fleet: Fleet) -> Need:
        """Return what the fleet's size follows from."""
        staying = [s for name in fleet.streams if not (s := self._books.streams[name]).draining]
        return Need(
            streams_taken=sum(1 for stream in staying if stream.used),
            seats_taken=sum(stream.used for stream in staying),
            waiting=fleet.line.waiting,
            seats=max((stream.seats for stream in staying), default=1),
            streams=len(staying),
        )

    def size(self, fleet: Fleet) -> Size:
        """Return how many streams the fleet should have."""
        sizing = self._books.rules.sizes.get(fleet.name, Sizing())
        return size(self.need(fleet), sizing, fleet.ledger, self._books.now)

    def affords(self, fleet: Fleet, stream: Stream) -> bool:
        """Whether the budget lets a player be sent to `stream`; what has a player already is paid for."""
        sizing = self._books.rules.sizes.get(fleet.name, Sizing())
        if sizing.budget is None or stream.used:
            return True
        taken = sum(1 for name in fleet.streams if self._books.streams[name].used)
        return taken < max(self.size(fleet).cap or 0, sizing.minimum)

    def wait(self, fleet: Fleet, position: int) -> float | None:
        """Return the seconds until the player at a place of the line has a seat, None if nothing tells."""
        waits = self.outlook(fleet).wait(position), fleet.starts.wait(position, fleet.begun, self._books.now)
        return min((wait for wait in waits if wait is not None), default=None)

    def _begun(self, fleet: Fleet) -> list[float]:
        starting = (self._books.streams[name].begun for name in fleet.streams)
        return sorted(begun for begun in starting if begun is not None)

    def _supply(self, fleet: Fleet) -> Supply:
        if fleet.begun:
            return Supply.STARTING
        found = self.size(fleet)
        if found.capped:
            return Supply.BUDGET
        scaled = self._books.rules.sizes.get(fleet.name, Sizing()).scaled
        return Supply.STARTING if scaled and found.wanted > len(fleet.streams) else Supply.TAKEN

    def _seats(self, fleet: Fleet) -> int:
        return sum(
            stream.seats
            for name in fleet.streams
            if (stream := self._books.streams[name]).known and stream.ready and not stream.draining
        )

    def outlook(self, fleet: Fleet) -> Forecast:
        """Return when seats of the fleet fall free; it and `fleet.seats` are renewed now and then."""
        if fleet.outlook is None or self._books.now >= fleet.outlook_until:
            fleet.outlook = forecast(fleet.history, self._ages(fleet), self._books.now)
            fleet.seats, fleet.begun = self._seats(fleet), self._begun(fleet)
            fleet.supply = self._supply(fleet)
            fleet.outlook_until = self._books.now + FORECAST_LIFE
        return fleet.outlook

    def _ages(self, fleet: Fleet) -> list[float]:
        """Return how long each seat has been taken that will be offered again once it is free."""
        ages: list[float] = []
        for name in fleet.streams:
            stream = self._books.streams[name]
            if stream.draining or stream.link is None:
                continue
            begun = [self._books.sessions[session].connected for session in stream.sessions]
            ages += [self._books.now - start if start is not None else 0.0 for start in begun]
            # Players without a lease are counted as new: nobody knows better.
            ages += [0.0] * (stream.taken + len(stream.unreported) - len(begun))
        return ages
