"""Pods pass the restricted Pod Security Standard where the API server itself enforces it.

Trap: admission looks at pods, not at what makes them, so a Deployment is taken and its pods are not; what
counts is that the pods are there.
"""

from __future__ import annotations

import base64
import json
import secrets
import subprocess
from collections.abc import Iterator
from typing import Any

import pytest
import yaml

from pixelstream.cli.cluster.helm import CHECKOUT
from pixelstream.cli.stack import browser
from tests.cluster.node.shell import CommandError
from tests.cluster.release import BESIDE, RESTRICTED, Charts, Release, play

pytestmark = [pytest.mark.cluster, pytest.mark.timeout(600)]


@pytest.fixture
def restricted(charts: Charts) -> Iterator[Release]:
    with charts.release("restricted", RESTRICTED) as made:
        yield made


@pytest.fixture
def relays(charts: Charts) -> Iterator[Release]:
    with charts.release("relays") as made:
        yield made


def case(address: str) -> dict[str, Any]:
    """The case `restricted` of the charts, whose relays are behind a Service's address."""
    values: dict[str, Any] = yaml.safe_load((CHECKOUT / "ci" / "restricted-values.yaml").read_text())
    values["turn"]["externalAddress"] = address
    return values


async def test_the_restricted_case_plays_in_a_namespace_that_enforces_restricted(
    restricted: Release,
) -> None:
    await restricted.deploy(case("203.0.113.7"))
    service = restricted.kubectl.json("get", "service", "px-turn")
    # The address of a load balancer that leads to the relay, known only once there is one.
    await restricted.deploy(case(service["spec"]["clusterIP"]))
    async with restricted.way("service/px-router", 80) as address, browser.browser() as chromium:
        page = await play(chromium, f"http://{address}/")
        seen = await browser.stats(page)
    # The stream sees the relay's packets come from its pod, which is not the address that was offered.
    assert seen["candidatePair"] in {"relay", "prflx"}
    assert {pod["spec"].get("hostNetwork", False) for pod in restricted.pods()} == {False}


async def test_helm_test_passes_there_as_well(restricted: Release) -> None:
    await restricted.deploy(case("203.0.113.7"))
    assert "ok: a stream gave its seat" in await restricted.test()


def keys() -> dict[str, Any]:
    """The keys of two releases that belong together, as a Secret."""
    lease = base64.urlsafe_b64encode(secrets.token_bytes(32)).decode().rstrip("=")
    data = {name: secrets.token_urlsafe(32) for name in ("control-key", "turn-secret", "streamer-token")}
    data["lease-keys"] = json.dumps({"keys": [{"kid": "1", "k": lease}]})
    return {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "keys"}, "stringData": data}


def beyond(release: Release, way: str) -> dict[str, Any]:
    """Values that let a component speak with the namespace of another release at port 3000."""
    peer = {"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": release.place.namespace}}}
    rule = {"from" if way == "extraIngress" else "to": [peer], "ports": [{"protocol": "TCP", "port": 3000}]}
    return {"networkPolicy": {way: [rule]}}


async def test_relays_on_the_nodes_network_serve_from_a_namespace_of_their_own(
    restricted: Release, relays: Release
) -> None:
    secret = keys()
    for release in (restricted, relays):
        release.kubectl.apply(secret)
    shared = {"existingSecret": "keys"}
    others = ("router", "player", "matchmaker", "proxy", "streamer", "telemetry")
    pool = {**BESIDE, **{name: {"enabled": False} for name in others}, "global": shared}
    await relays.deploy({**pool, "turn-api": beyond(restricted, "extraIngress")})
    ice = {"turnApi": f"http://px-turn-api.{relays.place.namespace}:3000"}
    streamer = {**beyond(relays, "extraEgress"), "signalserver": {"config": {"ice": ice}}}
    off = {"turn": {"enabled": False}, "turn-api": {"enabled": False}}
    await restricted.deploy({**off, "global": shared, "streamer": streamer})
    async with restricted.way("service/px-router", 80) as address, browser.browser() as chromium:
        page = await play(chromium, f"http://{address}/")
        seen = await browser.stats(page)
    assert seen["candidatePair"] == "relay"


def test_of_an_installation_without_values_only_the_relays_need_more_than_restricted(stack: Release) -> None:
    """The server says which pods of a namespace a stricter label would refuse; that label is not set."""
    name = stack.place.namespace
    label = "pod-security.kubernetes.io/enforce=restricted"
    words = ["label", "--dry-run=server", "--overwrite", "namespace", name, label]
    done = subprocess.run([*stack.kubectl._start, *words], check=True, capture_output=True, text=True)
    complaints = [line for line in done.stderr.splitlines() if line.startswith("Warning: px-")]
    assert [line for line in complaints if not line.startswith("Warning: px-turn-")] == []
    assert any("host namespaces" in line for line in complaints)


def test_a_pod_that_asks_for_more_is_refused(restricted: Release) -> None:
    spec = {"containers": [{"name": "x", "image": "x:1"}], "hostNetwork": True}
    pod = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "x"}, "spec": spec}
    with pytest.raises(CommandError, match="violates PodSecurity"):
        restricted.kubectl.apply(pod)
