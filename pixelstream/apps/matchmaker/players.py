"""The waiting room's sockets: players come, wait, are told, and go to their seats.

The traps: an unmodified front end speaks before it has a seat, so what it says is kept in order, in
bounds, and replayed; its `ping` must be answered meanwhile, or it gives up; and it never comes back
after close code 1001, so 1012 tells it to.
"""

from __future__ import annotations

import asyncio
import contextlib
import secrets
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import Enum, auto
from functools import partial
from urllib.parse import parse_qs

import orjson
import structlog

from pixelstream.apps.matchmaker import notices
from pixelstream.apps.matchmaker.core import Core
from pixelstream.apps.matchmaker.leases import passed_on
from pixelstream.apps.matchmaker.pushes import Pushes
from pixelstream.matchmaking.model import JoinRefusal, ReleaseReason, Way
from pixelstream.matchmaking.views import Place
from pixelstream.net.websocket import WebSocket
from pixelstream.settings.matchmaker import Queue

POLICY, RESTART, TRY_AGAIN_LATER = 1008, 1012, 1013
MAX_KEPT_MESSAGES = 32
MAX_KEPT_BYTES = 64 * 1024
MAX_PING = 256
"""Bytes; a keepalive message of a front end has 40."""
PING_TURNS = 60
"""Turns in which all players are pinged once."""
GOODBYE = 5.0
"""Seconds that a player with a lease has to close its waiting socket by itself."""

log = structlog.get_logger(__name__)


class Stage(Enum):
    """What a player's socket is there for."""

    WAITING = auto()
    JOINING = auto()
    JOINED = auto()
    HANDED = auto()
    OVER = auto()


@dataclass(slots=True, eq=False)
class Player:
    """One player's socket.

    Attributes:
        query: the part of its query that goes on to the seat.
        protocols: subprotocols that it offered.
        kept: what it has said, for the seat.
    """

    ws: WebSocket
    session: str
    fleet: str
    way: Way
    query: str
    protocols: tuple[str, ...]
    user: str | None = None
    stage: Stage = Stage.WAITING
    told: int | None = None
    told_at: float = 0.0
    kept: list[bytes] = field(default_factory=list)
    kept_bytes: int = 0

    def tell(self, place: Place) -> None:
        """Send where it stands."""
        self.ws.send(notices.waiting(place))


class WaitingRoom:
    """Handler of all players' sockets.

    Attributes:
        players: those whose sockets are open, by session.
        on_gone: called when a joined player's socket is gone.
    """

    def __init__(
        self,
        *,
        core: Core,
        pushes: Pushes,
        settings: Queue,
        user_header: str | None,
    ) -> None:
        self._store, self._inbox, self._metrics = core.store, core.inbox, core.metrics
        self._pushes = pushes
        self._settings = settings
        self._user_header = user_header.lower() if user_header else None
        self._loop = asyncio.get_running_loop()
        self._pings: deque[Player] = deque()
        self._left = asyncio.Event()
        self.players: dict[str, Player] = {}
        self.on_gone: Callable[[Player], None] = lambda _: None

    def count(self, *stages: Stage) -> int:
        """Return how many players' sockets are at one of these stages."""
        return sum(player.stage in stages for player in self.players.values())

    # --- pixelstream.net.websocket.Handler -----------------------------------------------------

    def opened(self, ws: WebSocket) -> None:
        """Let a player join the line."""
        query = parse_qs(ws.request.query)
        offered = ws.request.headers.get("sec-websocket-protocol", "")
        player = Player(
            ws,
            session=secrets.token_urlsafe(16),
            fleet=query.get("fleet", ["default"])[0][:63],
            way=Way.HANDOFF if query.get("handoff", [""])[0] in {"1", "true"} else Way.JOINED,
            query=passed_on(ws.request.query),
            protocols=tuple(name for part in offered.split(",") if (name := part.strip())),
            user=ws.request.headers.get(self._user_header) if self._user_header else None,
        )
        ws.user = player
        self.players[player.session] = player
        self._pings.append(player)
        self._inbox.put(partial(self._join, player))

    def received(self, ws: WebSocket, data: bytes) -> None:
        """Answer a ping; keep everything else for the seat."""
        player: Player = ws.user
        if player.stage not in {Stage.WAITING, Stage.JOINING} or self._pinged(ws, data):
            return
        if player.way is Way.HANDOFF:
            return  # it says everything again at its seat
        player.kept_bytes += len(data)
        if len(player.kept) >= MAX_KEPT_MESSAGES or player.kept_bytes > MAX_KEPT_BYTES:
            ws.close(POLICY, "too much was said while waiting")
            return
        player.kept.append(data)

    def closed(self, ws: WebSocket, code: int, reason: str) -> None:
        """Take a player out, unless it has gone to its seat."""
        player: Player = ws.user
        self.players.pop(player.session, None)
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
        if player.ws.closing:
            return
        refusal = await self._store.join(player.session, player.fleet, user=player.user, way=player.way)
        if refusal is not None:
            self._metrics.refusals.counts[refusal] += 1
            code = POLICY if refusal is JoinRefusal.UNKNOWN_FLEET else TRY_AGAIN_LATER
            self._over(player, notices.refused(refusal), code, refusal.value)
        elif place := await self._store.place(player.session):
            self._pushes.add(player, place)

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
        """Tell a waiting player that its session is over; one at its seat hears it there."""
        player = self.players.get(session)
        if player is not None and player.stage in {Stage.WAITING, Stage.JOINING}:
            self._over(player, notices.expired(reason), TRY_AGAIN_LATER, reason.value)

    def send_away(self) -> None:
        """Tell all who wait to connect again: another matchmaker will have them, or this one's successor."""
        for player in list(self.players.values()):
            if player.stage is Stage.WAITING:
                player.ws.close(RESTART, "please connect again")

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
