"""Settings of the matchmaker; the `config:` block of its chart, in the same order.

The trap: players are sent, and sockets dialled, only to addresses that stand here or in the cluster's
EndpointSlices. A signalserver that registers on the control link under another id is kept, but never
offered.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import Field, IPvAnyNetwork, model_validator

from pixelstream.matchmaking.policy import Choice
from pixelstream.settings.base import HttpUrl, Listen, Log, Model, Name, Port, Seconds, WsUrl
from pixelstream.settings.fleets import FleetSettings
from pixelstream.settings.kubernetes import Kubernetes
from pixelstream.settings.otel import Otel
from pixelstream.settings.types import Words

STORE_WORDS = "must be a URL such as valkey://host:6379, without user name, password or query"
STORE_URL = (
    r"^((valkey|redis)s?://[^\s/@,?#]+(/\d+)?"
    r"|(valkey|redis)s?\+cluster://[^\s/@?#]+"
    r"|((valkey|redis)s?\+sentinel|sentinels?)://[^\s/@?#]+/[^\s/@?#]+"
    r"|unix:///[^\s?#]+)$"
)
"""A password has no place in it: that comes by file or environment."""

Wait = Annotated[Seconds, Field(ge=0.05, le=86_400)]


class MatchmakerListen(Listen):
    """Where players, signalservers and REST callers come in."""

    port: Port = 3000


class StreamSettings(Model):
    """One stream: the id that its signalserver reports, and where players of it are sent.

    `url` is dialled by the matchmaker for players that can't go there themselves. `publicAddress` is
    what `/signallingserver` tells old front ends, as host:port; without one it isn't told to them.

    Of kind `wilbur` is an unmodified signalling server of Epic's: the matchmaker keeps its `seats`, looks at
    its REST API at the URL `rest` (`--rest_api`; without it only players that came through here are counted),
    and joins players to it.
    """

    id: Name
    fleet: Name = "default"
    url: WsUrl
    public_address: (
        Annotated[
            str,
            Field(pattern=r"^[^\s/:]+(:\d{1,5})?$|^\[[0-9A-Fa-f:]+\](:\d{1,5})?$"),
            Words("must be a host or host:port, without a scheme"),
        ]
        | None
    ) = None
    kind: Literal["pixelstream", "wilbur"] = "pixelstream"
    rest: HttpUrl | None = None
    seats: Annotated[int, Field(ge=1, le=1000)] = 1

    @model_validator(mode="after")
    def _whose(self) -> Self:
        if self.kind == "pixelstream" and {"rest", "seats"} & self.model_fields_set:
            raise ValueError("rest and seats are for kind wilbur; others tell their seats themselves")
        return self


class Wilbur(Model):
    """Unmodified signalling servers of Epic's, beside those in `streams`.

    `selector` names their Services by labels, in the namespace of `kubernetes`. Each is looked at every
    `poll`, and before each claim, and has `answer` to answer.
    """

    selector: Annotated[str, Field(max_length=1024)] = "pixelstream.io/signalling=wilbur"
    poll: Wait = 2.0
    answer: Annotated[Seconds, Field(ge=0.05, le=10)] = 1.0


class Marks(Model):
    """Marks on the pods of streams, which keep those with players from being removed.

    They need `kubernetes`, and the right to patch pods. `selector` names the pods by their labels; no other
    is ever written.
    """

    enabled: bool = True
    selector: Annotated[str, Field(min_length=1, max_length=1024)] = "pixelstream.io/fleet"


class Queue(Model):
    """The waiting line of each fleet.

    `capacity` is how many players may wait in one fleet, `maxWait` how long, 0 for ever. `notice` is the
    longest silence towards a waiting player; one who doesn't answer pings is dropped after `silence`.
    """

    capacity: Annotated[int, Field(ge=1, le=1_000_000)] = 10_000
    max_wait: Seconds = 0.0
    notice: Wait = 10.0
    ping: Wait = 15.0
    silence: Wait = 40.0

    @model_validator(mode="after")
    def _order(self) -> Self:
        if self.silence <= self.ping:
            raise ValueError("silence must be longer than ping")
        return self


class Claims(Model):
    """How seats are asked for.

    A stream has `answer` to answer a claim, a player `arrival` to show up, and `dial` is how long a seat's
    socket may take to open. A stream that fails rests, up to `longestRest`. With several seats a stream,
    `choice` fills the fullest first (`packed`) or the emptiest (`spread`).
    """

    answer: Wait = 2.0
    arrival: Wait = 10.0
    dial: Wait = 5.0
    rest: Wait = 1.0
    longest_rest: Wait = 30.0
    choice: Choice = Choice.PACKED


class Links(Model):
    """Control links. A stream whose link is broken keeps its sessions in the books for `forgetAfter`."""

    forget_after: Wait = 120.0


class Leases(Model):
    """How long a lease admits its player to the seat."""

    lifetime: Annotated[Seconds, Field(ge=60)] = 43_200.0


class Rest(Model):
    """Sessions made by REST. One that waits and is neither polled nor followed ends after `patience`."""

    patience: Wait = 60.0


class Compat(Model):
    """Routes of the original. `hold` is how long a stream that `/signallingserver` told isn't told again."""

    enabled: bool = True
    hold: Wait = 45.0


