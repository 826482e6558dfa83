"""The interface of a store: what may be asked of the waiting room, wherever its truth is kept.

Each method is one atomic move: nothing of another comes in between, whoever calls. What follows from
a move is handed to the sink, in order, by whichever store of the room has the player or the link.
The trap: a move may take a round trip, so what was read before it may be outdated behind it; that is
why moves name sessions and links, never positions or counts.
"""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Mapping, Sequence
from typing import Any, Protocol

from pixelstream.matchmaking.effects import Effect
from pixelstream.matchmaking.model import JoinRefusal, Known, Session, SessionState, Visit, Way
from pixelstream.matchmaking.usage import Occupied
from pixelstream.matchmaking.views import FleetView, Place, Sharing, StreamView
from pixelstream.protocol.control import EndedReason, RefusedReason, State

Sink = Callable[[Effect], None]
Joined = Coroutine[Any, Any, JoinRefusal | None]
"""The answer to a player's coming: why it may not wait, None if it does."""


async def at_once(refusal: JoinRefusal | None) -> JoinRefusal | None:
    """Give an answer that is there already."""
    return refusal


Ear = Callable[[Session, float | None], None]
"""Is told a session that has just ended, and the seconds that it was played."""


class StoreWatcher(Protocol):
    """One who wants to know how the store is."""

    def changed(self, *, up: bool) -> None:
        """Take the news that the store can be used, or can't."""

    def round_trip(self, seconds: float) -> None:
        """Take how long a write took."""


class Store(Protocol):
    """The waiting room of all replicas that share it."""

    kind: str

    def now(self) -> float:
        """Return the room's time: seconds since 1970 by the one clock that all replicas go by."""

    @property
    def sharing(self) -> Sharing:
        """How this replica stands to the others."""

    def watch(self, watcher: StoreWatcher) -> None:
        """Have the store's own state told to `watcher`."""

    def listen(self, sink: Sink) -> None:
        """Give all effects that concern this process to `sink`; it must not block."""

    def hear(self, ear: Ear) -> None:
        """Tell `ear` each session that ends, whosever it is: the same at every replica, in the same order."""

    async def close(self) -> None:
        """Let go of timers and connections."""

    def join(self, session: str, fleet: str, *, user: str | None = None, way: Way = Way.JOINED) -> Joined:
        """Let a player wait; see `Room.join`. The move is made by the call, its answer may take a while."""

    def resume(self, visit: Visit) -> Joined:
        """As `join`, let a player with a ticket go on waiting at its old place; see `Room.resume`."""

    async def leave(self, session: str) -> None:
        """Take out a player whose socket is gone; see `Room.leave`."""

    async def desert(self, session: str) -> None:
        """Free the seat of a player who never heard of it; see `Room.desert`."""

    async def hand(self, session: str) -> None:
        """Note that a player was joined to its seat; see `Room.hand`."""

    async def fail(self, session: str) -> None:
        """Send a session back whose seat could not be reached; see `Room.fail`."""

    async def end(self, session: str) -> bool:
        """End a session; false if its stream can't be told now. See `Room.end`."""

    async def touch(self, session: str) -> None:
        """Note that somebody asked for a session; see `Room.touch`."""

    async def drain(self) -> None:
        """Let nobody join through this process any more."""

    async def discover(self, streams: Mapping[str, Known]) -> None:
        """Take over which streams exist; see `Room.discover`."""

    async def report(self, link: int, state: State) -> None:
        """Take over what a signalserver says; see `Room.report`."""

    async def granted(self, link: int, session: str, fence: int) -> None:
        """Take the answer to a claim; see `Room.granted`."""

    async def refused(self, link: int, session: str, fence: int, reason: RefusedReason) -> None:
        """Take the answer to a claim; see `Room.refused`."""

    async def ended(self, link: int, session: str, reason: EndedReason, seconds: float) -> None:
        """Take the news that a seat is free; see `Room.ended`."""

    async def link_lost(self, link: int) -> None:
        """Take the news that a link is broken; see `Room.link_lost`."""

    async def place(self, session: str) -> Place | None:
        """Return where a session stands, a recently released one too."""

    async def places(self, sessions: Sequence[str]) -> list[Place]:
        """Return where these sessions stand; unknown ones are left out."""

    async def streams(self) -> list[StreamView]:
        """Return all streams, by id."""

    async def fleets(self) -> list[FleetView]:
        """Return all fleets that players may wait for, by name."""

    async def queue(self, limit: int) -> list[Place]:
        """Return those who wait, fleet by fleet, at most `limit`."""

    async def occupied(self) -> list[Occupied]:
        """Return the streams that this replica counts the use of; each is one replica's alone."""

    async def sessions(self) -> Mapping[SessionState, int]:
        """Return how many sessions are in each state."""
