"""Which streams exist and where: discovery.

Sources tell their streams whole; the directory joins them and tells the store. The trap: an address
is believed only if a source of ours names it (settings, the cluster's EndpointSlices, or the TCP peer
of an old server within its allow-list), never because a message does.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Protocol
from urllib.parse import urlsplit

from pixelstream.apps.streams import ClusterStreams
from pixelstream.kube.streams import Stream, Streams
from pixelstream.matchmaking.model import Known
from pixelstream.settings.kubernetes import Kubernetes
from pixelstream.settings.matchmaker import StreamSettings


@dataclass(frozen=True, slots=True)
class Unmodified:
    """What is known of a signalling server that is Epic's own: its seats, and the URL of its REST API."""

    seats: int = 1
    rest: str | None = None


@dataclass(frozen=True, slots=True)
class Address:
    """One stream.

    Attributes:
        url: of its signalserver's player websocket, without a path of ours.
        public: host:port that may be told to old front ends.
        leased: its signalserver knows leases; without that the join goes to `url` itself.
        offered: new players may be sent there.
        alive: it is seen to serve, by what would tell of its end.
        wilbur: what is to be known of a server that is Epic's own; None for one of ours.
    """

    fleet: str
    url: str
    public: str | None = None
    leased: bool = True
    offered: bool = True
    alive: bool = False
    wilbur: Unmodified | None = None

    @property
    def known(self) -> Known:
        """What the room needs of it."""
        return Known(self.fleet, self.leased, self.offered, self.alive)

    @property
    def host_port(self) -> tuple[str, int]:
        """Host and port of `url`."""
        parts = urlsplit(self.url)
        return parts.hostname or "", parts.port or (443 if parts.scheme == "wss" else 80)


class Discovery(Protocol):
    """A source of streams."""

    name: str

    async def run(self, tell: Callable[[Mapping[str, Address]], None]) -> None:
        """Call `tell` with all streams now and after each change; return when there will be none."""


class Static:
    """The streams that the settings list."""

    name = "static"

    def __init__(self, streams: tuple[StreamSettings, ...]) -> None:
        self._streams = {stream.id: _listed(stream) for stream in streams}

    async def run(self, tell: Callable[[Mapping[str, Address]], None]) -> None:
        """See `Discovery.run`."""
        tell(self._streams)


class Cluster:
    """The streams of a Kubernetes namespace that have signalservers of ours, or those that have Epic's.

    Args:
        wanted: where they are.
        pods: labels of their pods, if these are to be watched as well.
        wilbur: which of the two.

    Attributes:
        pods: the watch on the pods.

    Raises:
        SettingsError: there is no way to the API server.
    """

    def __init__(self, wanted: Kubernetes, pods: str | None = None, *, wilbur: bool = False) -> None:
        self.name = "wilbur" if wilbur else "kubernetes"
        self._wilbur = wilbur
        self._streams = ClusterStreams(wanted, pods)
        self.pods = self._streams.pods

    def warnings(self) -> list[str]:
        """Say why the streams may not be as they were told last, if they may not."""
        return self._streams.warnings()

    async def run(self, tell: Callable[[Mapping[str, Address]], None]) -> None:
        """See `Discovery.run`; while the cluster can't be asked, nothing changes."""

        def take(streams: Streams) -> None:
            wanted = {name: one for name, one in streams.items() if (one.wilbur is not None) is self._wilbur}
            tell({name: _address(one) for name, one in wanted.items()})

        await self._streams.run(take)


class Directory:
    """All streams of all sources; where two name the same id, the first source counts."""

    def __init__(self, changed: Callable[[Mapping[str, Address]], None]) -> None:
        self._changed = changed
        self._sources: dict[str, Mapping[str, Address]] = {}
        self._all: dict[str, Address] = {}

    def tell(self, source: str, streams: Mapping[str, Address]) -> None:
        """Take over all streams of one source."""
        self._sources[source] = dict(streams)
        self._all = {}
        for known in self._sources.values():
            self._all = {**known, **self._all}
        self._changed(self._all)

    def find(self, stream: str) -> Address | None:
        """Return where a stream is."""
        return self._all.get(stream)


def _address(stream: Stream) -> Address:
    wilbur = stream.wilbur
    rest = f"http://{wilbur.rest}" if wilbur and wilbur.rest else None
    return Address(
        stream.fleet,
        f"ws://{stream.address}",
        leased=wilbur is None,
        offered=stream.offered,
        alive=stream.serving,
        wilbur=Unmodified(wilbur.seats, rest) if wilbur else None,
    )


def _listed(stream: StreamSettings) -> Address:
    if stream.kind == "pixelstream":
        return Address(stream.fleet, stream.url, stream.public_address)
    unmodified = Unmodified(stream.seats, stream.rest)
    return Address(stream.fleet, stream.url, stream.public_address, leased=False, wilbur=unmodified)
