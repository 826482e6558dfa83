"""Where a person finds the page, or what to type for a way to it.

The trap: a LoadBalancer's address comes minutes after the release, or never where nothing gives one out,
so a port-forward is always among the answers.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from pixelstream.cli.cluster.parts import Object
from pixelstream.cli.cluster.place import Place
from pixelstream.cli.cluster.values import Values, pick

LOCAL_PORT = 8080


@dataclass(frozen=True)
class Address:
    """The page.

    Attributes:
        url: what to open; empty when that isn't known.
        words: what else to say: what to type first, or who must route.
    """

    url: str
    words: str = ""

    def __str__(self) -> str:
        return "\n".join(part for part in (self.words, self.url) if part)


def address(place: Place, values: Values, services: Iterable[Object]) -> Address:
    """The page's address, from the release's values and Services."""
    router = pick(values, "router") or {}
    kind, path = router.get("kind", "traefik"), router.get("path", "/")
    scheme = "https" if pick(router, "tls", "enabled") else "http"
    if not router.get("enabled", True) or kind == "none":
        return Address("", "no router was asked for: route page, matchmaker and proxy yourself")
    if router.get("host"):
        return Address(f"{scheme}://{router['host']}{path}")
    if kind != "traefik":
        return Address("", f"at the address of your {kind}, path {path}")
    found = [service for service in services if _is_router(service)]
    outside = [
        entry for service in found for entry in pick(service, "status", "loadBalancer", "ingress") or []
    ]
    if outside:
        return Address(f"{scheme}://{outside[0].get('hostname') or outside[0].get('ip')}{path}")
    name = found[0]["metadata"]["name"] if found else f"{place.release}-router"
    port = 443 if scheme == "https" else 80
    command = f"kubectl --namespace {place.namespace} port-forward service/{name} {LOCAL_PORT}:{port}"
    return Address(
        f"{scheme}://localhost:{LOCAL_PORT}{path}", f"no load balancer gives it an address; type\n{command}"
    )


def _is_router(service: Object) -> bool:
    return bool(pick(service, "metadata", "labels", "app.kubernetes.io/name") == "router")
