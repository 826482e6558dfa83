"""What a running matchmaker holds, made in one place; and what it does all the time.

The trap: everything here lives on one event loop. Sockets call back into it, the inbox carries out
what they cause, and the store's effects come back within the same move.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Coroutine, Iterator, Mapping
from functools import partial
from itertools import count
from typing import Any

import structlog

from pixelstream.apps.matchmaker import draining
from pixelstream.apps.matchmaker.control import ControlLinks
from pixelstream.apps.matchmaker.core import Core
from pixelstream.apps.matchmaker.directory import Address, Cluster, Directory, Discovery, Static
from pixelstream.apps.matchmaker.dispatch import Dispatch
from pixelstream.apps.matchmaker.fleets import Fleets
from pixelstream.apps.matchmaker.followers import Followers
from pixelstream.apps.matchmaker.inbox import Inbox
from pixelstream.apps.matchmaker.joining import Joiner
from pixelstream.apps.matchmaker.leases import Issuer
from pixelstream.apps.matchmaker.legacy import SOURCE, LegacyServers
from pixelstream.apps.matchmaker.marking import Marking
from pixelstream.apps.matchmaker.player import Desk, Player, Stage
from pixelstream.apps.matchmaker.players import WaitingRoom
from pixelstream.apps.matchmaker.pushes import Pushes
from pixelstream.apps.matchmaker.storenews import StoreNews
from pixelstream.apps.matchmaker.stores import make_store
from pixelstream.apps.matchmaker.telemetry import Telemetry
from pixelstream.apps.matchmaker.tickets import Tickets
from pixelstream.apps.matchmaker.wilbur import WilburServers
from pixelstream.apps.secrets import Followed, Secrets
from pixelstream.auth.keys import LeaseKeys, SharedKeys
from pixelstream.errors import SettingsError
from pixelstream.matchmaking.books import Rules
from pixelstream.matchmaking.marks import WriteResult
from pixelstream.matchmaking.model import Supply
from pixelstream.matchmaking.scaling.policy import Sizing
from pixelstream.metrics.common import new_registry, show_lease_keys
from pixelstream.metrics.matchmaker import LinkFault, MatchmakerMetrics
from pixelstream.metrics.store import StoreMetrics
from pixelstream.net.handshake import Refusal
from pixelstream.net.listener import Limits
from pixelstream.net.websocket import Handler, Request
from pixelstream.protocol.control import PATH, State
from pixelstream.settings.base import CONTROL_KEY_ENV, LEASE_KEYS_ENV
from pixelstream.settings.matchmaker import MatchmakerSettings

OBSERVE_INTERVAL = 0.5
"""Seconds between two readings of the store for the gauges."""

log = structlog.get_logger(__name__)


def rules_of(settings: MatchmakerSettings, sizes: Mapping[str, Sizing]) -> Rules:
    """Translate settings to what the pure room goes by; `sizes` may change under it."""
    claims = settings.claims
    return Rules(
        sizes=sizes,
        capacity=settings.queue.capacity,
        answer=claims.answer,
        arrival=claims.arrival,
        rest=claims.rest,
        rest_most=claims.longest_rest,
        forget=settings.links.forget_after,
        max_wait=settings.queue.max_wait or None,
        patience=settings.rest.patience,
        # Milliseconds of the wall clock: more than any earlier process can have used one by one.
        fence_base=int(time.time() * 1000),
        choice=claims.choice,
    )


class Context:
    """One matchmaker; its `secrets` are followed while it runs.

    Raises:
        SettingsError: a key is missing or can't be read, or there is no way to a cluster that is asked for.
    """

    def __init__(self, settings: MatchmakerSettings) -> None:
        self.settings = settings
        self.secrets = Secrets()
        self._control_key, keys = _keys(settings, self.secrets)
        self.registry = new_registry()
        show_lease_keys(self.registry, lambda: len(keys.value.by_kid))
        self.metrics = MatchmakerMetrics(self.registry)
        self.limits = Limits(
            max_message=settings.limits.max_message,
            high_water=settings.limits.buffer,
            max_sockets=settings.limits.max_sockets,
        )
        self.draining = False
        self.fleets = Fleets(settings)
        self.store = make_store(settings.store, rules_of(settings, self.fleets.sizes))
        self.inbox = Inbox()
        self.directory = Directory(self._discovered)
        self.issuer = Issuer(lambda: keys.value, settings.leases.lifetime)
        self.tickets = Tickets(lambda: keys.value, self.store.now)
        self.telemetry = Telemetry(settings, self.store, self.fleets.rates, self.registry, lambda: keys.value)
        self.pushes = Pushes(self.store, settings.queue.notice)
        self.store_metrics = StoreMetrics(self.registry)
        self.news = StoreNews(self.pushes, self.store_metrics)
        self.store.watch(self.news)
        self.followers = Followers(self.pushes, settings.limits.max_followers)
        self.sources: list[Discovery] = [Static(settings.streams)]
        self.cluster: Cluster | None = None
        if settings.kubernetes:
            self.cluster = Cluster(settings.kubernetes, settings.marks.selector)
            self.sources.append(self.cluster)
            if settings.wilbur.selector:
                found = settings.kubernetes.model_copy(update={"selector": settings.wilbur.selector})
                self.sources.append(Cluster(found, wilbur=True))
        self.marking = self._make_marking(self.cluster)
        self._make_handlers()
        self._tasks: list[asyncio.Task[Any]] = []

    def _make_handlers(self) -> None:
        settings, core = self.settings, Core(self.store, self.inbox, self.metrics)
        numbers = count()
        self.room = WaitingRoom(
            core=core,
            desk=Desk(self.store, self.tickets),
            pushes=self.pushes,
            settings=settings.queue,
            user_header=settings.user_header,
        )
        self.links = ControlLinks(
            core, numbers=numbers, arrival=settings.claims.arrival, heard=self._heard, left=self._link_left
        )
        self.legacy = self._make_legacy(core, numbers) if settings.legacy.enabled else None
        self.wilbur = self._make_wilbur(core, numbers)
        self.joiner = Joiner(
            core=core,
            room=self.room,
            directory=self.directory,
            issuer=self.issuer,
            deadline=settings.claims.dial,
            limits=self.limits,
            on_joined=self._on_joined,
        )
        self.room.on_gone = self._on_gone
        self.room.on_came = self._on_came
        self.store.listen(
            Dispatch(
                core=core,
                room=self.room,
                joiner=self.joiner,
                links=self.links,
                legacy=self.legacy,
                wilbur=self.wilbur,
                followers=self.followers,
                pushes=self.pushes,
            )
        )
        self.metrics.player_sockets.set_function(lambda: len(self.room.players))
        self.metrics.joined.set_function(lambda: self.room.count(Stage.JOINED))
        self.metrics.links.set_function(self.open_links)

    def _make_marking(self, cluster: Cluster | None) -> Marking | None:
        settings = self.settings
        if settings.kubernetes is None or cluster is None or cluster.pods is None:
            return None
        if not settings.marks.enabled:
            return None
        made = Marking(settings.kubernetes, cluster.pods, self._count_write)
        self.metrics.pods_pending.set_function(lambda: made.pending)
        return made

    def _make_legacy(self, core: Core, numbers: Iterator[int]) -> LegacyServers:
        settings = self.settings
        return LegacyServers(
            core=core,
            settings=settings.legacy,
            numbers=numbers,
            arrival=settings.claims.arrival,
            forget=settings.links.forget_after,
            tell=partial(self.directory.tell, SOURCE),
            part=self._part,
        )

    def _make_wilbur(self, core: Core, numbers: Iterator[int]) -> WilburServers:
        settings = self.settings
        return WilburServers(
            core=core,
            settings=settings.wilbur,
            numbers=numbers,
            arrival=settings.claims.arrival,
            shared=self.store.kind != "memory",
            heard=self._heard,
            part=self._part,
        )

    # --- who may do what -----------------------------------------------------------------------

    def admits(self, authorization: str | None) -> bool:
        """Whether this Authorization header carries the control key."""
        return self._control_key.value.admits(authorization)

    def route(self, request: Request) -> Handler | Refusal:
        """Say who handles a websocket; `pixelstream.net.listener.Route`."""
        if self.draining:
            return Refusal(503, "this matchmaker ends; please connect again")
        if request.path == PATH:
            if self.admits(request.headers.get("authorization")):
                return self.links
            self.metrics.link_faults.counts[LinkFault.UNAUTHORIZED] += 1
            return Refusal(401, "the control key is missing or wrong")
        if self.inbox.full:
            return Refusal(503, "too much is going on; please try again")
        return self.room

    def open_links(self) -> int:
        """Return how many signalling servers have a link, of whatever kind."""
        legacy = self.legacy.count if self.legacy is not None else 0
        return self.links.count + self.wilbur.count + legacy

    def not_ready(self) -> str | None:
        """Say why players should go elsewhere, if they should.

        A store that is lost is no reason: its loss is everybody's, and being unready would keep players and
        signalservers from the one place that still knows them. One that was never reached is: so a rollout
        with a wrong address or password ends at its first pod.
        """
        if self.draining:
            return "draining"
        return None if self.store.sharing.met else "the shared store was not reached yet"

    # --- running -------------------------------------------------------------------------------

    async def start(self) -> None:
        """Begin all that goes on in the background.

        Raises:
            OSError: the port of old servers can't be had.
        """
        jobs: list[Coroutine[Any, Any, None]] = [
            self.inbox.run(), self.pushes.run(), self.room.reap(), self.links.watch(),
            self.fleets.run(), self.telemetry.run(), self._observe(),
        ]  # fmt: skip
        if self.legacy is not None:
            await self.legacy.listen()
            jobs.append(self.legacy.watch())
        if self.marking is not None:
            jobs.append(self.marking.run())
        jobs.append(self.wilbur.watch())
        jobs += [source.run(partial(self.directory.tell, source.name)) for source in self.sources]
        jobs.append(self.secrets.follow())
        self._tasks = [asyncio.create_task(job) for job in jobs]

    async def drain(self) -> None:
        """Take nobody new, let those go who can, and return when nobody is left; see `draining.drain`."""
        self.draining = True
        await draining.drain(self.store, self.room, self.links, self.followers)

    async def close(self) -> None:
        """Stop all of it."""
        await self.joiner.close()
        await self.wilbur.close()
        if self.legacy is not None:
            await self.legacy.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self.store.close()
        await self.telemetry.close()

    async def _observe(self) -> None:
        supplies: dict[str, Supply] = {}
        while True:
            fleets = await self.store.fleets()
            self.metrics.show(fleets, await self.store.sessions())
            changed = [one.name for one in fleets if supplies.get(one.name, one.supply) is not one.supply]
            if changed:
                self.pushes.retell(*changed)
            supplies = {one.name: one.supply for one in fleets}
            self.store_metrics.show(self.store.sharing)
            await asyncio.sleep(OBSERVE_INTERVAL)

    # --- joints between the parts ----------------------------------------------------------------

    def _discovered(self, streams: Mapping[str, Address]) -> None:
        self.wilbur.take(streams)
        self.inbox.put(partial(self.store.discover, {name: one.known for name, one in streams.items()}))

    def _heard(self, state: State) -> None:
        if self.marking is not None:
            self.marking.heard(state)

    def _link_left(self, stream: str) -> None:
        if self.marking is not None:
            self.marking.left(stream)

    def _count_write(self, result: WriteResult) -> None:
        self.metrics.pod_writes.counts[result] += 1

    def _on_joined(self, session: str, stream: str) -> None:
        self.wilbur.joined(session, stream)
        if self.legacy is not None:
            self.legacy.joined(session, stream)

    def _on_came(self, player: Player) -> None:
        self.telemetry.visits.came(player.session, player.fleet, player.traceparent)

    def _on_gone(self, player: Player) -> None:
        self.wilbur.parted(player.session)
        if self.legacy is not None:
            self.legacy.parted(player.session)

    def _part(self, session: str) -> None:
        player = self.room.players.get(session)
        if player is not None and player.stage is Stage.JOINED:
            player.ws.abort()


def _keys(settings: MatchmakerSettings, secrets: Secrets) -> tuple[Followed[SharedKeys], Followed[LeaseKeys]]:
    control = secrets.shared(settings.control_key_file, CONTROL_KEY_ENV)
    leases = secrets.lease_keys(settings.lease_keys_file)
    missing = [
        f"{key}: missing; name the file of the key, or set {env}"
        for key, env, secret in (
            ("controlKeyFile", CONTROL_KEY_ENV, control),
            ("leaseKeysFile", LEASE_KEYS_ENV, leases),
        )
        if secret is None
    ]
    if control is None or leases is None:
        raise SettingsError("matchmaker", missing)
    return control, leases
