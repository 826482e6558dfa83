"""A release of the charts in a namespace of its own, driven through the code of `pixelstream deploy`.

Trap: coturn takes ports of the node itself, so of releases with a TURN pool on the host's network only one
at a time gets it running.
"""

from __future__ import annotations

import asyncio
import itertools
import os
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from playwright.async_api import Browser, Page

from pixelstream.cli import deploy, undeploy
from pixelstream.cli.cluster import kubectl as cli
from pixelstream.cli.cluster.helm import CHECKOUT, Helm
from pixelstream.cli.cluster.place import Place
from pixelstream.cli.cluster.rollout import Outcome
from pixelstream.cli.cluster.seats import Seats, reader
from pixelstream.cli.stack import browser
from tests.cluster.node import build, host, provider
from tests.cluster.node.kubectl import Kubectl

IMAGES = ("pixelstream", "player", "kubetools", "nginx", "coturn", "traefik")
NAME = "px"
_numbers = itertools.count(1)
SECONDS = 240.0
PLAYING_SECONDS = 60.0
RESTRICTED = {"pod-security.kubernetes.io/enforce": "restricted"}
BESIDE: dict[str, Any] = {"turn": {"ports": {"listen": 13478, "metrics": 0}}}
"""Values for a release whose relays have ports of their own, beside those of another on the same node."""


@dataclass
class Release:
    """A release, there or not yet.

    Attributes:
        place: where, for the command line's code.
        kubectl: of its namespace, for the tests.
        began: when its first deployment began, on the clock `time.monotonic`.
        served: when that had a free stream.
    """

    place: Place
    kubectl: Kubectl
    began: float = 0.0
    served: float = 0.0

    async def deploy(self, values: dict[str, Any] | None = None, chart: Path = CHECKOUT) -> Outcome:
        """Install or upgrade, and wait until it serves; if it doesn't, fail with the reasons."""
        began = time.monotonic()
        outcome, _ = await deploy.run(self.place, str(chart), values or {}, SECONDS)
        assert outcome.ready, "\n".join(outcome.why)
        if not self.began:
            self.began, self.served = began, time.monotonic()
        return outcome

    async def undeploy(self) -> None:
        """Uninstall, without waiting for players."""
        await undeploy.run(self.place, now=True, seconds=120)

    async def test(self) -> str:
        """What `helm test` logs."""
        return await Helm(self.place).test(seconds=180)

    @asynccontextmanager
    async def way(self, target: str, port: int) -> AsyncIterator[str]:
        """host:port of this machine that leads to a Service or pod, as for people without a load balancer."""
        async with cli.Kubectl(self.place).forward(target, port) as local:
            yield f"127.0.0.1:{local}"

    async def seats(self) -> Seats:
        """What the matchmaker says."""
        async with reader(cli.Kubectl(self.place), self.place) as matchmaker:
            return await matchmaker.read()

    def pods(self, component: str = "") -> list[dict[str, Any]]:
        """Pods of one component, or of all."""
        words = f",app.kubernetes.io/name={component}" if component else ""
        found: list[dict[str, Any]] = self.kubectl.json(
            "get", "pods", f"--selector={self.place.selector}{words}"
        )["items"]
        return [pod for pod in found if "deletionTimestamp" not in pod["metadata"]]


@dataclass(frozen=True)
class Charts:
    """Makes releases in a cluster that holds the charts' images."""

    kubectl: Kubectl

    @contextmanager
    def release(self, name: str, labels: dict[str, str] | None = None) -> Iterator[Release]:
        """A release that isn't there yet, in a new namespace that goes with all that is in it."""
        name = f"{name}-{os.getpid()}-{next(_numbers)}"
        metadata = {"name": name, "labels": labels or {}}
        self.kubectl.apply({"apiVersion": "v1", "kind": "Namespace", "metadata": metadata})
        inside = self.kubectl.within(name)
        host.wait("service account", lambda: inside.succeeds("get", "serviceaccount", "default"), 30)
        place = Place(release=NAME, namespace=name, kubeconfig=self.kubectl.kubeconfig)
        made = Release(place, inside)
        try:
            yield made
        finally:
            if self.kubectl.succeeds("get", "namespace", name):  # else the cluster was started anew
                if asyncio.run(_there(place)):
                    asyncio.run(made.undeploy())
                self.kubectl("delete", "namespace", name, "--wait=false")


async def _there(place: Place) -> bool:
    return await Helm(place).current() is not None


def use_programs_of_the_tests(cluster: provider.Cluster) -> None:
    """Have the command line use the tests' Helm and kubectl, and the cluster hold the charts' images."""
    os.environ["PIXELSTREAM_HELM"] = str(build.program("helm"))
    os.environ["PIXELSTREAM_KUBECTL"] = str(build.program("kubectl"))
    cluster.load(*IMAGES)


async def play(chromium: Browser, url: str, *, relay_only: bool = True) -> Page:
    """Open the page and wait until it plays and shows an input; by default through TURN relays alone."""
    page = await browser.open_page(chromium, url, relay_only=relay_only)
    state = await browser.wait_state(page, "playing", "failed", "ended", deadline=PLAYING_SECONDS)
    assert state == "playing", await page.evaluate("window.pixelstream.reason")
    await browser.wake(page)
    return page


async def still_plays(page: Page) -> None:
    """Fail unless the page is playing, in the session that it had, and an input still shows."""
    assert await page.evaluate("window.pixelstream.state") == "playing"
    await browser.input_to_picture(page, "KeyW")
