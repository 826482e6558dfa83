"""A relay on a stage: recording ports for its peers, a recording host, a clock that is set by hand."""

from __future__ import annotations

from typing import Any

import orjson

from pixelstream.protocol.control import EndedReason
from pixelstream.relay import (
    ControlRequest,
    Hello,
    Lease,
    Peer,
    Phase,
    Player,
    Relay,
    RelayOptions,
    Role,
    Streamer,
)

OPTIONS = b'{"iceServers":[{"urls":["stun:192.0.2.1:3478"]}]}'


class FakePort:
    """A socket that remembers what it was told."""

    def __init__(self, now: float) -> None:
        self.last_seen = now
        self.sent: list[bytes] = []
        self.closing: tuple[int, str] | None = None
        self.pings = 0
        self.aborts = 0

    def send(self, data: bytes, /) -> None:
        if self.closing is None:
            self.sent.append(data)

    def ping(self) -> None:
        self.pings += 1

    def close(self, code: int, reason: str, /) -> None:
        self.closing = self.closing or (code, reason)

    def abort(self) -> None:
        self.aborts += 1
        self.closing = self.closing or (1006, "")


class FakeHost:
    """A shell that configures peers at once, unless `prompt` is off, and remembers all else."""

    def __init__(self, stage: Stage) -> None:
        self._stage = stage
        self.prompt = True
        self.wanting: list[Peer] = []
        self.requests: list[tuple[Player, ControlRequest]] = []
        self.resets: list[ControlRequest] = []
        self.changes = 0
        self.sessions_ended: list[tuple[str, EndedReason, float]] = []
        self.phases: list[tuple[str, Phase, float, float]] = []
        self.visits: list[tuple[str, EndedReason, float]] = []
        self.drains = 0

    def want_config(self, peer: Peer) -> None:
        if self.prompt:
            self._stage.relay.configure(peer, OPTIONS, self._stage.now)
        else:
            self.wanting.append(peer)

    def control(self, player: Player, request: ControlRequest) -> None:
        self.requests.append((player, request))

    def reset(self, request: ControlRequest) -> None:
        self.resets.append(request)

    def changed(self) -> None:
        self.changes += 1

    def ended(self, session: str, reason: EndedReason, seconds: float) -> None:
        self.sessions_ended.append((session, reason, seconds))

    def phase(self, player: Player, phase: Phase, since_opened: float, since_previous: float) -> None:
        self.phases.append((player.player_id, phase, since_opened, since_previous))

    def left(self, player: Player, reason: EndedReason, seconds: float) -> None:
        self.visits.append((player.player_id, reason, seconds))

    def drained(self) -> None:
        self.drains += 1


class Actor:
    """One socket and its peer."""

    def __init__(self, stage: Stage, role: Role, hello: Hello) -> None:
        self._stage = stage
        self.port = FakePort(stage.now)
        self.peer = stage.relay.opened(role, self.port, hello, stage.now)

    @property
    def id(self) -> str:
        """The player id of a player or SFU."""
        player_id: str = getattr(self.peer, "player_id", "")
        return player_id

    @property
    def name(self) -> str:
        """The streamer id of a streamer or SFU."""
        assert isinstance(self.peer, Streamer)
        return self.peer.id

    def says(self, kind: str, **fields: object) -> None:
        """Send a message."""
        self.says_bytes(orjson.dumps({"type": kind, **fields}))

    def says_bytes(self, data: bytes) -> None:
        """Send whatever."""
        self.port.last_seen = self._stage.now
        if self.peer is not None:
            self._stage.relay.received(self.peer, data, self._stage.now)

    def hears(self) -> list[dict[str, Any]]:
        """What was sent to it since it was last asked."""
        return [orjson.loads(data) for data in self.hears_bytes()]

    def hears_bytes(self) -> list[bytes]:
        """The same as it was on the wire."""
        heard, self.port.sent = self.port.sent, []
        return heard

    def types(self) -> list[str]:
        """Only the types of it."""
        return [message["type"] for message in self.hears()]

    def leaves(self, code: int = 1001) -> None:
        """Close from its side; 1006 is a socket that broke."""
        self.port.closing = self.port.closing or (code, "")
        if self.peer is not None:
            self._stage.relay.closed(self.peer, code, self._stage.now)


class Stage:
    """A relay and everybody around it."""

    def __init__(self, **options: Any) -> None:
        self.now = 100.0
        self.host = FakeHost(self)
        self.relay = Relay(RelayOptions(**{"seats": 10, **options}), self.host)

    def enter(self, role: Role, *, query: str = "", subprotocols: tuple[str, ...] = ()) -> Actor:
        """Open a socket; what it was told stays unread."""
        return Actor(self, role, Hello(query, subprotocols))

    def streamer(self, name: str = "A", *, version: bool = True) -> Actor:
        """A streamer of 5.5, or without a `version` of no certain age, that has told its id."""
        actor = self.enter(Role.STREAMER)
        fields = {"protocolVersion": "1.3.0"} if version else {}
        actor.says("endpointId", id=name, **fields)
        actor.hears()
        return actor

    def player(
        self, *, to: str | None = None, query: str = "", lease: tuple[str, int] | None = None
    ) -> Actor:
        """A player, subscribed `to` a streamer or to none."""
        actor = Actor(self, Role.PLAYER, Hello(query, (), Lease(*lease) if lease else None))
        if to is not None:
            actor.says("subscribe", streamerId=to)
        actor.hears()
        return actor

    def sfu(self, name: str = "SFU", *, to: str | None = None) -> Actor:
        """An SFU that streams, subscribed `to` a streamer or to none."""
        actor = self.enter(Role.SFU)
        actor.says("endpointId", id=name)
        if to is not None:
            actor.says("subscribe", streamerId=to)
        actor.hears()
        return actor

    def wait(self, seconds: float, *, living: tuple[Actor, ...] = ()) -> None:
        """Let time pass, a tick for each second; the `living` answer every ping."""
        end = self.now + seconds
        while self.now < end:
            self.now = min(self.now + 1.0, end)
            for actor in living:
                actor.port.last_seen = self.now
            self.relay.tick(self.now)
