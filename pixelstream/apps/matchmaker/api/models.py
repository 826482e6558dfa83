"""What the REST API takes and answers; OpenAPI is made from these.

The trap: a session's id is all that a caller needs to read or end it, so it is long and random; its
lease is shown only while the seat waits for its player, never afterwards.
"""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from pixelstream.apps.matchmaker.leases import Issued
from pixelstream.matchmaking.model import SessionState
from pixelstream.matchmaking.scaling.policy import Size
from pixelstream.matchmaking.usage import HOUR, Account, GpuState, Rate
from pixelstream.matchmaking.views import FleetView, Place, StreamView
from pixelstream.protocol.trace import trace_of
from pixelstream.settings.base import Name


class _Answer(BaseModel):
    model_config = ConfigDict(frozen=True)


class NewSession(BaseModel):
    """A request to play."""

    model_config = ConfigDict(extra="forbid")

    fleet: Name = "default"
    user: Annotated[str | None, Field(max_length=256, description="Needs the control key")] = None


class Session(_Answer):
    """One session.

    `position` and `estimate` (seconds) are those of a session that waits; `url`, relative to the page,
    `lease` and `expires` (seconds since 1970) those of one whose seat is reserved.
    """

    session: str
    trace: Annotated[str, Field(description="Names the visit in all logs; may be told to others")]
    fleet: str
    state: SessionState
    position: int | None = None
    estimate: Annotated[float | None, Field(description="Seconds; null when nothing tells")] = None
    waited: float
    capacity: int
    stream: str | None = None
    url: str | None = None
    lease: str | None = None
    expires: int | None = None
    reason: str | None = None

    @classmethod
    def of(cls, place: Place, lease: Issued | None) -> Session:
        """Make the answer for a session."""
        return cls(
            session=place.session,
            trace=trace_of(place.session),
            fleet=place.fleet,
            state=place.state,
            position=place.position if place.state in {SessionState.WAITING, SessionState.CLAIMED} else None,
            estimate=None if place.estimate is None else round(place.estimate, 1),
            waited=round(place.waited, 1),
            capacity=place.capacity,
            stream=place.stream,
            url=lease.url if lease else None,
            lease=lease.token if lease else None,
            expires=lease.expires if lease else None,
            reason=place.reason.value if place.reason else None,
        )


class Seat(_Answer):
    """A session on a stream; `seconds` since its state last changed."""

    session: str
    state: SessionState
    seconds: float


class Stream(_Answer):
    """One stream."""

    id: str
    fleet: str
    state: Annotated[
        str,
        Field(
            description="free, reserved, taken, away, or why nobody is sent there: "
            "draining, not_ready, unlinked, unlisted, resting"
        ),
    ]
    seats: int
    taken: int
    ready: bool
    draining: bool
    linked: bool
    engine: str
    version: str
    sessions: list[Seat]

    @classmethod
    def of(cls, stream: StreamView) -> Stream:
        """Make the answer for a stream."""
        return cls(
            **{name: getattr(stream, name) for name in cls.model_fields if name != "sessions"},
            sessions=[
                Seat(session=seat.session, state=seat.state, seconds=round(seat.seconds, 1))
                for seat in stream.sessions
            ],
        )


class Streams(_Answer):
    """All streams, by id."""

    streams: list[Stream]


class Cost(_Answer):
    """What a fleet costs, in the money of its price.

    `per_hour` and `per_session_minute` are those of the moment, the same from every replica. The rest is what
    the replica that answers has counted since it started, of streams whose link it has: add up all replicas.
    `counted_per_session_minute` has idle time and starts in it.
    """

    gpus: float
    price_per_gpu_hour: float
    per_hour: float
    per_session_minute: float | None
    gpu_seconds: dict[GpuState, float]
    cost: float
    session_seconds: float
    counted_per_session_minute: float | None

    @classmethod
    def of(cls, fleet: FleetView, rate: Rate, account: Account) -> Cost:
        """Make the answer for a fleet."""
        per_hour = fleet.streams * rate.cost(HOUR * rate.gpus)
        per_minute = account.per_minute()
        return cls(
            gpus=rate.gpus,
            price_per_gpu_hour=rate.price,
            per_hour=round(per_hour, 6),
            per_session_minute=round(per_hour / 60 / fleet.taken, 6) if fleet.taken else None,
            gpu_seconds={state: round(seconds, 1) for state, seconds in account.gpu_seconds.items()},
            cost=round(sum(account.cost.values()), 6),
            session_seconds=round(account.session_seconds, 1),
            counted_per_session_minute=None if per_minute is None else round(per_minute, 6),
        )


class Fleet(_Answer):
    """One fleet; `estimate` is the wait of a player who came now, in seconds.

    `wanted` streams follow from those taken, those who wait and the `buffer`, between `minimum` and
    `maximum`; `cap` is what the budget allows, and `capped` whether it is less than would be wanted.
    """

    name: str
    streams: int
    ready: int
    available: int
    taken: int
    seats: int
    waiting: int
    wanted: int
    buffer: int
    minimum: int
    maximum: int
    cap: int | None = None
    capped: bool
    gpu_hours_left: float | None = None
    estimate: float | None
    cost: Cost

    @classmethod
    def of(cls, fleet: FleetView, cost: Cost) -> Fleet:
        """Make the answer for a fleet."""
        size = {name: getattr(fleet.size, name) for name in Size.__dataclass_fields__}
        own = {name: getattr(fleet, name) for name in cls.model_fields if name not in {*size, "cost"}}
        return cls(**own, **size, cost=cost)


class Fleets(_Answer):
    """All fleets, by name."""

    fleets: list[Fleet]


class Queue(_Answer):
    """Those who wait, fleet by fleet, first to last, as many as were asked for; `length` counts all."""

    length: int
    waiting: list[Session]


class Health(_Answer):
    """How the matchmaker is.

    `status` is `ok`, `degraded` without its store, or `draining`. `store_lag` and `store_round_trip` are
    seconds: from writing an event to reading it back, and of the last write. `replicas` are those that are
    seen alive, this one among them.
    """

    status: str
    version: str
    store: str
    store_up: bool
    store_lag: float
    store_round_trip: float | None
    replicas: int
    draining: bool
    links: int
    streams: int
    waiting: int
    sockets: int
    warnings: list[str]
