"""An upgrade ends no session; an uninstallation leaves nothing.

Trap: the previous chart is the previous commit's, with the images of this one, since its own were never
published; changed annotations stand in for changed images, and replace every pod that a release would.
"""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from pixelstream.cli.cluster.helm import CHECKOUT
from pixelstream.cli.stack import browser
from tests.cluster.node import build, host
from tests.cluster.node.kubectl import Kubectl
from tests.cluster.release import BESIDE, Charts, Release, play, still_plays

pytestmark = [pytest.mark.cluster, pytest.mark.timeout(900)]

ROLLED = ("router", "player", "matchmaker", "proxy", "streamer", "turn-api")
IGNORED = ("event/", "event.events.k8s.io/", "lease.coordination.k8s.io/")


@pytest.fixture
def release(charts: Charts) -> Iterator[Release]:
    with charts.release("upgrade") as made:
        yield made


@pytest.fixture
def previous(tmp_path: Path) -> Path:
    """The chart as the commit before this one had it."""
    repository = CHECKOUT.parents[1]
    words = ["git", "-C", str(repository), "archive", "HEAD~1", "charts"]
    packed = subprocess.run(words, check=True, capture_output=True).stdout
    subprocess.run(["tar", "x", "-C", str(tmp_path)], input=packed, check=True)
    return tmp_path / "charts" / "pixelstream"


def uids(release: Release, component: str = "") -> set[str]:
    return {pod["metadata"]["uid"] for pod in release.pods(component)}


async def test_changed_numbers_of_streams_replace_no_pod_and_end_no_session(stack: Release) -> None:
    before = uids(stack)
    others = before - uids(stack, "streamer")
    sized: dict[str, Any] = {"streamer": {"fleets": {"default": {"replicas": 3}}}}
    async with stack.way("service/px-router", 80) as address, browser.browser() as chromium:
        page = await play(chromium, f"http://{address}/")
        await stack.deploy(sized)
        assert before <= uids(stack)
        assert len(uids(stack, "streamer")) == 3
        await still_plays(page)
        await stack.deploy()
        await still_plays(page)
    assert uids(stack) - uids(stack, "streamer") == others


async def test_a_session_survives_the_upgrade_from_the_previous_chart(
    release: Release, previous: Path
) -> None:
    await release.deploy(BESIDE, chart=previous)
    before = {component: uids(release, component) for component in ROLLED}
    marked = {component: {"podAnnotations": {"example.org/release": "next"}} for component in ROLLED}
    async with release.way("service/px-router", 80) as address, browser.browser() as chromium:
        page = await play(chromium, f"http://{address}/")
        held = {stream["id"] for stream in (await release.seats()).streams if stream["taken"]}
        await release.deploy({**BESIDE, **marked})
        for component in ROLLED:
            assert not before[component] & uids(release, component), component
        await still_plays(page)
        (name,) = held
        assert release.kubectl.json("get", "pod", name)["metadata"]["deletionTimestamp"]
        await page.close(run_before_unload=True)
        host.wait("drained stream", lambda: not release.kubectl.succeeds("get", "pod", name), 60)


def leftovers(kubectl: Kubectl, namespace: str) -> set[str]:
    """All objects in a namespace, and those of the whole cluster that name it."""
    kinds = kubectl("api-resources", "--verbs=list", "--namespaced=true", "--output=name").split()
    inside = kubectl("get", ",".join(kinds), "--namespace", namespace, "--output=name").split()
    kinds = kubectl("api-resources", "--verbs=list", "--namespaced=false", "--output=name").split()
    wide = kubectl("get", ",".join(kinds), "--output=name").split()
    found = [name for name in inside if not name.startswith(IGNORED)]
    return {*found, *(name for name in wide if namespace in name and not name.startswith("namespace/"))}


def marks(kubectl: Kubectl) -> list[tuple[Any, Any]]:
    """Labels and taints of all nodes."""
    nodes = kubectl.json("get", "nodes")["items"]
    return [(node["metadata"]["labels"], node["spec"].get("taints")) for node in nodes]


async def test_an_uninstallation_leaves_no_object_behind(release: Release, kubectl: Kubectl) -> None:
    before = leftovers(kubectl, release.place.namespace)
    await release.deploy(BESIDE)
    assert leftovers(kubectl, release.place.namespace) > before
    await release.undeploy()
    assert leftovers(kubectl, release.place.namespace) == before


TAINTED: dict[str, Any] = {
    **{name: {"enabled": False} for name in ("router", "player", "matchmaker", "proxy", "streamer")},
    "turn-api": {"tolerations": [{"key": "app.pixel/turn", "operator": "Exists"}]},
    "turn": {**BESIDE["turn"], "taint": {"enabled": True}},
}


@pytest.mark.parametrize("program", ["helm", "helm3"])
async def test_an_uninstallation_takes_away_the_taint_that_the_pool_gave_its_nodes(
    release: Release, kubectl: Kubectl, monkeypatch: pytest.MonkeyPatch, program: str
) -> None:
    monkeypatch.setenv("PIXELSTREAM_HELM", str(build.program(program)))
    before = marks(kubectl), leftovers(kubectl, release.place.namespace)
    await release.deploy(TAINTED)
    (_, taints), *_others = marks(kubectl)
    assert {"key": "app.pixel/turn", "value": "true", "effect": "NoSchedule"} in taints
    await release.undeploy()
    assert (marks(kubectl), leftovers(kubectl, release.place.namespace)) == before