class Legacy(Model):
    """The TCP link of Epic's old signalling servers; off unless enabled.

    A server is taken only from an address within `allow` and with a player port in `ports`; its streams
    belong to `fleet`, and one that has been silent for `silence` is dropped (they ping every 30 s).
    """

    enabled: bool = False
    host: str = "0.0.0.0"
    port: Port = 9999
    fleet: Name = "default"
    allow: Annotated[tuple[IPvAnyNetwork, ...], Field(max_length=256)] = ()
    ports: Annotated[tuple[Port, ...], Field(min_length=1, max_length=256)] = (80,)
    silence: Wait = 75.0
    max_servers: Annotated[int, Field(ge=1, le=10_000)] = 1000

    @model_validator(mode="after")
    def _someone(self) -> Self:
        if self.enabled and not self.allow:
            raise ValueError("allow must name the networks that servers may come from, such as 10.0.0.0/8")
        return self


class Limits(Model):
    """Bounds of the sockets. `maxMessage` and `buffer` are bytes; see the signalserver's."""

    max_message: Annotated[int, Field(ge=1024, le=16 * 1024 * 1024)] = 1024 * 1024
    buffer: Annotated[int, Field(ge=1024, le=16 * 1024 * 1024)] = 256 * 1024
    max_sockets: Annotated[int, Field(ge=1, le=1_000_000)] = 50_000
    max_followers: Annotated[int, Field(ge=1, le=1_000_000)] = 10_000


class StoreSettings(Model):
    """Where the truth about who waits is kept.

    `memory` is for one replica. `valkey` is for several, and needs a `url`: `valkey://host:6379`, with
    TLS `valkeys://`, `valkey+cluster://host:6379,host:6379`, or
    `valkey+sentinel://host:26379,host:26379/primary`, `sentinel://` for short; `redis` and `rediss` do as
    well. User and passwords come by file, or by PIXELSTREAM_STORE_USERNAME, PIXELSTREAM_STORE_PASSWORD and
    PIXELSTREAM_SENTINEL_PASSWORD. With TLS, `caFile` is the authority of the server's certificate,
    `serverName` the name in it if that isn't the host, and `certificateFile` with `keyFile` what we show.
    Replicas that share streams must have the same `prefix`. One that has been silent for `presence` counts
    as dead.
    """

    kind: Literal["memory", "valkey"] = "memory"
    url: Annotated[str, Field(pattern=STORE_URL), Words(STORE_WORDS)] | None = None
    username: Annotated[str, Field(min_length=1, max_length=128)] | None = None
    username_file: Path | None = None
    password_file: Path | None = None
    sentinel_password_file: Path | None = None
    ca_file: Path | None = None
    certificate_file: Path | None = None
    key_file: Path | None = None
    server_name: Annotated[str, Field(min_length=1, max_length=253)] | None = None
    prefix: Name = "pixelstream"
    presence: Annotated[Seconds, Field(ge=2, le=60)] = 5.0
    timeout: Annotated[Seconds, Field(ge=0.1, le=30)] = 2.0

    @model_validator(mode="after")
    def _somewhere(self) -> Self:
        if self.kind == "valkey" and self.url is None:
            raise ValueError("kind valkey needs the url of the server, such as valkey://valkey:6379")
        if (self.certificate_file is None) is not (self.key_file is None):
            raise ValueError("certificateFile and keyFile belong together: give both or neither")
        if self.username is not None and self.username_file is not None:
            raise ValueError("username and usernameFile are the same thing: give one of them")
        self._check_url(self.url or "")
        return self

    def _check_url(self, url: str) -> None:
        secured = url.partition(":")[0].partition("+")[0] in {"valkeys", "rediss", "sentinels"}
        tls = (self.ca_file, self.certificate_file, self.server_name)
        if not secured and any(one is not None for one in tls):
            raise ValueError(
                "caFile, certificateFile and serverName need a url with TLS, such as valkeys://host:6379"
            )


