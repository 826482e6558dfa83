"""Back-pressure: while a streamer reads too slowly its players' reading waits, and not for ever.

The bounds fit together: a streamer counts as slow from `buffer` unsent bytes on, and its socket closes
it at four times as many. What can still come once it is slow is one message of the player that was
being read, and the rest of that read: less than the other three parts, as the settings see to.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field

from pixelstream.net.websocket import WebSocket
from pixelstream.relay import Player, Streamer


@dataclass(slots=True)
class _Wait:
    timer: asyncio.TimerHandle
    players: set[WebSocket] = field(default_factory=set)


class Pressure:
    """Who waits for whom.

    Args:
        patience: seconds that players wait for one streamer.
        give_up: called with the socket of a streamer that used them up.

    Attributes:
        waits: sockets of slow streamers with who waits for them; empty nearly always.
    """

    def __init__(self, patience: float, give_up: Callable[[WebSocket], None]) -> None:
        self._patience = patience
        self._give_up = give_up
        self.waits: dict[WebSocket, _Wait] = {}

    def begin(self, ws: WebSocket, streamer: Streamer) -> None:
        """A streamer became slow: stop reading from its players."""
        if ws in self.waits:
            return
        timer = asyncio.get_running_loop().call_later(self._patience, self._over, ws)
        self.waits[ws] = _Wait(timer)
        for who in streamer.subscribers.values():
            if isinstance(who.port, WebSocket):
                self._hold(ws, who.port)

    def end(self, ws: WebSocket) -> None:
        """It caught up, or is gone: read again."""
        wait = self.waits.pop(ws, None)
        if wait is not None:
            wait.timer.cancel()
            for player in wait.players:
                player.resume_reading()

    def check(self, ws: WebSocket, player: Player) -> None:
        """A player spoke while streamers are slow: if its own is one, it waits from now on."""
        streamer = player.streamer
        if streamer is not None and isinstance(streamer.port, WebSocket) and streamer.port in self.waits:
            self._hold(streamer.port, ws)

    def _over(self, ws: WebSocket) -> None:
        # Reading goes on first: a player that is told to go could not answer otherwise.
        self.end(ws)
        self._give_up(ws)

    def _hold(self, ws: WebSocket, player: WebSocket) -> None:
        self.waits[ws].players.add(player)
        player.pause_reading()
