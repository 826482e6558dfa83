"""The cluster as fixtures: `kubeconfig`, `cluster`, `kubectl`, and a `namespace` for each test.

Trap: a cluster that was running before the tests is left running; only one that they started is
ended with them.
"""

import asyncio
import itertools
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cluster import release
from tests.cluster.node import host, kind, provider
from tests.cluster.node.kubectl import Kubectl

_numbers = itertools.count(1)


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "own_node: about the node of our own; run last, as it restarts it")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Tests of our own node's life go last, and are left out where another cluster is used."""
    own = [item for item in items if item.get_closest_marker("own_node")]
    if not own:
        return
    others = [item for item in items if item not in own]
    if provider.named() is not None or kind.possible():
        config.hook.pytest_deselected(items=own)
        own = []
    items[:] = others + own


@pytest.fixture(scope="session")
def cluster() -> Iterator[provider.Cluster]:
    """The cluster of this run, started unless one is there."""
    found = provider.ensure()
    yield found
    if found.started:
        found.end()


@pytest.fixture(scope="session")
def kubeconfig(cluster: provider.Cluster) -> Path:
    """Kubeconfig of an administrator of the cluster."""
    return cluster.kubeconfig


@pytest.fixture(scope="session")
def kubectl(kubeconfig: Path) -> Kubectl:
    """Kubectl of the cluster, without a namespace."""
    return Kubectl(kubeconfig)


@pytest.fixture
def namespace(kubectl: Kubectl) -> Iterator[Kubectl]:
    """Kubectl of a new namespace that enforces the restricted Pod Security Standard; gone afterwards."""
    name = f"test-{os.getpid()}-{next(_numbers)}"
    label = {"pod-security.kubernetes.io/enforce": "restricted"}
    kubectl.apply({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name, "labels": label}})
    inside = kubectl.within(name)
    host.wait("service account", lambda: inside.succeeds("get", "serviceaccount", "default"), 30)
    yield inside
    kubectl("delete", "namespace", name, "--wait=false")


@pytest.fixture(scope="session")
def charts(cluster: provider.Cluster, kubectl: Kubectl) -> release.Charts:
    """Makes releases; the images are in the cluster, and the command line has the tests' Helm and kubectl."""
    release.use_programs_of_the_tests(cluster)
    return release.Charts(kubectl)


@pytest.fixture(scope="session")
def stack(charts: release.Charts) -> Iterator[release.Release]:
    """The charts installed without any values, for all tests that change nothing in it."""
    with charts.release("stack") as found:
        asyncio.run(found.deploy())
        yield found


@pytest.fixture(scope="session")
def artifacts() -> Path:
    """Folder for what a run leaves to be looked at."""
    folder = Path(__file__).resolve().parents[1] / "artifacts"
    folder.mkdir(exist_ok=True)
    return folder
