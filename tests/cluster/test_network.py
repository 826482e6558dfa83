"""NetworkPolicies, pod by pod: each way that the components need is open, each other one is shut.

Trap: a way that is shut shows only as silence, so the very same questions are first asked where no policy
stands: what is silent there was never open.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any

import pytest

from tests.cluster.node import host
from tests.cluster.node.kubectl import Kubectl, pod
from tests.cluster.node.pins import pins
from tests.cluster.release import Charts, Release

pytestmark = [pytest.mark.cluster, pytest.mark.timeout(600)]

LISTENING = {
    "router": (8080, 9000),
    "player": (8080,),
    "proxy": (8080,),
    "matchmaker": (3000,),
    "turn-api": (3000,),
    "streamer": (3000,),
}
"""Ports that each component has open to other pods, be they allowed or not."""
INSIDE = ("router", "player", "proxy", "matchmaker", "turn-api", "streamer")
TEST = {"app.kubernetes.io/name": "test", "app.kubernetes.io/instance": "px"}
ALLOWED = {
    ("router", "router", 8080),  # the edge is open to all
    ("router", "player", 8080),
    ("router", "proxy", 8080),
    ("router", "matchmaker", 3000),
    ("proxy", "streamer", 3000),
    ("matchmaker", "streamer", 3000),
    ("streamer", "matchmaker", 3000),
    ("streamer", "turn-api", 3000),
    ("test", "router", 8080),
    ("test", "player", 8080),
    ("test", "proxy", 8080),
    ("test", "matchmaker", 3000),
    ("test", "turn-api", 3000),
    ("stranger", "router", 8080),
}
ASK = """
for target in "$@"; do
  {
    code=0
    curl --silent --output /dev/null --connect-timeout 2 --max-time 4 "http://$target/" || code=$?
    case $code in 7|28) ;; *) echo "$target" ;; esac
  } &
done
wait
"""
"""Prints the targets to which a TCP connection could be made; 7 and 28 are curl's words for none."""


def ask(kubectl: Kubectl, name: str, container: str, targets: list[str]) -> set[str]:
    """Which targets a pod reaches, all asked at once."""
    words = ["exec", name, "--container", container, "--", "sh", "-c", ASK, "ask", *targets]
    return set(kubectl(*words, timeout=60).split())


def idle(name: str, labels: dict[str, str]) -> dict[str, Any]:
    made = pod(name, pins().image_name("kubetools"), ["sleep", "3600"], labels)
    made["spec"]["containers"][0]["name"] = "ask"
    return made


@pytest.fixture(scope="module")
def askers(stack: Release) -> Iterator[dict[str, str]]:
    """A pod of each component, with a container that can ask beside its own; a stranger; a test's."""
    names = {component: stack.pods(component)[0]["metadata"]["name"] for component in INSIDE}
    image = f"--image={pins().image_name('kubetools')}"
    for name in names.values():
        words = ["debug", name, image, "--container=ask", "--profile=restricted", "--", "sleep", "3600"]
        stack.kubectl(*words)
    stack.kubectl.apply(idle("stranger", {"app": "stranger"}), idle("test", TEST))
    stack.kubectl.ready("pod/stranger", "pod/test")
    for name in names.values():
        host.wait(f"container in {name}", partial(runs, stack.kubectl, name), 60)
    yield {**names, "stranger": "stranger", "test": "test"}
    stack.kubectl("delete", "pod", "stranger", "test", "--grace-period=1")


def runs(kubectl: Kubectl, name: str) -> bool:
    found = kubectl.json("get", "pod", name)["status"].get("ephemeralContainerStatuses", [])
    return any("running" in one["state"] for one in found)


def targets(release: Release) -> dict[str, tuple[str, int]]:
    """host:port of the last pod of each component and what it is; those that ask are the first."""
    return {
        f"{release.pods(component)[-1]['status']['podIP']}:{port}": (component, port)
        for component, ports in LISTENING.items()
        for port in ports
    }


def reached(release: Release, askers: dict[str, str]) -> set[tuple[str, str, int]]:
    """Every way that is open, as (from, to, port)."""
    there = targets(release)
    with ThreadPoolExecutor(4) as pool:
        answers = pool.map(lambda name: ask(release.kubectl, name, "ask", list(there)), askers.values())
    return {(who, *there[found]) for who, answer in zip(askers, answers, strict=True) for found in answer}


def test_each_allowed_way_is_open_and_each_other_one_is_shut(stack: Release, askers: dict[str, str]) -> None:
    # A component's only pod asks itself, which no policy is about.
    alone = {(name, name) for name in INSIDE if len(stack.pods(name)) == 1}
    found = {way for way in reached(stack, askers) if way[:2] not in alone}
    assert found - ALLOWED == set(), "ways that ought to be shut"
    assert ALLOWED - found == set(), "ways that ought to be open"


def test_without_the_policies_a_stranger_reaches_every_port_that_was_asked(
    stack: Release, askers: dict[str, str]
) -> None:
    document = stack.kubectl.json("get", "networkpolicies")
    stack.kubectl("delete", "networkpolicies", "--all")
    try:
        wanted = {("stranger", component, port) for component, port in targets(stack).values()}
        only = {"stranger": askers["stranger"]}
        host.wait("open network", lambda: reached(stack, only) == wanted, 60)
    finally:
        stack.kubectl.apply(*[plain(policy) for policy in document["items"]])
    host.wait("shut network", lambda: len(reached(stack, only)) == 1, 60)


KEPT = ("name", "namespace", "labels", "annotations")


def plain(policy: dict[str, Any]) -> dict[str, Any]:
    """A policy as it was applied, without what the server added."""
    kept = {key: value for key, value in policy["metadata"].items() if key in KEPT}
    return {
        "apiVersion": policy["apiVersion"],
        "kind": policy["kind"],
        "metadata": kept,
        "spec": policy["spec"],
    }


def test_a_stream_reaches_the_relays_but_not_the_api_server(stack: Release, askers: dict[str, str]) -> None:
    """A stream runs users' code, so it reaches the two services that it needs, and players' media."""
    api = json.loads(stack.kubectl("get", "endpoints", "kubernetes", "--namespace=default", "--output=json"))
    (subset,) = api["subsets"]
    target = f"{subset['addresses'][0]['ip']}:{subset['ports'][0]['port']}"
    relay = f"{stack.pods('turn')[0]['status']['hostIP']}:3478"
    assert ask(stack.kubectl, askers["streamer"], "ask", [target, relay]) == {relay}
    assert ask(stack.kubectl, askers["matchmaker"], "ask", [target]) == {target}


def test_a_namespace_beside_it_is_not_reached(stack: Release, charts: Charts) -> None:
    """Default deny holds for traffic between releases as well: labels alone, elsewhere, open nothing."""
    with charts.release("beside") as beside:
        name = stack.pods("router")[0]["metadata"]["labels"]
        labels = {key: name[key] for key in ("app.kubernetes.io/name", "app.kubernetes.io/instance")}
        beside.kubectl.apply(idle("impostor", labels))
        beside.kubectl.ready("pod/impostor")
        there = targets(stack)
        found = {there[one] for one in ask(beside.kubectl, "impostor", "ask", list(there))}
        beside.kubectl("delete", "pod", "impostor", "--grace-period=1")
    assert found == {("router", 8080)}
