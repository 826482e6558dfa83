"""The project's images as they are built, and as they run on the node."""

import json
import re
import tarfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.cluster.node import images, provider
from tests.cluster.node.kubectl import Kubectl, eventually, pod
from tests.cluster.node.pins import pins

pytestmark = [pytest.mark.cluster, pytest.mark.timeout(3600)]
CACHE = Path("/", "root", ".cache").as_posix()
"""Where pip as root would leave what it fetched, within an image."""

MEGABYTE = 1_000_000
TOOLS = re.compile(r"/s?bin/(gcc|g\+\+|cc|cc1|as|ld|make|pip3?)(-[\d.]+)?$")


@dataclass
class Built:
    """An image's configuration and the names of its files."""

    size: int
    config: dict[str, Any]
    files: set[str]


def built(name: str) -> Built:
    archive = images.archive(name)
    files: set[str] = set()
    with tarfile.open(archive) as tar:

        def parsed(member: str) -> Any:
            return json.load(tar.extractfile(member))  # type: ignore[arg-type]

        (manifest,) = parsed("manifest.json")
        for layer in manifest["Layers"]:
            with tarfile.open(fileobj=tar.extractfile(layer)) as inner:
                files |= {str(Path("/", entry.name)) for entry in inner}
        return Built(archive.stat().st_size, parsed(manifest["Config"])["config"], files)


def test_the_pixelstream_image_is_below_its_limit_and_holds_no_tools_to_build_with() -> None:
    image = built("pixelstream")
    assert image.size < 250 * MEGABYTE
    assert sorted(file for file in image.files if TOOLS.search(file)) == []


@pytest.mark.parametrize("name", ["pixelstream", "player", "kubetools"])
def test_nothing_of_the_machine_that_built_an_image_is_in_it(name: str) -> None:
    image = built(name)
    left = {"/run/authorities.crt", "/etc/pip.conf", "/src", CACHE} & image.files
    assert left == set()
    assert not [line for line in image.config["Env"] if "cert" in line.lower() or "proxy" in line.lower()]
    assert image.config["User"].split(":")[0] not in {"", "0", "root"}


def test_the_pixelstream_command_answers_on_a_read_only_root(
    cluster: provider.Cluster, namespace: Kubectl
) -> None:
    cluster.load("pixelstream")
    name = pins().image_name("pixelstream")
    asked = pod("asked", name, ["pixelstream", "--help"], {})
    asked["spec"]["restartPolicy"] = "Never"
    asked["spec"]["securityContext"]["runAsUser"] = 10001
    namespace.apply(asked)
    eventually("its end", lambda: ended(namespace, "asked"), 60)
    assert namespace.json("get", "pod", "asked")["status"]["phase"] == "Succeeded", namespace("logs", "asked")
    assert "signalserver" in namespace("logs", "asked")


def test_kubetools_bring_the_pinned_kubectl_with_jq_and_curl(
    cluster: provider.Cluster, namespace: Kubectl
) -> None:
    cluster.load("kubetools")
    script = "kubectl version --client --output=json | jq -r .clientVersion.gitVersion && curl --version"
    asked = pod("asked", pins().image_name("kubetools"), ["sh", "-euc", script], {})
    asked["spec"]["restartPolicy"] = "Never"
    asked["spec"]["securityContext"]["runAsUser"] = 10001
    namespace.apply(asked)
    eventually("its end", lambda: ended(namespace, "asked"), 60)
    lines = namespace("logs", "asked").splitlines()
    assert lines[0] == pins().groups["core"].version
    assert lines[1].startswith("curl ")


def test_the_player_image_serves_the_page_with_its_headers(
    cluster: provider.Cluster, namespace: Kubectl
) -> None:
    cluster.load("player", "kubetools")
    page = pod("page", pins().image_name("player"), ["nginx", "-g", "daemon off;"], {})
    page["spec"]["securityContext"]["runAsUser"] = 101
    page["spec"]["volumes"] = [{"name": "tmp", "emptyDir": {}}]
    page["spec"]["containers"][0]["volumeMounts"] = [{"name": "tmp", "mountPath": "/tmp"}]  # noqa: S108 - in the pod
    page["spec"]["containers"][0]["readinessProbe"] = {
        "httpGet": {"path": "/healthz", "port": 8080},
        "periodSeconds": 1,
    }
    namespace.apply(page)
    namespace.ready("pod/page")
    answer = namespace("exec", "page", "--", "curl", "--silent", "--include", "http://127.0.0.1:8080/")
    assert answer.startswith("HTTP/1.1 200")
    assert "Cache-Control: no-cache" in answer
    assert "Content-Security-Policy: default-src 'none'" in answer
    assert "<!doctype html>" in answer.lower()


def ended(namespace: Kubectl, name: str) -> bool:
    return namespace.json("get", "pod", name)["status"]["phase"] in {"Succeeded", "Failed"}
