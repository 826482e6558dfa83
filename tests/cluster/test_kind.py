"""kind is driven as it should be where Docker runs; stand-ins on PATH write down what they are asked."""

from pathlib import Path

import pytest

from tests.cluster.node import kind, provider
from tests.cluster.node.pins import pins

KIND = """#!/bin/sh
echo "$@" >> "$RECORD"
[ "$1 $2" = "get clusters" ] && cat "$CLUSTERS"
[ "$1 $2" = "create cluster" ] && echo pixelstream > "$CLUSTERS" && touch "$KUBECONFIG_FILE"
[ "$1 $2" = "delete cluster" ] && : > "$CLUSTERS"
exit 0
"""


def stand_in(folder: Path, name: str, script: str) -> None:
    (folder / name).write_text(script)
    (folder / name).chmod(0o755)


@pytest.fixture
def record(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A PATH with a Docker engine that answers and with kind; the file of what kind was asked."""
    stand_in(tmp_path, "docker", "#!/bin/sh\nexit 0\n")
    stand_in(tmp_path, "kind", KIND)
    (tmp_path / "clusters").touch()
    monkeypatch.setattr(kind, "KUBECONFIG", tmp_path / "kubeconfig")
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    monkeypatch.setenv("RECORD", str(tmp_path / "record"))
    monkeypatch.setenv("CLUSTERS", str(tmp_path / "clusters"))
    monkeypatch.setenv("KUBECONFIG_FILE", str(tmp_path / "kubeconfig"))
    monkeypatch.delenv("KUBECONFIG", raising=False)
    return tmp_path / "record"


def test_docker_without_an_engine_is_not_enough(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    stand_in(tmp_path, "docker", "#!/bin/sh\necho cannot connect >&2\nexit 1\n")
    monkeypatch.setenv("PATH", str(tmp_path))
    assert not kind.possible()


def test_where_docker_runs_the_cluster_is_made_with_kind_once(record: Path) -> None:
    first, second = provider.ensure(), provider.ensure()
    assert (first.how, first.started) == ("kind", True)
    assert (second.how, second.started) == ("kind", False)
    (create,) = [line for line in record.read_text().splitlines() if line.startswith("create")]
    assert f"--kubeconfig {kind.KUBECONFIG}" in create
    assert f"--image {pins().kind.node_image}" in create


def test_kind_pulls_upstream_images_by_itself(record: Path) -> None:
    cluster = provider.ensure()
    cluster.load("nginx", "coredns")
    assert "load docker-image" not in record.read_text()


def test_down_deletes_the_cluster_and_its_kubeconfig(record: Path) -> None:
    provider.ensure().end()
    assert "delete cluster --name pixelstream" in record.read_text()
    assert not kind.KUBECONFIG.exists()
    provider.Cluster("kind", kind.KUBECONFIG, started=False).end()


def test_another_kubernetes_can_be_asked_for(record: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PIXELSTREAM_KIND_IMAGE", "docker.io/kindest/node:v1.35.0")
    kind.up()
    assert "--image docker.io/kindest/node:v1.35.0 " in record.read_text()
