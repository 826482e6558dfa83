"""The one link between this machine and the node, and the routes through it.

Trap: pods and services get addresses of ranges that are common in the world; a machine that
already routes them elsewhere is refused rather than cut off.
"""

import ipaddress
import json
from pathlib import Path

from tests.cluster.node.paths import (
    HOST_ADDRESS,
    HOST_LINK,
    LINK_PREFIX,
    NODE_ADDRESS,
    NODE_LINK,
    POD_RANGE,
    SERVICE_RANGE,
)
from tests.cluster.node.shell import CommandError, run

RANGES = [f"{HOST_ADDRESS}/{LINK_PREFIX}", POD_RANGE, SERVICE_RANGE]


def connect(pid: int) -> None:
    """Join this machine to the network namespace of a process, and route pods and services there.

    Raises:
        CommandError: a route of this machine overlaps, or the link could not be made.
    """
    drop()
    taken = overlapping(run(["ip", "-json", "route", "show"]))
    if taken:
        text = f"this machine routes {', '.join(taken)} already, which overlaps {', '.join(RANGES)}"
        raise CommandError(["ip", "route"], 1, text)
    run(["ip", "link", "add", HOST_LINK, "type", "veth", "peer", "name", NODE_LINK, "netns", str(pid)])
    run(["ip", "address", "add", f"{HOST_ADDRESS}/{LINK_PREFIX}", "dev", HOST_LINK])
    run(["ip", "link", "set", HOST_LINK, "up"])
    for destination in (POD_RANGE, SERVICE_RANGE):
        run(["ip", "route", "add", destination, "via", NODE_ADDRESS])


def drop() -> None:
    """Remove the link, and its routes with it; nothing happens when there is none."""
    if exists():
        run(["ip", "link", "delete", HOST_LINK])


def exists() -> bool:
    """Whether the link is there."""
    return Path("/sys/class/net", HOST_LINK).exists()


def overlapping(routes: str) -> list[str]:
    """Destinations in the answer of `ip -json route show` that overlap the cluster's ranges."""
    ours = [ipaddress.ip_network(text, strict=False) for text in RANGES]
    found = []
    for route in json.loads(routes):
        destination = route["dst"]
        if destination == "default":
            continue
        network = ipaddress.ip_network(destination, strict=False)
        if any(network.version == our.version and network.overlaps(our) for our in ours):
            found.append(destination)
    return found