class UsageSettings(Model):
    """Rows of sessions that are over, for `/api/v1/usage`.

    At most `rows` are kept, for `age`: in memory, or in the shared store. With `users` they hold the names
    that the edge authenticated, and whoever asks with `?users=1` is told them.
    """

    rows: Annotated[int, Field(ge=1, le=1_000_000)] = 10_000
    age: Annotated[Seconds, Field(ge=60)] = 30 * 86_400.0
    users: bool = False


class Drain(Model):
    """How long joined players may go on after SIGTERM.

    Pages that wait go to another matchmaker at once and keep their places. Other front ends wait on and are
    seated from here if the store is shared; if not, they are told to connect again.
    """

    deadline: Seconds = 3600.0


class MatchmakerSettings(Model):
    """Everything that the matchmaker can be told.

    `kubernetes` names the Services whose pods are streams, beside the listed `streams`.
    `fleetsFile` names a file with more fleets (`FleetsFile`); those given here win over it.
    `userHeader` names the header in which the edge passes the player's name; it must be one that the
    edge removes from what comes from outside.
    """

    listen: MatchmakerListen = MatchmakerListen()
    fleets: Annotated[tuple[FleetSettings, ...], Field(max_length=1000)] = (FleetSettings(),)
    fleets_file: Path | None = None
    streams: Annotated[tuple[StreamSettings, ...], Field(max_length=10_000)] = ()
    kubernetes: Kubernetes | None = None
    wilbur: Wilbur = Wilbur()
    marks: Marks = Marks()
    queue: Queue = Queue()
    claims: Claims = Claims()
    links: Links = Links()
    leases: Leases = Leases()
    rest: Rest = Rest()
    compat: Compat = Compat()
    legacy: Legacy = Legacy()
    user_header: (
        Annotated[str, Field(pattern=r"^[A-Za-z0-9-]{1,64}$"), Words("must be the name of a header")] | None
    ) = None
    limits: Limits = Limits()
    store: StoreSettings = StoreSettings()
    usage: UsageSettings = UsageSettings()
    otel: Otel = Otel()
    drain: Drain = Drain()
    log: Log = Log()
    control_key_file: Path | None = None
    lease_keys_file: Path | None = None

    @model_validator(mode="after")
    def _each_once(self) -> Self:
        for words, names in (
            ("streams: each id", [stream.id for stream in self.streams]),
            ("fleets: each name", [fleet.name for fleet in self.fleets]),
        ):
            if twice := sorted({name for name in names if names.count(name) > 1}):
                raise ValueError(f"{words} may be given once, not so {', '.join(twice)}")
        return self

    @model_validator(mode="after")
    def _seen_by_all(self) -> Self:
        blind = [one.id for one in self.streams if one.kind == "wilbur" and one.rest is None]
        if blind and self.store.kind != "memory":
            words = "needs rest where matchmakers share a store, since none sees the others' players"
            raise ValueError(f"streams: {', '.join(blind)} of kind wilbur {words}")
        return self
