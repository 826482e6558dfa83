"""Metrics of the signalserver: the names of the original with right values, and what it lacked.

The trap: nothing on the path of a relayed message touches prometheus-client; the relay counts in
plain ints, and `Levels` and tallies are read when somebody scrapes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import partial
from typing import TypeVar

from prometheus_client import CollectorRegistry, Counter, Histogram
from prometheus_client.metrics_core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from pixelstream.metrics.common import Counted, Tally
from pixelstream.protocol.control import EndedReason, SeatState
from pixelstream.relay.counts import Counts
from pixelstream.relay.vocabulary import Phase, Role

_K = TypeVar("_K", bound=StrEnum)

STEPS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)
"""Seconds: a step of set-up takes milliseconds on a good day and seconds on a bad one."""
VISITS = (10.0, 30.0, 60.0, 300.0, 900.0, 1800.0, 3600.0, 7200.0, 14400.0, 28800.0)
"""Seconds: from a glance to a working day."""
ANSWERS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0)
"""Seconds: turn-api is near and has a deadline of one second by default."""


class LeaseFault(StrEnum):
    """Why a lease admitted nobody."""

    MALFORMED = "malformed"
    UNKNOWN_KEY = "unknown_key"
    FORGED = "forged"
    EXPIRED = "expired"
    FOREIGN = "foreign"
    OUTRUN = "outrun"


class Call(StrEnum):
    """How a call of a player to the streamer's REST API ended."""

    OK = "ok"
    STATUS = "status"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Levels:
    """What is so at the moment of a scrape."""

    players: int
    streamers: int
    sfus: int
    streaming: int
    matchmaker: bool
    seats: int
    taken: int
    resetting: int
    draining: bool
    sessions: dict[SeatState, int]


class SignalserverMetrics:
    """Every series of the signalserver; all exist from the start.

    Args:
        registry: of the running service.
        levels: read at each scrape.
        counts: the relay's own counters, read at each scrape.
        ice_sources: where an ICE configuration may come from.
    """

    def __init__(
        self,
        registry: CollectorRegistry,
        *,
        levels: Callable[[], Levels],
        counts: Callable[[], Counts],
        ice_sources: Iterable[StrEnum],
    ) -> None:
        self._registry = registry
        registry.register(_Gauges(levels))
        for name, text, label, read in _COUNTED:
            Counted(name, text, label, partial(_read, counts, read), registry)
        self.lease_faults = Tally(
            "signalserver_lease_faults", "Leases that admitted nobody", "code", LeaseFault, registry
        )
        self.renewals = Counter(
            "pixelstream_lease_renewals", "Leases renewed for players that are here", registry=registry
        )
        self.ice = Tally(
            "signalserver_ice_configs", "ICE configurations handed out", "source", ice_sources, registry
        )
        self.slow = Tally(
            "signalserver_slow_peers", "Times that a peer read too slowly", "role", Role, registry
        )
        self.calls = Tally(
            "signalserver_control_calls", "Calls to the streamer's REST API", "result", Call, registry
        )
        self.turn_api = Histogram(
            "signalserver_turn_api_seconds",
            "Time until turn-api answered",
            registry=registry,
            buckets=ANSWERS,
        )
        self.steps = self._by(
            Phase, "signalserver_phase_seconds", "Time from the phase before", "phase", STEPS
        )
        self.since_open = self._by(
            Phase, "signalserver_phase_since_open_seconds", "Time from the player's socket", "phase", STEPS
        )
        self.visits = self._by(
            EndedReason, "signalserver_visit_seconds", "How long players stayed", "reason", VISITS
        )

    def _by(
        self, keys: type[_K], name: str, text: str, label: str, buckets: tuple[float, ...]
    ) -> dict[_K, Histogram]:
        family = Histogram(name, text, [label], registry=self._registry, buckets=buckets)
        return {key: family.labels(key.value) for key in keys}


_Read = Callable[[Counts], Mapping[str, int]]

_COUNTED: tuple[tuple[str, str, str, _Read], ...] = (
    ("signalserver_messages", "Messages passed from peer to peer", "type", lambda counts: counts.relayed),
    ("signalserver_drops", "Messages that went nowhere", "reason", lambda counts: _named(counts.dropped)),
    (
        "signalserver_refusals",
        "Players turned away at the door",
        "reason",
        lambda counts: _named(counts.refused),
    ),
    (
        "pixelstream_reset",
        "Resets of the streamer between players",
        "outcome",
        lambda counts: _named(counts.resets),
    ),
)


def _read(counts: Callable[[], Counts], read: _Read) -> Mapping[str, int]:
    return read(counts())


def _named(counts: Mapping[_K, int]) -> dict[str, int]:
    return {key.value: count for key, count in counts.items()}


class _Gauges(Collector):
    """What is so at the moment; the first six names are the original's."""

    def __init__(self, levels: Callable[[], Levels]) -> None:
        self._levels = levels

    def describe(self) -> Iterator[Metric]:
        """Name nothing: each scrape makes the same families."""
        return iter(())

    def collect(self) -> Iterator[Metric]:
        """Make the series of a scrape."""
        now = self._levels()
        for name, text, value in _rows(now):
            yield GaugeMetricFamily(f"signalserver_{name}", text, float(value))
        sessions = GaugeMetricFamily("signalserver_sessions", "Leased seats by state", labels=["state"])
        for state in SeatState:
            sessions.add_metric([state.value], now.sessions.get(state, 0))
        yield sessions


def _rows(now: Levels) -> Iterator[tuple[str, str, int]]:
    free = now.streaming > 0 and not now.taken and not now.draining
    yield "player_socket_connections", "Player websockets that are open", now.players
    yield "stream_socket_connections", "Streamer websockets that are open", now.streamers
    yield "stream_socket_open_indicator", "1 while a streamer is attached", now.streamers > 0
    yield "matchmaker_socket_open_indicator", "1 while the control link is open", now.matchmaker
    yield "free_stream_indicator", "1 while a streamer is attached and nobody has a seat", free
    yield (
        "stream_allocated",
        "1 while a seat is taken: reserved, connected, away or held for a reset",
        now.taken > 0,
    )
    yield "sfu_socket_connections", "SFU websockets that are open", now.sfus
    yield "streamers_streaming", "Streamers that players can subscribe to", now.streaming
    yield "seats", "Players that may be here at once", now.seats
    yield "seats_taken", "Seats that are reserved, connected or away, or held for a reset", now.taken
    yield "seats_resetting", "Seats that are held while the streamer is reset", now.resetting
    yield "draining", "1 while no new player is let in", now.draining
