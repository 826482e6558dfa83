"""ICE servers for each peer: asked for when it comes, and again while a streamer runs.

The trap: only streamers get a second `config` unasked. Epic's front ends build their connection anew on
each one, so a fresh `config` for a player would cut its stream; its credentials must outlast its visit. Our
own page asks for one when its media has died, and then its streamer must know of a new relay first.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from time import perf_counter, time

import orjson

from pixelstream.apps.signalserver.tasks import Tasks
from pixelstream.metrics.signalserver import SignalserverMetrics
from pixelstream.net.turnapi import IceConfig, Source, TurnApi
from pixelstream.relay import Peer, Player, Streamer
from pixelstream.settings.signalserver import SignalserverSettings
from pixelstream.turn.credentials import is_caller

REFRESH_REST = 1.0
"""Seconds within which a player's second question for fresh servers is not asked again."""
RETRY = 5.0
"""Seconds to the next question for a streamer that has no relay."""

Configure = Callable[[Peer, bytes], None]


class IceDesk:
    """Fetches configurations and hands them to the relay.

    Args:
        settings: of the signalserver.
        turn_api: who is asked.
        configure: takes a peer's RTCConfiguration.
        metrics: count where configurations came from.
        tasks: run the fetches.
    """

    def __init__(
        self,
        settings: SignalserverSettings,
        turn_api: TurnApi,
        configure: Configure,
        metrics: SignalserverMetrics,
        tasks: Tasks,
    ) -> None:
        self._ice = settings.ice
        self._stream = settings.stream.id
        self._turn_api = turn_api
        self._configure = configure
        self._metrics = metrics
        self._tasks = tasks
        self._held: dict[Streamer, IceConfig] = {}
        self._refreshing: set[Peer] = set()

    def ask(self, peer: Peer) -> None:
        """Fetch a configuration for a peer that has just come, or a fresh one for a player that asks."""
        if peer.held is not None:
            self._tasks.start(self._serve(peer))
        elif peer not in self._refreshing:
            self._refreshing.add(peer)
            self._tasks.start(self._refresh(peer))

    async def keep_fresh(self) -> None:
        """Give running streamers a new configuration in time; ends only by being cancelled."""
        while True:
            await asyncio.sleep(self._ice.refresh)
            for streamer in [one for one in self._held if one.gone]:
                del self._held[streamer]
            await asyncio.gather(*(self._renew(streamer) for streamer in list(self._held)))

    async def _serve(self, peer: Peer) -> None:
        first = peer.held is not None
        config = await self._fetch(peer)
        if type(peer) is Streamer:  # not an SFU, which takes one `config` only
            self._held[peer] = config
        elif config.expires is not None:
            await self._share_relay()
        if first and peer.held is None and type(peer) is not Streamer:
            return  # the fallback was quicker, and a second `config` would cut what it has begun
        self._metrics.ice.counts[config.source] += 1
        self._configure(peer, config.options)
        if type(peer) is Streamer:
            await self._find_relay(peer)

    async def _refresh(self, peer: Peer) -> None:
        """Look at the pool for those who stream, then answer the player; once in `REFRESH_REST` at most."""
        await asyncio.gather(*(self._renew(streamer) for streamer in list(self._held) if not streamer.gone))
        config = await self._fetch(peer)
        self._metrics.ice.counts[config.source] += 1
        self._configure(peer, config.options)
        await asyncio.sleep(REFRESH_REST)
        self._refreshing.discard(peer)

    async def _find_relay(self, streamer: Streamer) -> None:
        """Ask again soon while a streamer has no relay: turn-api or its pool may still be starting."""
        while not streamer.gone and streamer in self._held and self._held[streamer].expires is None:
            await asyncio.sleep(min(RETRY, self._ice.refresh))
            if streamer in self._held:
                await self._renew(streamer)

    async def _share_relay(self) -> None:
        """Now that there is a relay for a player, let its streamer have one first: media needs both ends."""
        without = [one for one, held in self._held.items() if held.expires is None and not one.gone]
        await asyncio.gather(*(self._renew(streamer) for streamer in without))

    async def _renew(self, streamer: Streamer) -> None:
        """Look at the pool anew; tell the streamer if it changed or its credentials near their end."""
        held = self._held[streamer]
        config = await self._fetch(streamer)
        if config.source is not Source.TURN_API or streamer.gone:
            return
        ending = held.expires is not None and held.expires - self._ice.renew_before <= time()
        if ending or _urls(config) != _urls(held):
            self._held[streamer] = config
            self._metrics.ice.counts[config.source] += 1
            self._configure(streamer, config.options)

    async def _fetch(self, peer: Peer) -> IceConfig:
        begun = perf_counter()
        config = await self._turn_api.fetch(self._caller(peer))
        if config.source is Source.TURN_API:
            self._metrics.turn_api.observe(perf_counter() - begun)
        return config

    def _caller(self, peer: Peer) -> str:
        """A name for the credentials: the session, or what is unique without one."""
        if not isinstance(peer, Player):
            return f"{self._stream}-{peer.role}"
        session = peer.seat.session
        return session if session and is_caller(session) else f"{self._stream}-{peer.player_id}"


def _urls(config: IceConfig) -> list[object]:
    servers = orjson.loads(config.options).get("iceServers", [])
    return [server.get("urls") for server in servers]
