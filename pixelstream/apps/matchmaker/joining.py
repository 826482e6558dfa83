"""Bringing matched players to their seats: a lease for those who go themselves, a joint for the others.

The traps: the seat may speak as soon as its socket is open, so the two sockets are joined within
`opened`; from then on bytes pass unparsed and nothing of ours can be said; and what stands in the
path is a lease, so neither path nor URL goes into a log.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from functools import partial

import structlog

from pixelstream.apps.matchmaker import notices
from pixelstream.apps.matchmaker.core import Core
from pixelstream.apps.matchmaker.directory import Address, Directory
from pixelstream.apps.matchmaker.leases import Issuer
from pixelstream.apps.matchmaker.player import Player, Stage
from pixelstream.apps.matchmaker.players import WaitingRoom
from pixelstream.errors import DialError
from pixelstream.matchmaking.effects import Matched
from pixelstream.matchmaking.model import Way
from pixelstream.net.dial import dial
from pixelstream.net.listener import Limits
from pixelstream.net.websocket import WebSocket

log = structlog.get_logger(__name__)


class Joiner:
    """Carries out matches of players whose sockets are here.

    Args:
        deadline: seconds that a seat's socket may take to open.
        on_joined: called with session and stream once a player is joined to its seat.
    """

    def __init__(
        self,
        *,
        core: Core,
        room: WaitingRoom,
        directory: Directory,
        issuer: Issuer,
        deadline: float,
        limits: Limits,
        on_joined: Callable[[str, str], None],
    ) -> None:
        self._store, self._inbox, self._metrics = core.store, core.inbox, core.metrics
        self._room, self._directory, self._issuer = room, directory, issuer
        self._deadline, self._limits, self._on_joined = deadline, limits, on_joined
        self._tasks: set[asyncio.Task[None]] = set()

    def matched(self, player: Player, match: Matched) -> None:
        """Bring `player` to the seat that is reserved for it."""
        address = self._directory.find(match.stream)
        if player.stage is not Stage.WAITING or address is None:
            # One who is joined already had a seat that ended before the word of it came here.
            over = player.way is Way.HANDOFF or player.stage is Stage.JOINED
            undo = self._store.end if over else self._store.fail
            self._inbox.put(partial(undo, player.session))
        elif player.way is Way.HANDOFF and address.leased:
            self._metrics.matched(match.fleet, match.waited, match.predicted)
            lease = self._issuer.issue(match.session, match.fleet, match.stream, match.fence, player.user)
            self._room.hand(player, notices.matched(match.session, match.stream, match.fleet, lease))
        else:
            self._room.leaving(player, Stage.JOINING)
            player.match = match
            task = asyncio.create_task(self._join(player, match, address))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def close(self) -> None:
        """Give up what is being joined."""
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _join(self, player: Player, match: Matched, address: Address) -> None:
        joint = _Joint(player, match, partial(self._joined, player, match))
        with self._metrics.dial.time():
            try:
                await dial(
                    self._url(player, match, address),
                    joint,
                    subprotocols=player.protocols,
                    timeout=self._deadline,
                    limits=self._limits,
                )
            except DialError as error:
                log.warning("seat not reached", stream=match.stream, cause=error.cause)
                if player.match is match and player.stage is Stage.JOINING:
                    self._inbox.put(partial(self._store.fail, player.session))

    def _url(self, player: Player, match: Matched, address: Address) -> str:
        if not address.leased:
            return f"{address.url}/{player.query}"
        lease = self._issuer.issue(match.session, match.fleet, match.stream, match.fence, player.user)
        return f"{address.url}/{lease.url}{player.query}"

    def _joined(self, player: Player, match: Matched) -> None:
        self._metrics.matched(match.fleet, match.waited, match.predicted)
        self._inbox.put(partial(self._store.hand, player.session))
        self._on_joined(match.session, match.stream)


class _Joint:
    """Handler of a seat's socket: joins it to the player's as soon as it is open."""

    def __init__(self, player: Player, match: Matched, joined: Callable[[], None]) -> None:
        self._player, self._match, self._joined = player, match, joined

    def opened(self, ws: WebSocket) -> None:
        player, match = self._player, self._match
        if player.stage is not Stage.JOINING or player.match is not match or player.ws.closing:
            ws.close(1000, "the player has left")
            return
        player.ws.send(notices.matched(match.session, match.stream, match.fleet))
        for message in player.kept:
            ws.send(message)
        player.kept = []
        player.stage = Stage.JOINED
        player.ws.splice(ws)
        self._joined()

    def received(self, ws: WebSocket, data: bytes) -> None:
        """Nothing comes here: either the sockets are joined, or this one is closing."""

    def closed(self, ws: WebSocket, code: int, reason: str) -> None:
        """The joint closes the player's socket with it."""

    def paused(self, ws: WebSocket) -> None:
        """The joint holds the player back."""

    def resumed(self, ws: WebSocket) -> None:
        """See `paused`."""
