"""The stream plays through each kind of edge over TLS: the chart's own Traefik, a Gateway, an Ingress.

Trap: the edge in front of an Ingress or a Gateway is the cluster's and lives elsewhere, so the policies of
the release must be told of it, as a user's are.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import httpx
import pytest

from pixelstream.cli.cluster import kubectl as cli
from pixelstream.cli.stack import browser
from tests.cluster import edge
from tests.cluster.node.kubectl import Kubectl
from tests.cluster.release import BESIDE, Charts, Release, play

pytestmark = [pytest.mark.cluster, pytest.mark.timeout(600)]

SECRET = "stream-tls"
TLS: dict[str, Any] = {"enabled": True, "existingSecret": SECRET}


@pytest.fixture(scope="module")
def certificate() -> edge.Certificate:
    return edge.Certificate()


@pytest.fixture(scope="module")
def controller(charts: Charts, certificate: edge.Certificate) -> Iterator[Kubectl]:
    with edge.gateway_api(charts.kubectl), edge.controller(charts.kubectl, certificate) as inside:
        yield inside


@pytest.fixture(scope="module")
def release(charts: Charts, certificate: edge.Certificate) -> Iterator[Release]:
    with charts.release("router") as made:
        made.kubectl.apply(certificate.secret(SECRET))
        yield made


def values(kind: str, controller: Kubectl) -> dict[str, Any]:
    """Values of a release behind an edge of that kind."""
    outside = {"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": controller.namespace}}}
    router: dict[str, Any] = {"kind": kind, "host": edge.HOST}
    match kind:
        case "traefik":
            return {**BESIDE, "router": {**router, "tls": TLS}}
        case "ingress":
            router |= {"tls": TLS, "ingress": {"className": edge.CLASS}}
        case "gateway":
            parent = {"name": "edge", "namespace": controller.namespace, "sectionName": "websecure"}
            router |= {"tls": {"enabled": True}, "gateway": {"parentRef": parent}}
    return {**BESIDE, "router": router, "global": {"networkPolicy": {"edge": [outside]}}}


def front(kind: str, release: Release, controller: Kubectl) -> tuple[cli.Kubectl, str, int]:
    """Where the edge is: kubectl of its namespace, the object, and its port for TLS."""
    if kind == "traefik":
        return cli.Kubectl(release.place), "service/px-router", 443
    place = replace(release.place, namespace=controller.namespace)
    return cli.Kubectl(place), "deployment/traefik", 8443


async def page(port: int, certificate: edge.Certificate) -> httpx.Response:
    """The page as whoever knows the authority gets it; an edge that learns its routes is asked again."""
    async with (
        httpx.AsyncClient(verify=certificate.context(), trust_env=False) as client,
        asyncio.timeout(60),
    ):
        while True:
            try:
                answer = await client.get(
                    f"https://127.0.0.1:{port}/",
                    headers={"Host": edge.HOST},
                    extensions={"sni_hostname": edge.HOST},
                )
            except httpx.TransportError:
                await asyncio.sleep(0.5)  # the certificate comes with the routes
                continue
            if answer.status_code == httpx.codes.OK:
                return answer
            await asyncio.sleep(0.5)


@pytest.mark.parametrize("kind", ["traefik", "gateway", "ingress"])
async def test_the_stream_plays_over_tls_through(
    kind: str, release: Release, controller: Kubectl, certificate: edge.Certificate
) -> None:
    await release.deploy(values(kind, controller))
    kubectl, target, port = front(kind, release, controller)
    async with kubectl.forward(target, port) as local:
        answer = await page(local, certificate)
        assert "<html" in answer.text.lower()
        async with browser.browser(*certificate.flags()) as chromium:
            shown = await play(chromium, f"https://{edge.HOST}:{local}/")
            assert await shown.evaluate("window.isSecureContext")
            seen = await browser.stats(shown)
    assert seen["candidatePair"] == "relay"
    assert len(release.pods("router")) == (2 if kind == "traefik" else 0)
