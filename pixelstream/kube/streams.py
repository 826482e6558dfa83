"""Which streams a cluster has: the pods behind its discovery Services, as EndpointSlices tell.

A Service's labels stand on its slices, so one selector finds those of all fleets. The traps: a pod may
stand in two slices for a moment and in one for each address family for ever; a missing condition means
yes for `ready`, no for `terminating`; and `ready` is always true where a Service publishes pods that
aren't, so `serving` is what counts.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from pixelstream.kube.client import SLICES, Client, Object
from pixelstream.kube.watch import Fault, Watch

FLEET = "pixelstream.io/fleet"
"""Label of a slice that names the fleet of its pods."""
PORT_NAME, PORT = "http", 3000
"""The players' port, by name; the number where a slice names no ports."""
SIGNALLING, WILBUR = "pixelstream.io/signalling", "wilbur"
"""Label of a slice, and its value where the pods' signalling server is Epic's own, unmodified.

Labels, since a Service's annotations don't come with its slices.
"""
SEATS, REST = "pixelstream.io/seats", "pixelstream.io/rest"
"""Labels of such a slice: how many players a pod takes, and `false` where it has no REST API."""
REST_PORT = "rest"
"""Name of the port of the REST API; by default that is the players' port."""
FAMILIES = ("IPv4", "IPv6")


@dataclass(frozen=True, slots=True)
class Wilbur:
    """What the labels of an unmodified server say: its seats, and host:port of its REST API if it has one."""

    seats: int
    rest: str | None


@dataclass(frozen=True, slots=True)
class Stream:
    """One stream's pod.

    Attributes:
        fleet: what its Service says that it belongs to.
        address: host:port of its signalserver, an IPv6 host in brackets.
        serving: it is ready, even if it is about to end.
        terminating: it has been told to end.
        uid: of the pod; a new pod of the same name has another.
        wilbur: what is to be known of a server that is Epic's own; None for one of ours.
    """

    fleet: str
    address: str
    serving: bool
    terminating: bool
    uid: str = ""
    wilbur: Wilbur | None = None

    @property
    def offered(self) -> bool:
        """Whether new players may be sent there."""
        return self.serving and not self.terminating


@dataclass(frozen=True, slots=True)
class Slice:
    """What one EndpointSlice says: its family, and its pods by name."""

    family: str
    pods: tuple[tuple[str, Stream], ...]


Streams = Mapping[str, Stream]


def read_slice(one: Object) -> Slice | None:
    """Read an EndpointSlice; None for one of names instead of addresses."""
    family = one["addressType"]
    if family not in FAMILIES:
        return None
    labels, ports = one["metadata"].get("labels") or {}, one.get("ports") or ()
    pods = [
        (target["name"], _stream(endpoint, labels, ports))
        for endpoint in one.get("endpoints") or ()
        if (target := endpoint.get("targetRef") or {}).get("kind") == "Pod" and endpoint.get("addresses")
    ]
    return Slice(family, tuple(pods))


def join(slices: Iterable[Slice]) -> dict[str, Stream]:
    """Return the streams of all slices by their id, which is the pod's name; IPv4 goes before IPv6.

    Of a pod that stands in several slices, the word that keeps players away counts.
    """
    found: dict[str, Stream] = {}
    for one in sorted(slices, key=lambda one: FAMILIES.index(one.family)):
        for name, stream in one.pods:
            known = found.get(name)
            if known is None or (known.address == stream.address and known.offered and not stream.offered):
                found[name] = stream
    return found


class StreamWatch:
    """The streams of one namespace.

    Args:
        client: of the API server.
        namespace: where the Services are.
        selector: their labels, such as `pixelstream.io/discovery=true`.
    """

    def __init__(self, client: Client, namespace: str, selector: str) -> None:
        self._watch = Watch(client, SLICES, read_slice, namespace=namespace, selector=selector)

    @property
    def current(self) -> bool:
        """Whether the last list is how things are now."""
        return self._watch.current

    async def run(self, tell: Callable[[Streams], None], fault: Fault) -> None:
        """Tell all streams once they are known and after each change, until cancelled; see `Watch.run`."""
        await self._watch.run(lambda slices: tell(join(slices.values())), fault)


def _ports(ports: Iterable[dict[str, Any]]) -> dict[str, int]:
    return {one.get("name") or "": int(one["port"]) for one in ports if one.get("port")}


def _stream(endpoint: dict[str, Any], labels: Mapping[str, str], ports: Iterable[dict[str, Any]]) -> Stream:
    conditions = endpoint.get("conditions") or {}
    ready, serving = conditions.get("ready"), conditions.get("serving")
    numbers = _ports(ports)
    port, host = numbers.get(PORT_NAME, PORT), endpoint["addresses"][0]
    host = f"[{host}]" if ":" in host else host
    return Stream(
        fleet=labels.get(FLEET, "default"),
        address=f"{host}:{port}",
        serving=(ready is not False) if serving is None else bool(serving),
        terminating=bool(conditions.get("terminating")),
        uid=endpoint["targetRef"].get("uid") or "",
        wilbur=_wilbur(labels, f"{host}:{numbers.get(REST_PORT, port)}"),
    )


def _wilbur(labels: Mapping[str, str], rest: str) -> Wilbur | None:
    """Raises ValueError for seats that are no number."""
    if labels.get(SIGNALLING) != WILBUR:
        return None
    return Wilbur(max(1, int(labels.get(SEATS, "1"))), None if labels.get(REST) == "false" else rest)
