"""Which relays a cluster has: coturn's pods, with the addresses of the nodes that they are on.

A pod is reached where its own annotation says. Without one, a pod on the host network is reached where its
node is: by the node's annotation, its external address, else its internal one. The trap: a relay must
leave the answers before it ends, so a pod that is told to end, or on a node that takes no more pods or
is about to be taken away, counts as draining at once, whatever its readiness says.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

from pixelstream.kube.client import NODES, PODS, Client, Object
from pixelstream.kube.watch import Fault, Watch
from pixelstream.turn.hosts import host
from pixelstream.turn.pool import Relay, RelayState

ANNOTATION = "pixelstream.io/turn-address"
"""Annotation of a pod or a node that names the address by which clients reach the relay."""
ZONE = "topology.kubernetes.io/zone"
PORTS = {"turn-udp": "udp", "turn-tcp": "tcp", "turn-tls": "tls"}
"""Names of the container's ports, and what `Relay` calls them."""
PREFERRED = ("ExternalIP", "InternalIP")
LEAVING = {
    "ToBeDeletedByClusterAutoscaler",
    "karpenter.sh/disrupted",
    "karpenter.sh/disruption",
    "node.kubernetes.io/out-of-service",
}
"""Taints of nodes that autoscalers and operators are about to take away, with or without a cordon."""
_RANK = {RelayState.UNREADY: 0, RelayState.DRAINING: 1, RelayState.OFFERED: 2}


@dataclass(frozen=True, slots=True)
class Pod:
    """What is read of coturn's pod; `ports` are those of `PORTS` that it has, `named` is its annotation."""

    named: str | None
    node: str
    ready: bool
    ending: bool
    on_host: bool
    host_address: str | None
    ports: tuple[tuple[str, int], ...]


@dataclass(frozen=True, slots=True)
class Node:
    """What is read of a node; `closed`: it takes no more pods; `addresses` are to be tried in this order."""

    ready: bool
    closed: bool
    addresses: tuple[str, ...]
    zone: str | None


def read_pod(one: Object) -> Pod | None:
    """Read a pod; None for one that isn't on a node yet."""
    spec, status = one["spec"], one.get("status") or {}
    if not spec.get("nodeName"):
        return None
    ports = [
        (PORTS[port["name"]], port["containerPort"])
        for container in spec["containers"]
        for port in container.get("ports") or ()
        if port.get("name") in PORTS
    ]
    return Pod(
        named=_annotation(one["metadata"], ANNOTATION),
        node=spec["nodeName"],
        ready=_is_ready(status),
        ending="deletionTimestamp" in one["metadata"],
        on_host=bool(spec.get("hostNetwork")),
        host_address=status.get("hostIP"),
        ports=tuple(ports),
    )


def read_node(one: Object, annotation: str = ANNOTATION) -> Node:
    """Read a node, whose `annotation` may name its address."""
    meta, status = one["metadata"], one.get("status") or {}
    found = status.get("addresses") or ()
    listed = [entry["address"] for kind in PREFERRED for entry in found if entry["type"] == kind]
    named = _annotation(meta, annotation)
    return Node(
        ready=_is_ready(status),
        closed=_is_closed(one.get("spec") or {}),
        addresses=tuple(filter(None, (named, *listed))),
        zone=(meta.get("labels") or {}).get(ZONE),
    )


def relays_of(pods: Iterable[Pod], nodes: Mapping[str, Node], address: str | None = None) -> list[Relay]:
    """Return the relays that clients could reach, in the order of zones and addresses, each with its state.

    Args:
        pods: coturn's.
        nodes: by name.
        address: where pods are reached that aren't on the host network and have no annotation; without it
            they are left out.
    """
    found: dict[tuple[Any, ...], Relay] = {}
    for pod in pods:
        node = nodes.get(pod.node)
        place = _place(pod, node, address)
        if node is None or place is None or not pod.ports:
            continue
        ports = dict(pod.ports)
        udp, tcp, tls = (ports.get(transport) for transport in PORTS.values())
        draining, ready = pod.ending or node.closed, pod.ready and node.ready
        relay = Relay(place, udp, tcp, tls, draining=draining, zone=node.zone, ready=ready)
        known = found.get((place, udp, tcp, tls))
        # A pod's successor may be there before it has ended, and one that can't start yet says little.
        if known is None or _RANK[relay.state] > _RANK[known.state]:
            found[place, udp, tcp, tls] = relay
    return sorted(found.values(), key=lambda relay: (relay.zone or "", relay.host))


class RelayWatch:
    """The relays of one namespace.

    Args:
        client: of the API server.
        namespace: where coturn's pods are.
        selector: their labels.
        address: see `relays_of`.
        annotation: of nodes, that names their address.
    """

    def __init__(
        self,
        client: Client,
        namespace: str,
        selector: str,
        *,
        address: str | None = None,
        annotation: str = ANNOTATION,
    ) -> None:
        self._pods = Watch(client, PODS, read_pod, namespace=namespace, selector=selector)
        self._nodes = Watch(client, NODES, partial(read_node, annotation=annotation))
        self._address = address

    @property
    def current(self) -> bool:
        """Whether the last list is how things are now."""
        return self._pods.current and self._nodes.current

    async def run(self, tell: Callable[[list[Relay]], None], fault: Fault) -> None:
        """Tell all relays once they are known and after each change, until cancelled; see `Watch.run`."""
        pods: list[Pod] = []
        nodes: dict[str, Node] = {}
        listed: set[str] = set()

        def both(kind: str) -> None:
            listed.add(kind)
            if len(listed) == 2:  # noqa: PLR2004 - pods and nodes
                tell(relays_of(pods, nodes, self._address))

        def take_pods(found: Mapping[str, Pod]) -> None:
            pods[:] = found.values()
            both("pods")

        def take_nodes(found: Mapping[str, Node]) -> None:
            nodes.clear()
            nodes.update({key.rpartition("/")[2]: node for key, node in found.items()})
            both("nodes")

        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._pods.run(take_pods, fault))
            tasks.create_task(self._nodes.run(take_nodes, fault))


def _is_ready(status: dict[str, Any]) -> bool:
    conditions = status.get("conditions") or ()
    return any(one["type"] == "Ready" and one["status"] == "True" for one in conditions)


def _is_closed(spec: dict[str, Any]) -> bool:
    taints = {taint.get("key") for taint in spec.get("taints") or ()}
    return bool(spec.get("unschedulable")) or not LEAVING.isdisjoint(taints)


def _annotation(meta: dict[str, Any], name: str) -> str | None:
    return (meta.get("annotations") or {}).get(name)


def _place(pod: Pod, node: Node | None, address: str | None) -> str | None:
    """The first address that may stand in a URL."""
    there = (*(node.addresses if node else ()), pod.host_address) if pod.on_host else (address,)
    for text in filter(None, (pod.named, *there)):
        try:
            return host(text)
        except ValueError:
            continue
    return None
