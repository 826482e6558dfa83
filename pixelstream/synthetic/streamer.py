"""A streamer without Unreal: Epic's signalling protocol on one side, real media to players on the other.

The trap: signalling and media are separate lives. When the signalling server goes away its players keep
their pictures; only what a returned server does not mention for `sessionLinger` seconds is let go.
"""

import asyncio
import contextlib
import signal
from collections.abc import Callable
from typing import Any, Final

import structlog

from pixelstream import logs
from pixelstream.settings.base import read_secret
from pixelstream.settings.signalserver import STREAMER_TOKEN_ENV
from pixelstream.settings.streamer import StreamerSettings
from pixelstream.synthetic.closing import hush
from pixelstream.synthetic.link import Link
from pixelstream.synthetic.profiles import BAD_MESSAGE, TRAITS
from pixelstream.synthetic.signalling import run_silent
from pixelstream.synthetic.studio import Studio
from pixelstream.synthetic.visit import Visit

PROTOCOL_VERSION: Final = "1.3.0"
"""Of Epic's signalling protocol, as 5.5 and later report it."""

_LOG = structlog.get_logger()


class Streamer:
    """One streamer: `run` it until it is cancelled.

    Raises:
        SettingsError: the token's file can't be read.
    """

    def __init__(self, settings: StreamerSettings) -> None:
        self.settings = settings
        self.traits = TRAITS[settings.profile]
        self.studio = Studio(settings, self.traits)
        self.visits: dict[str, Visit] = {}
        self.link = Link(
            settings.signalserver_url,
            self.traits,
            token=read_secret(settings.token_file, STREAMER_TOKEN_ENV),
            received=self._received,
            lost=self._lost,
        )
        self._unmentioned: set[str] = set()
        self._linger: asyncio.TimerHandle | None = None
        self._stopping: set[asyncio.Task[None]] = set()
        self._actions: dict[str, Callable[[dict[str, Any]], None]] = {
            "identify": self._identify,
            "config": self._config,
            "ping": self._ping,
            "playerConnected": self._player_connected,
            "playerDisconnected": self._player_disconnected,
            "offer": self._offer,
            "answer": self._to_visit,
            "iceCandidate": self._to_visit,
        }

    async def run(self) -> None:
        """Serve players, reconnecting to the signalling server for ever; ends by being cancelled."""
        hush(asyncio.get_running_loop())
        await self.studio.open()
        try:
            await self.link.run()
        finally:
            if self._linger is not None:
                self._linger.cancel()
            for visit in tuple(self.visits.values()):
                self._end(visit)
            if self._stopping:
                await asyncio.wait(self._stopping, timeout=15)
            await self.studio.close()

    def _received(self, message: dict[str, Any]) -> None:
        player = message.get("playerId")
        if player is not None:
            self._unmentioned.discard(str(player))
        if self.traits.integer_ids and not _is_integer(player):
            self.link.refuse("playerId is no number")
            return
        action = self._actions.get(message["type"])
        if action is not None:
            action(message)

    def _identify(self, _: dict[str, Any]) -> None:
        answer = {"type": "endpointId", "id": self.settings.streamer_id}
        if not self.traits.integer_ids:
            answer["protocolVersion"] = PROTOCOL_VERSION
        self.link.send(answer)

    def _config(self, message: dict[str, Any]) -> None:
        if self.traits.needs_config_field and "peerConnectionOptions" not in message:
            self.link.fail(BAD_MESSAGE, "config without peerConnectionOptions")
            return
        self.studio.configure(message.get("peerConnectionOptions"))
        if self._unmentioned and self._linger is None:
            loop = asyncio.get_running_loop()
            self._linger = loop.call_later(self.settings.session_linger, self._let_go)

    def _ping(self, message: dict[str, Any]) -> None:
        self.link.send({"type": "pong", "time": message.get("time", 0)})

    def _player_connected(self, message: dict[str, Any]) -> None:
        self._begin(_player_of(message), offers=message.get("sendOffer", True) is not False)

    def _player_disconnected(self, message: dict[str, Any]) -> None:
        visit = self.visits.get(_player_of(message))
        if visit is not None:
            self._end(visit)

    def _offer(self, message: dict[str, Any]) -> None:
        visit = self.visits.get(_player_of(message))
        if visit is None or visit.offers or visit.negotiated:
            visit = self._begin(_player_of(message), offers=False)
        visit.put(message)

    def _to_visit(self, message: dict[str, Any]) -> None:
        visit = self.visits.get(_player_of(message))
        if visit is not None:
            visit.put(message)

    def _begin(self, player: str, *, offers: bool) -> Visit:
        if player in self.visits:
            self._end(self.visits[player])
        visit = Visit(player, self.studio, offers=offers, send=self._sender(player), changed=self._changed)
        self.visits[player] = visit
        _LOG.info("player", player=player, players=len(self.visits))
        return visit

    def _end(self, visit: Visit) -> None:
        self._forget(visit)
        task = asyncio.create_task(visit.stop(), name="player stop")
        self._stopping.add(task)
        task.add_done_callback(self._stopping.discard)

    def _changed(self, visit: Visit) -> None:
        if visit.over:
            self._forget(visit)
        self._show_players()

    def _forget(self, visit: Visit) -> None:
        if self.visits.get(visit.player) is visit:
            del self.visits[visit.player]
            _LOG.info("player gone", player=visit.player, players=len(self.visits))
        if not self.visits:
            self.studio.scene.clear()
        self._show_players()

    def _show_players(self) -> None:
        self.studio.scene.players = tuple(each.player for each in self.visits.values() if each.connected)

    def _sender(self, player: str) -> Callable[[dict[str, Any]], None]:
        name = int(player) if self.traits.integer_ids else player
        return lambda message: self.link.send({**message, "playerId": name})

    def _lost(self) -> None:
        self._unmentioned = set(self.visits)
        if self._linger is not None:
            self._linger.cancel()
            self._linger = None

    def _let_go(self) -> None:
        for player in self._unmentioned & set(self.visits):
            _LOG.warning("player not mentioned since signalling came back", player=player)
            self._end(self.visits[player])
        self._unmentioned = set()


def run(settings: StreamerSettings) -> None:
    """Run a streamer (or, in mode `signalling`, many) until SIGINT or SIGTERM; blocks."""
    logs.setup("streamer", settings.log.level, settings.log.format)
    with contextlib.suppress(asyncio.CancelledError, KeyboardInterrupt):
        asyncio.run(_main(settings))


async def _main(settings: StreamerSettings) -> None:
    loop = asyncio.get_running_loop()
    work = run_silent(settings) if settings.mode == "signalling" else Streamer(settings).run()
    running = asyncio.create_task(work, name="streamer")
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, running.cancel)
    await running


def _player_of(message: dict[str, Any]) -> str:
    return str(message.get("playerId"))


def _is_integer(player: object) -> bool:
    return player is None or isinstance(player, int) or (isinstance(player, str) and player.isdecimal())
