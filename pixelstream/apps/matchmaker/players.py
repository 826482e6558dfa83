"""The waiting room's sockets: players come, wait, are told, and go to their seats.

The traps: an unmodified front end speaks before it has a seat, so what it says is kept in order, in
bounds, and replayed; its `ping` must be answered meanwhile, or it gives up; it never comes back after
close code 1001, so 1012 tells it to; and a page that comes back with a ticket may find its own old socket
here still, which then must go without taking the place along.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections import deque
from collections.abc import Callable, Coroutine
from functools import partial
from typing import Any

import orjson
import structlog

from pixelstream.apps.matchmaker import notices
from pixelstream.apps.matchmaker.core import Core
from pixelstream.apps.matchmaker.player import Desk, Player, Stage
from pixelstream.apps.matchmaker.pushes import Pushes
from pixelstream.matchmaking.model import JoinRefusal, ReleaseReason, Way
from pixelstream.net.websocket import WebSocket
from pixelstream.settings.matchmaker import Queue
from pixelstream.store.base import Joined

POLICY, RESTART, TRY_AGAIN_LATER, DISPLACED = 1008, 1012, 1013, 4001
MAX_PING = 256
"""Bytes; a keepalive message of a front end has 40."""
PING_TURNS = 60
"""Turns in which all players are pinged once."""
SENT_AWAY = 100
"""Players that are sent to another replica at once: all at the same time would be too much for it."""
AWAY_PAUSE = 0.05
GOODBYE = 5.0
"""Seconds that a player with a lease has to close its waiting socket by itself."""

log = structlog.get_logger(__name__)


class WaitingRoom:
    """Handler of all players' sockets.

    Attributes:
        players: those whose sockets are open, by session.
        on_came: called when a player waits, here.
        on_gone: called when a joined player's socket is gone.
    """

    def __init__(
        self,
        *,
        core: Core,
        desk: Desk,
        pushes: Pushes,
        settings: Queue,
        user_header: str | None,
    ) -> None:
        self._store, self._inbox, self._metrics = core.store, core.inbox, core.metrics
        self._desk, self._pushes = desk, pushes
        self._settings = settings
        self._user_header = user_header.lower() if user_header else None
        self._loop = asyncio.get_running_loop()
        self._pings: deque[Player] = deque()
        self._left = asyncio.Event()
        self._tasks: set[asyncio.Task[None]] = set()
        self.players: dict[str, Player] = {}
        self.on_came: Callable[[Player], None] = lambda _: None
        self.on_gone: Callable[[Player], None] = lambda _: None

    def count(self, *stages: Stage) -> int:
        """Return how many players' sockets are at one of these stages."""
        return sum(player.stage in stages for player in self.players.values())

    # --- pixelstream.net.websocket.Handler -----------------------------------------------------

    def opened(self, ws: WebSocket) -> None:
        """Let a player join the line, or go on waiting in it."""
        player = Player.of(ws, self._desk, self._user_header)
        former = self.players.get(player.session)
        if former is not None and former.stage is Stage.JOINED:
            player.begin_anew()  # it has the seat that it waited for
        elif former is not None:
            self.displaced(former)
        ws.user = player
        self.players[player.session] = player
        self._pings.append(player)
        self._inbox.put(partial(self._join if player.ticket is None else self._resume, player))

    def received(self, ws: WebSocket, data: bytes) -> None:
        """Answer a ping; keep everything else for the seat."""
        player: Player = ws.user
        if player.stage not in {Stage.WAITING, Stage.JOINING} or self._pinged(ws, data):
            return
        if player.way is Way.HANDOFF:
            return  # it says everything again at its seat
        if not player.keep(data):
            ws.close(POLICY, "too much was said while waiting")

    def closed(self, ws: WebSocket, code: int, reason: str) -> None:
        """Take a player out, unless it has gone to its seat."""
        player: Player = ws.user
        if self.players.get(player.session) is player:
            del self.players[player.session]
        self._pushes.drop(player)
        self._left.set()
        stage, player.stage = player.stage, Stage.OVER
        if stage in {Stage.WAITING, Stage.JOINING}:
            self._inbox.put(partial(self._store.leave, player.session))
        elif stage is Stage.JOINED:
            self.on_gone(player)

    def paused(self, ws: WebSocket) -> None:
        """Notices are few and replace each other; the socket's own bound closes a stuck one."""

    def resumed(self, ws: WebSocket) -> None:
        """See `paused`."""

    # --- what the store wants ------------------------------------------------------------------

    async def _join(self, player: Player) -> None:
        if not player.ws.closing:
            answer = self._store.join(player.session, player.fleet, user=player.user, way=player.way)
            self._later(self._placed(player, answer))

    async def _resume(self, player: Player) -> None:
        if not player.ws.closing and player.ticket is not None:
            self._later(self._placed(player, self._store.resume(player.visit(player.ticket))))

    def _later(self, placing: Coroutine[Any, Any, None]) -> None:
        """Don't hold up the moves of others while the store answers: thousands may come at once."""
        task = asyncio.create_task(placing)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _placed(self, player: Player, answer: Joined) -> None:
        refusal = await answer
        if player.stage is Stage.OVER:
            return
        if refusal is JoinRefusal.VOID:
            self._anew(player)
            return
        if refusal is not None:
            self._metrics.refusals.counts[refusal] += 1
            code = POLICY if refusal is JoinRefusal.UNKNOWN_FLEET else TRY_AGAIN_LATER
            self._over(player, notices.refused(refusal), code, refusal.value)
            return
        self.on_came(player)
        places = await self._store.places([player.session])
        if places and player.stage is Stage.WAITING:
            self._pushes.add(player, places[0])

    def _anew(self, player: Player) -> None:
        del self.players[player.session]
        player.begin_anew()
        self.players[player.session] = player
        self._inbox.put(partial(self._join, player))

    def leaving(self, player: Player, stage: Stage) -> None:
        """Stop telling positions to a player who has a seat now."""
        player.stage = stage
        self._pushes.drop(player)

    def hand(self, player: Player, notice: bytes) -> None:
        """Tell a player its seat and lease; it is to close the socket itself."""
        self.leaving(player, Stage.HANDED)
        player.ws.send(notice)
        self._loop.call_later(GOODBYE, player.ws.close, 1000, "matched")

    async def returned(self, player: Player) -> None:
        """Tell a player that it waits again."""
        place = await self._store.place(player.session)
        if place is not None and player.stage in {Stage.WAITING, Stage.JOINING}:
            player.stage = Stage.WAITING
            self._pushes.add(player, place)

    def released(self, session: str, reason: ReleaseReason) -> None:
        """Tell a waiting player that its session is over; one at its seat hears it there.

        Who left is not here: if there is a socket, it has come back with its ticket and is on its way in.
        """
        player = self.players.get(session)
        if reason is ReleaseReason.LEFT:
            return
        if player is not None and player.stage in {Stage.WAITING, Stage.JOINING}:
            self._over(player, notices.expired(reason), TRY_AGAIN_LATER, reason.value)

    def displaced(self, player: Player) -> None:
        """Let go of a socket whose session another one has now."""
        player.stage = Stage.OVER
        self._pushes.drop(player)
        player.ws.close(DISPLACED, "another connection has your place")

    async def send_away(self, *ways: Way) -> None:
        """Tell those who wait to connect again: another matchmaker has their place, or this one's successor.

        Args:
            ways: those who get to their seats in other ways are left alone.
        """
        sent = 0
        for player in list(self.players.values()):
            if player.stage is Stage.WAITING and player.way in ways and not player.ws.closing:
                player.ws.close(RESTART, "please connect again")
                sent += 1
                if sent % SENT_AWAY == 0:
                    await asyncio.sleep(AWAY_PAUSE)

    async def wait_for_leave(self) -> None:
        """Wait until one more socket is closed, or a moment has passed."""
        self._left.clear()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(1.0):
                await self._left.wait()

    def _over(self, player: Player, notice: bytes, code: int, reason: str) -> None:
        player.stage = Stage.OVER
        self._pushes.drop(player)
        player.ws.send(notice)
        player.ws.close(code, reason)

    # --- signs of life -------------------------------------------------------------------------

    async def reap(self) -> None:
        """Ping all who wait and drop those who don't answer, until cancelled.

        Each turn takes its share of them, so that players who came together aren't pinged together.
        """
        share = 0.0
        while True:
            await asyncio.sleep(self._settings.ping / PING_TURNS)
            share += len(self._pings) / PING_TURNS
            for _ in range(min(int(share), len(self._pings))):
                self._check(self._pings.popleft())
            share %= 1.0

    def _check(self, player: Player) -> None:
        if player.stage not in {Stage.WAITING, Stage.JOINING}:
            return
        if self._loop.time() - player.ws.last_seen > self._settings.silence:
            log.info("waiting player is gone", session=player.session)
            player.ws.abort()
            return
        player.ws.ping()
        self._pings.append(player)

    def _pinged(self, ws: WebSocket, data: bytes) -> bool:
        """Answer the keepalive of a front end; false if it is something else."""
        if len(data) > MAX_PING or b"ping" not in data:
            return False
        try:
            message = orjson.loads(data)
        except orjson.JSONDecodeError:
            return False
        if not isinstance(message, dict) or message.get("type") != "ping":
            return False
        ws.send(orjson.dumps({"type": "pong", "time": message.get("time", 0)}))
        return True
