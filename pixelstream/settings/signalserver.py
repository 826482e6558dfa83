"""Settings of the signalserver; the `config:` block of its chart, in the same order.

The trap: `streamers` and `sfu` listen on loopback unless told otherwise, since in a stream's pod the
streamer is next door and its socket carries no proof of who it is; beyond loopback, give a token.
"""

import os
from ipaddress import ip_address
from pathlib import Path
from typing import Annotated, Any, Literal, Self, get_args

from pydantic import AfterValidator, BeforeValidator, Field, model_validator

from pixelstream.protocol.messages import Type
from pixelstream.relay.bridge import AllowList, BridgeError
from pixelstream.settings.base import HttpUrl, Listen, Log, Model, Name, Port, Seconds, WsUrl
from pixelstream.settings.otel import Otel
from pixelstream.settings.types import version_schema, version_text

STREAMER_TOKEN_ENV = "PIXELSTREAM_STREAMER_TOKEN"  # noqa: S105 - the name of a variable
"""What streamers and SFUs must show, if it is set."""

STREAM_ID_ENV = "PIXELSTREAM_STREAM_ID"
"""The stream's id where the settings name none: pods of a fleet share one file, each has its own name."""

_Engines = Literal["auto", "4.26", "4.27", "5.0", "5.2", "5.5"]
ZONE_ENV = "PIXELSTREAM_ZONE"
"""Where this pod runs, where its cluster says so to its pods."""

Engine = Annotated[_Engines, BeforeValidator(version_text), version_schema(*get_args(_Engines))]


def _stun(value: str) -> str:
    scheme, _, rest = value.partition(":")
    if scheme not in {"stun", "stuns"} or not rest or rest.startswith("/") or " " in rest:
        raise ValueError("must be a STUN URL such as stun:stun.example.org:3478")
    return value


def _pattern(value: str) -> str:
    AllowList([value])
    return value


def _path(value: str) -> str:
    try:
        return AllowList(["**"]).allow(value, "GET", None).path
    except BridgeError:
        raise ValueError("must be a relative path of plain characters such as api/level/reset") from None


StunUrl = Annotated[str, AfterValidator(_stun)]
ControlPattern = Annotated[str, AfterValidator(_pattern)]
ControlPath = Annotated[str, AfterValidator(_path)]
Bytes = Annotated[int, Field(ge=1024, le=128 * 1024 * 1024)]


class PlayerListen(Listen):
    """Where players come in; health, metrics and the REST API have the same port."""

    port: Port = 3000


class StreamerListen(Listen):
    """Where streamers come in, and what they understand.

    `engine` is the oldest Unreal Engine whose habits a streamer has, `auto` judges each by what it
    shows. `perStreamer` is how many players may watch one streamer, 0 for all seats.
    """

    host: str = "127.0.0.1"
    port: Port = 8888
    engine: Engine = "auto"
    per_streamer: Annotated[int, Field(ge=0, le=4096)] = 0


class SfuListen(Listen):
    """Where selective forwarding units come in."""

    host: str = "127.0.0.1"
    port: Port = 8889
    enabled: bool = True


def _own_id() -> str:
    return os.environ.get(STREAM_ID_ENV) or "stream"


class Stream(Model):
    """Which stream this is; without `id`, the one that `PIXELSTREAM_STREAM_ID` names.

    `seats` is how many players may be here at once.
    """

    id: Name = Field(default_factory=_own_id, validate_default=True)
    fleet: Name = "default"
    seats: Annotated[int, Field(ge=1, le=4096)] = 1


class Sessions(Model):
    """How long a player may stay; 0 means no limit."""

    reconnect_grace: Seconds = 60.0
    idle: Seconds = 0.0
    maximum: Seconds = 0.0


class Auth(Model):
    """Whether a player needs a lease; it is checked wherever one is shown."""

    lease: Literal["optional", "required"] = "optional"


def _own_zone() -> str:
    return os.environ.get(ZONE_ENV, "")


class Ice(Model):
    """ICE servers of players and streamers.

    `stun` is what they get when turn-api has never answered; `deadline` is how long one answer may
    take. For a running streamer turn-api is asked again each `refresh`, and what it says goes to the
    streamer when the relays have changed or `renewBefore` its credentials end. Relays of `zone` come
    first; without one, of the zone that `PIXELSTREAM_ZONE` names.
    """

    turn_api: HttpUrl | None = None
    deadline: Annotated[Seconds, Field(gt=0, le=10)] = 1.0
    stun: tuple[StunUrl, ...] = ()
    transport_policy: Literal["all", "relay"] = "all"
    refresh: Annotated[Seconds, Field(ge=0.05, le=3600)] = 20.0
    renew_before: Annotated[Seconds, Field(ge=1)] = 300.0
    zone: Annotated[str, Field(max_length=63)] = Field(default_factory=_own_zone)


class Matchmaker(Model):
    """The control link; without a `url` the signalserver stands alone."""

    url: WsUrl | None = None


class Keepalive(Model):
    """After `interval` of silence a peer is pinged, after `timeout` it is taken for dead."""

    interval: Annotated[Seconds, Field(ge=0.1, le=3600)] = 10.0
    timeout: Annotated[Seconds, Field(ge=0.2, le=7200)] = 30.0

    @model_validator(mode="after")
    def _order(self) -> Self:
        if self.timeout <= self.interval:
            raise ValueError("timeout must be longer than interval")
        return self


