"""What a running signalserver holds, built in one place: relay, metrics, ICE, bridge, control link.

The trap: relay and shell refer to each other, so the relay is made last and nothing may call the
shell before `Context` is whole.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from time import time

import orjson
import structlog

from pixelstream import __version__
from pixelstream.apps.secrets import Secrets, said
from pixelstream.apps.signalserver.bridge import ControlBridge
from pixelstream.apps.signalserver.ice import IceDesk
from pixelstream.apps.signalserver.renewal import Renewals
from pixelstream.apps.signalserver.resets import plan_of
from pixelstream.apps.signalserver.shell import Shell
from pixelstream.apps.signalserver.tasks import Tasks
from pixelstream.apps.tracing import make_tracer
from pixelstream.auth import lease as leases
from pixelstream.auth.keys import LeaseKeys
from pixelstream.errors import LeaseError
from pixelstream.metrics.common import new_registry, show_lease_keys
from pixelstream.metrics.signalserver import LeaseFault, Levels, SignalserverMetrics
from pixelstream.net.registration import Registration
from pixelstream.net.turnapi import Source, TurnApi
from pixelstream.net.websocket import WebSocket
from pixelstream.protocol.closing import TRY_LATER
from pixelstream.protocol.control import Claim, RefusedReason, Release, SeatState, State
from pixelstream.relay import ControlRequest, Lease, Peer, Player, Relay, RelayOptions, Sfu
from pixelstream.settings.base import CONTROL_KEY_ENV
from pixelstream.settings.signalserver import STREAMER_TOKEN_ENV, SignalserverSettings

TICK = 1.0
"""Seconds between two looks at the clock: the grain of keepalive, deadlines and limits."""

NO_KEYS = LeaseKeys({})

log = structlog.get_logger(__name__)


class Context:
    """State of one signalserver; made within the running event loop.

    Attributes:
        secrets: to be followed while it serves.
        control_key, streamer_token: secrets of the moment; None where none is set.
        renewals: gives pages that ask for it new leases in time.
        relay: the rules.
        registration: the control link, None for one that stands alone.
        draining: set once the relay drains.
        drained: set once its last seat is free then.

    Raises:
        SettingsError: a secret can't be read, or spans can't be exported as the settings ask.
    """

    def __init__(self, settings: SignalserverSettings, first_player: int = 1) -> None:
        self.settings = settings
        self.secrets = Secrets()
        self.control_key = self.secrets.shared(settings.control_key_file, CONTROL_KEY_ENV)
        self.streamer_token = self.secrets.shared(settings.streamer_token_file, STREAMER_TOKEN_ENV)
        self._lease_keys = self.secrets.lease_keys(settings.lease_keys_file)
        self.clock = asyncio.get_running_loop().time
        self.tasks = Tasks()
        self.registry = new_registry()
        self.metrics = SignalserverMetrics(
            self.registry, levels=self._levels, counts=lambda: self.relay.counts, ice_sources=Source
        )
        show_lease_keys(self.registry, lambda: len(self.lease_keys.by_kid))
        self.renewals = Renewals(lambda: self.lease_keys, self.metrics.renewals.inc)
        if self._lease_keys is not None:
            self._lease_keys.on_change = self.renewals.hurry
        self.turn_api = _turn_api(settings, said(self.control_key))
        self.ice = IceDesk(settings, self.turn_api, self._configure, self.metrics, self.tasks)
        self.bridge = ControlBridge(
            settings.control, self._respond, self._reset_answered, self.metrics, self.tasks
        )
        self.registration = self._register()
        self._tracer = make_tracer(settings.otel, "signalserver")
        shell = Shell(self.ice, self.bridge, self.registration, self.metrics, self._tracer)
        self.draining = asyncio.Event()
        self.drained = shell.drained_event
        self.relay = Relay(_options(settings, first_player), shell)

    def not_ready(self) -> str | None:
        """Why no player should come here, or None."""
        if self.relay.draining:
            return "draining"
        return None if self.relay.registry.first() else "no streamer is attached"

    @property
    def lease_keys(self) -> LeaseKeys:
        """The keys of leases of the moment; none where none are set."""
        return self._lease_keys.value if self._lease_keys is not None else NO_KEYS

    def check(self, token: str) -> Lease:
        """Return what a lease says that matters to the relay, if it is one for this stream.

        Raises:
            LeaseError: it isn't.
        """
        lease = self.read(token)
        return Lease(lease.session, lease.fence)

    def read(self, token: str) -> leases.Lease:
        """Return all that a lease says, if it is one for this stream.

        Raises:
            LeaseError: it isn't.
        """
        lease = leases.verify(token, self.lease_keys, time())
        stream = self.settings.stream
        if (lease.fleet, lease.stream) != (stream.fleet, stream.id):
            raise LeaseError("foreign", "it is for another stream")
        return lease

    def refused(self, error: LeaseError) -> None:
        """Count and log a lease that admitted nobody."""
        self.metrics.lease_faults.counts[LeaseFault(error.code)] += 1
        log.warning("lease refused", code=error.code, detail=error.detail)

    def give_up(self, ws: WebSocket) -> None:
        """Close a peer that stayed slow; its players hear of it now, not when it has answered the close."""
        peer, ws.user = ws.user, None
        ws.close(TRY_LATER, "too slow")
        if peer is not None:
            self.relay.closed(peer, TRY_LATER, self.clock())

    def drain(self) -> None:
        """Take no new players and claims."""
        self.relay.drain()
        self.draining.set()

    async def keep_time(self) -> None:
        """Let time do its work on the relay; ends only by being cancelled."""
        while True:
            await asyncio.sleep(TICK)
            self.relay.tick(self.clock())

    async def close(self) -> None:
        """End what runs in the background and close what is kept open."""
        self.renewals.close()
        await self.tasks.close()
        self.turn_api.close()
        self.bridge.close()
        await self._tracer.close()

    def _configure(self, peer: Peer, options: bytes) -> None:
        self.relay.configure(peer, options, self.clock())

    def _respond(
        self, player: Player, request: ControlRequest, body: bytes | None, error: str | None
    ) -> None:
        self.relay.respond(player, request, body=body, error=error)

    def _reset_answered(self, well: bool) -> None:  # noqa: FBT001 - a callback of one argument
        self.relay.reset_answered(self.clock(), well=well)

    def _register(self) -> Registration | None:
        url = self.settings.matchmaker.url
        if url is None:
            return None
        return Registration(
            url, said(self.control_key), snapshot=self._state, claim=self._claim, release=self._release
        )

    def _state(self, seq: int, epoch: str) -> State:
        now = self.relay.snapshot()
        stream = self.settings.stream
        return State(
            seq=seq,
            epoch=epoch,
            stream=stream.id,
            fleet=stream.fleet,
            engine=now.engine,
            version=__version__,
            seats=now.seats,
            taken=now.taken,
            resetting=now.resetting,
            ready=now.ready,
            draining=now.draining,
            sessions=now.sessions,
        )

    def _claim(self, claim: Claim) -> RefusedReason | None:
        return self.relay.claim(claim.session, claim.fence, claim.deadline, self.clock())

    def _release(self, release: Release) -> None:
        self.relay.release(release.session, release.reason, self.clock(), fence=release.fence)

    def _levels(self) -> Levels:
        snapshot = self.relay.snapshot()
        registry = self.relay.registry
        sfus = sum(isinstance(one, Sfu) for one in registry.streamers.values())
        states = [seated.state for seated in snapshot.sessions]
        away = states.count(SeatState.AWAY)
        return Levels(
            players=len(registry.players) - away,
            streamers=len(registry.streamers) - sfus,
            sfus=sfus,
            streaming=sum(one.streaming for one in registry.streamers.values()),
            matchmaker=self.registration is not None and self.registration.connected,
            seats=snapshot.seats,
            taken=snapshot.taken,
            resetting=snapshot.resetting,
            draining=snapshot.draining,
            sessions={state: states.count(state) for state in SeatState},
        )


def _turn_api(settings: SignalserverSettings, key: Callable[[], str | None]) -> TurnApi:
    ice = settings.ice
    return TurnApi(
        ice.turn_api,
        key=key,
        deadline=ice.deadline,
        stun=ice.stun,
        policy=ice.transport_policy,
        zone=ice.zone,
    )


def _options(settings: SignalserverSettings, first_player: int) -> RelayOptions:
    servers = [{"urls": list(settings.ice.stun)}] if settings.ice.stun else []
    fallback = {"iceTransportPolicy": settings.ice.transport_policy, "iceServers": servers}
    return RelayOptions(
        profile=settings.streamers.engine,
        seats=settings.stream.seats,
        first_player=first_player,
        lease_policy=settings.auth.lease,
        players_per_streamer=settings.streamers.per_streamer,
        reconnect_grace=settings.sessions.reconnect_grace,
        idle_timeout=settings.sessions.idle,
        max_session=settings.sessions.maximum,
        keepalive_interval=settings.keepalive.interval,
        keepalive_timeout=settings.keepalive.timeout,
        config_timeout=settings.ice.deadline + 1.0,
        fallback_options=orjson.dumps(fallback),
        message_rate=settings.limits.message_rate,
        control_allow=settings.control.paths if settings.control.url else (),
        reset=plan_of(settings.reset),
    )
