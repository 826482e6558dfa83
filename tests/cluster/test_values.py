"""Every case of ci/ as this cluster sees it: the server and its own schemas take it, ct installs the default.

Trap: kinds of others (monitors, certificates, routes) are known only where their definitions are, so these
are in the cluster for as long as the tests of this file.
"""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from tests.charts import standins
from tests.charts.helm import CASES, of_kind, rendered
from tests.cluster import kinds
from tests.cluster.node import build, schemas
from tests.cluster.node.kubectl import Kubectl
from tests.cluster.node.shell import run
from tests.cluster.release import BESIDE, Charts, Release

pytestmark = [pytest.mark.cluster, pytest.mark.timeout(600)]


@pytest.fixture(scope="module")
def api(kubectl: Kubectl) -> Iterator[Kubectl]:
    """A server that knows the kinds of others that charts use; those that it lacked go again."""
    with kinds.known(kubectl):
        yield kubectl


@pytest.fixture(scope="module")
def location(api: Kubectl, tmp_path_factory: pytest.TempPathFactory) -> str:
    """Where kubeconform finds what this very server says of its kinds."""
    folder = tmp_path_factory.mktemp("schemas")
    schemas.write(json.loads(api("get", "--raw", "/openapi/v2")), folder)
    return f"{folder}/{{{{.ResourceKind}}}}{{{{.KindSuffix}}}}.json"


@pytest.fixture(scope="module")
def release(charts: Charts) -> Iterator[Release]:
    with charts.release("values") as made:
        yield made


@pytest.mark.usefixtures("api")
@pytest.mark.parametrize("case", CASES)
def test_the_server_takes_every_object_of(case: str, release: Release) -> None:
    namespace = release.place.namespace
    found = json.loads(
        json.dumps(rendered(case)).replace('"namespace": "streams"', f'"namespace": "{namespace}"')
    )
    document = "\n---\n".join(map(json.dumps, found))
    told = release.kubectl(
        "apply", "--server-side", "--dry-run=server", "--filename=-", stdin=document, timeout=120
    )
    assert len(told.splitlines()) == len(found)


@pytest.mark.parametrize("case", CASES)
def test_the_servers_own_schemas_know_every_field_of(case: str, location: str) -> None:
    document = "\n---\n".join(map(json.dumps, rendered(case)))
    run([build.program("kubeconform"), "-strict", "-schema-location", location, "-"], stdin=document)


def test_without_a_router_there_is_no_object_of_one() -> None:
    found = of_kind(rendered("router-none"), "Deployment", "Service", "Ingress", "HTTPRoute")
    assert [it["metadata"]["name"] for it in found if "router" in it["metadata"]["name"]] == []


def test_chart_testing_installs_and_tests_the_default_case(release: Release, tmp_path: Path) -> None:
    """With ports of their own for the relays, as another release may be on the node."""
    folder = standins.copied(tmp_path / "charts")
    for file in (folder / "ci").iterdir():
        if file.name != "default-values.yaml":
            file.unlink()
    (folder / "ci" / "default-values.yaml").write_text(yaml.safe_dump(BESIDE))
    (tmp_path / "ct.yaml").write_text("chart-dirs: [charts]\nvalidate-maintainers: false\n")
    run(["git", "init", "--quiet"], cwd=tmp_path)
    programs = {str(build.program(name).parent) for name in ("helm", "kubectl")}
    path = os.pathsep.join([*programs, os.environ["PATH"]])
    env = {**os.environ, "PATH": path, "KUBECONFIG": str(release.place.kubeconfig)}
    words = ["--config", "ct.yaml", "--charts", "charts/pixelstream", "--skip-clean-up=false"]
    place = ["--namespace", release.place.namespace, "--release-label", "app.kubernetes.io/instance"]
    told = run([build.program("ct"), "install", *words, *place], cwd=tmp_path, env=env, timeout=480)
    assert "All charts installed successfully" in told
    shutil.rmtree(folder)