class Limits(Model):
    """Bounds of every socket.

    `maxMessage` and `buffer` are bytes: a peer with more than `buffer` unsent is slow, with four
    times as much it is closed. A slow streamer pauses its players; after `slowStreamer` it is closed.
    `messageRate` is what a player may send in a second.
    """

    max_message: Bytes = 256 * 1024
    buffer: Annotated[int, Field(ge=128 * 1024, le=128 * 1024 * 1024)] = 256 * 1024
    slow_streamer: Annotated[Seconds, Field(gt=0, le=600)] = 10.0
    message_rate: Annotated[int, Field(ge=1)] = 1000
    max_sockets: Annotated[int, Field(ge=1, le=1_000_000)] = 10_000

    @model_validator(mode="after")
    def _one_message_fits(self) -> Self:
        if self.buffer < self.max_message:
            raise ValueError(
                "buffer must be at least maxMessage: else one message could close a slow streamer"
            )
        return self


class Control(Model):
    """The bridge of players' `control` messages to the streamer's REST API at `url`; off without one.

    `paths` are what they may ask for, relative to `url`: `api/level/*`, `GET api/**`; see
    `pixelstream.relay.bridge`.
    """

    url: HttpUrl | None = None
    paths: tuple[ControlPattern, ...] = ()
    timeout: Annotated[Seconds, Field(gt=0, le=60)] = 5.0
    max_body: Bytes = 256 * 1024


class Reset(Model):
    """What is done to the streamer once its last player has left, before the next one is let in.

    `message` sends it `message` as it stands, for projects that handle one, and waits for a message of
    the type `acknowledgement`, else for `settle`. `rest` asks its REST API (`control.url`) for `path`
    with `method` and `body`, then waits for `settle`. `restart` has its container restarted. What has
    not worked within `deadline`, or within `restart` for a restart, has failed: then, by `onFailure`,
    the stream is offered as it is or its container is restarted.
    """

    kind: Literal["none", "message", "rest", "restart"] = "none"
    message: dict[str, Any] | None = None
    acknowledgement: Annotated[str, Field(max_length=64)] = ""
    method: Literal["GET", "POST"] = "POST"
    path: ControlPath | None = None
    body: Any = None
    settle: Annotated[Seconds, Field(le=600)] = 0.0
    deadline: Annotated[Seconds, Field(gt=0, le=3600)] = 30.0
    restart: Annotated[Seconds, Field(gt=0, le=86400)] = 900.0
    on_failure: Literal["offer", "restart"] = "restart"

    @model_validator(mode="after")
    def _complete(self) -> Self:
        if self.kind == "message" and not isinstance((self.message or {}).get("type"), str):
            raise ValueError('kind message needs a message with a type, such as {type: "resetLevel"}')
        if self.kind == "rest" and self.path is None:
            raise ValueError("kind rest needs a path, such as api/level/reset")
        if self.acknowledgement in set(Type):
            raise ValueError(f"acknowledgement must be a type of your own: {self.acknowledgement} is Epic's")
        if self.kind in {"message", "rest"} and self.settle >= self.deadline:
            raise ValueError("settle must be shorter than deadline")
        return self


class Drain(Model):
    """How long players may go on after SIGTERM; keep it below the pod's termination grace period."""

    deadline: Seconds = 3600.0


class SignalserverSettings(Model):
    """Everything that the signalserver can be told."""

    listen: PlayerListen = PlayerListen()
    streamers: StreamerListen = StreamerListen()
    sfu: SfuListen = SfuListen()
    stream: Stream = Field(default_factory=Stream)
    sessions: Sessions = Sessions()
    auth: Auth = Auth()
    ice: Ice = Field(default_factory=Ice)
    matchmaker: Matchmaker = Matchmaker()
    keepalive: Keepalive = Keepalive()
    limits: Limits = Limits()
    control: Control = Control()
    reset: Reset = Reset()
    drain: Drain = Drain()
    otel: Otel = Otel()
    log: Log = Log()
    control_key_file: Path | None = None
    lease_keys_file: Path | None = None
    streamer_token_file: Path | None = None

    @model_validator(mode="after")
    def _waiting_is_not_death(self) -> Self:
        if self.limits.slow_streamer >= self.keepalive.timeout:
            raise ValueError(
                "limits.slowStreamer must be shorter than keepalive.timeout: players that wait aren't dead"
            )
        return self

    @model_validator(mode="after")
    def _reset_has_its_api(self) -> Self:
        if self.reset.kind == "rest":
            if self.control.url is None:
                raise ValueError("reset.kind rest needs control.url, the streamer's REST API")
            if self.reset.deadline <= self.control.timeout:
                raise ValueError(
                    "reset.deadline must be longer than control.timeout, which one call may take"
                )
        return self

    @property
    def exposed(self) -> bool:
        """Whether streamers or SFUs can come from beyond loopback."""
        hosts = [self.streamers.host, *([self.sfu.host] if self.sfu.enabled else [])]
        return not all(_is_loopback(host) for host in hosts)


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
