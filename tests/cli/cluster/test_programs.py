"""The programs that the command line runs, stood in for by scripts.

The trap: a script shows what is done with an answer, not what a cluster would say; that is for tests on one.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import CliRunner

from pixelstream.cli.cluster import helm as helm_module
from pixelstream.cli.cluster.helm import PUBLISHED, Helm, default_chart
from pixelstream.cli.cluster.kubectl import Kubectl
from pixelstream.cli.cluster.place import ClusterError, Place, program
from pixelstream.cli.main import app

PLACE = Place(release="px", namespace="streams", kubeconfig=Path("/there"), context="other")
Script = Callable[[str, str], Path]


@pytest.fixture
def script(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Script:
    """Write a shell script and have it used as `helm` or `kubectl`."""

    def write(name: str, text: str) -> Path:
        file = tmp_path / name
        file.write_text(f"#!/bin/sh\n{text}\n")
        file.chmod(0o755)
        monkeypatch.setenv(f"PIXELSTREAM_{name.upper()}", str(file))
        return file

    return write


def test_a_program_that_is_missing_is_named_with_the_variable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    monkeypatch.delenv("PIXELSTREAM_HELM", raising=False)
    with pytest.raises(
        ClusterError, match="helm is not on the PATH; install it, or name it by PIXELSTREAM_HELM"
    ):
        program("helm")
    monkeypatch.setenv("PIXELSTREAM_HELM", "/nowhere/helm")
    with pytest.raises(ClusterError, match="PIXELSTREAM_HELM=/nowhere/helm: no such program"):
        program("helm")


async def test_kubectl_is_told_the_place(script: Script) -> None:
    script("kubectl", 'echo "$@"')
    told = await Kubectl(PLACE)("version")
    assert told.strip() == "--namespace streams --kubeconfig /there --context other version"


async def test_what_kubectl_says_of_a_failure_is_the_error(script: Script) -> None:
    script("kubectl", 'echo "the server is down" >&2; exit 1')
    with pytest.raises(ClusterError, match="kubectl get: the server is down"):
        await Kubectl(PLACE).items("pods")


async def test_a_key_is_read_from_a_secret(script: Script) -> None:
    script("kubectl", """echo '{"data": {"control-key": "b3BlbiBzZXNhbWUK"}}'""")
    assert await Kubectl(PLACE).secret("keys", "control-key") == "open sesame"
    with pytest.raises(ClusterError, match="the Secret keys lacks other"):
        await Kubectl(PLACE).secret("keys", "other")


async def test_a_way_to_a_service_ends_with_its_block(script: Script, tmp_path: Path) -> None:
    script("kubectl", f'echo $$ > {tmp_path}/pid; echo "Forwarding from 127.0.0.1:4711 -> 80"; exec sleep 60')
    async with Kubectl(PLACE).forward("service/x", 80) as port:
        assert port == 4711
    with pytest.raises(ProcessLookupError):
        os.kill(int((tmp_path / "pid").read_text()), 0)


async def test_a_way_that_is_refused_says_why(script: Script) -> None:
    script("kubectl", "echo 'services \"x\" not found' >&2; exit 1")
    with pytest.raises(ClusterError, match='no way to service/x: services "x" not found'):
        async with Kubectl(PLACE).forward("service/x", 80):
            pass


HELM = """
case "$1" in
version) printf v4.3.1 ;;
status) echo 'Error: release: not found' >&2; exit 1 ;;
show) printf 'apiVersion: v2\\nname: pixelstream\\nversion: 0.1.0\\n' ;;
upgrade) {upgrade} ;;
esac
"""


async def test_a_program_that_is_no_helm_is_told(script: Script) -> None:
    file = script("helm", "echo what")
    with pytest.raises(ClusterError, match=f"{file}: does not say which Helm it is"):
        Helm(PLACE)


async def test_a_release_that_is_not_there_is_none(script: Script) -> None:
    script("helm", HELM)
    assert await Helm(PLACE).current() is None


@pytest.mark.parametrize(
    ("said", "words"),
    [
        ("Error: turn.kind: is neither this nor that", "^helm: turn.kind: is neither this nor that$"),
        ("Error: another operation (install) is in progress", "another deployment of it is under way"),
    ],
)
async def test_what_helm_refuses_is_told_in_words(
    script: Script, tmp_path: Path, said: str, words: str
) -> None:
    script("helm", HELM.replace("{upgrade}", f"echo '{said}' >&2; exit 1"))
    with pytest.raises(ClusterError, match=words):
        await Helm(PLACE).deploy(str(tmp_path), {})


async def test_a_chart_that_is_not_there_is_named(script: Script) -> None:
    script("helm", HELM)
    with pytest.raises(ClusterError, match="/nowhere/chart: no such chart"):
        await Helm(PLACE).deploy("/nowhere/chart", {})


def test_without_a_checkout_the_released_chart_is_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    assert Path(default_chart()).name == "pixelstream"
    monkeypatch.setattr(helm_module, "CHECKOUT", Path("/nowhere"))
    assert default_chart() == PUBLISHED


def test_a_command_ends_with_words_and_no_traceback(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PIXELSTREAM_HELM", "/nowhere/helm")
    for command in ("deploy", "status", "undeploy"):
        done = CliRunner().invoke(app, [command, "px"])
        assert done.exit_code == 1
        assert "no such program" in done.output
