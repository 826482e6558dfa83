"""One fleet in the books: its line, its streams, and what was measured of both."""

from __future__ import annotations

from dataclasses import dataclass, field

from pixelstream.matchmaking.estimate import Forecast, History
from pixelstream.matchmaking.line import Line
from pixelstream.matchmaking.model import Supply
from pixelstream.matchmaking.policy import Offer
from pixelstream.matchmaking.scaling.ledger import Ledger
from pixelstream.matchmaking.scaling.starts import Starts


@dataclass(slots=True)
class Fleet:
    """Streams of one kind and the players who wait for them.

    Attributes:
        outlook, outlook_until: when its seats fall free, and until when that is good enough.
        seats: those that it has, taken or not; as old as the outlook, and so are the next two.
        begun: when the streams that are starting were first seen.
        supply: what the line waits for.
        ledger: how long its streams have existed.
        starts: how long they took to start.
    """

    name: str
    offer: Offer
    history: History
    ledger: Ledger
    line: Line = field(default_factory=Line)
    streams: dict[str, None] = field(default_factory=dict)
    outlook: Forecast | None = None
    outlook_until: float = 0.0
    seats: int = 0
    begun: list[float] = field(default_factory=list)
    supply: Supply = Supply.TAKEN
    starts: Starts = field(default_factory=Starts)
