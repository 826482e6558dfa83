"""Parts of the node that need no node: routes, control groups, processes, configuration."""

import json
import os
import ssl
import subprocess
import sys
from pathlib import Path

import pytest
from cryptography import x509

from tests.cluster.node import cgroups, conf, link, mounts, paths, pki, provider
from tests.cluster.node.pins import REPOSITORY
from tests.cluster.node.processes import Process


@pytest.mark.parametrize(
    ("destination", "overlaps"),
    [
        ("default", False),
        ("192.0.2.0/24", False),
        ("10.96.0.0/16", True),
        ("10.0.0.0/8", True),
        ("10.244.3.7", True),
        ("fd00::/8", False),
    ],
)
def test_a_route_into_the_clusters_ranges_is_noticed(destination: str, overlaps: bool) -> None:  # noqa: FBT001
    found = link.overlapping(json.dumps([{"dst": destination, "dev": "eth0"}]))
    assert found == ([destination] if overlaps else [])


def test_control_group_hierarchies_are_mounted_again_as_they_are() -> None:
    table = (
        "tmpfs /sys/fs/cgroup tmpfs rw,relatime,mode=755 0 0\n"
        "cgroup /sys/fs/cgroup/cpu,cpuacct cgroup rw,nosuid,nodev,noexec,relatime,cpu,cpuacct 0 0\n"
        "cgroup /sys/fs/cgroup/systemd cgroup rw,relatime,name=systemd 0 0\n"
        "cgroup2 /sys/fs/cgroup/unified cgroup2 rw,relatime 0 0\n"
    )
    expected = {"cpu,cpuacct": "cpu,cpuacct", "systemd": "none,name=systemd"}
    assert mounts.cgroup_hierarchies(table) == expected


def test_control_groups_are_listed_innermost_first(tmp_path: Path) -> None:
    (tmp_path / "kubepods" / "pod" / "container").mkdir(parents=True)
    names = [group.name for group in cgroups.remaining([str(tmp_path), str(tmp_path / "absent")])]
    assert names == ["container", "pod", "kubepods"]


def test_control_groups_are_removed_whole(tmp_path: Path) -> None:
    (tmp_path / "kubepods" / "pod" / "container").mkdir(parents=True)
    cgroups.remove([str(tmp_path)])
    assert list(tmp_path.iterdir()) == []


def test_a_process_is_known_by_its_start_and_not_by_its_number_alone() -> None:
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as child:
        process = Process.of(child.pid)
        assert process.alive()
        assert not Process(pid=child.pid, started=process.started - 1).alive()
        process.kill()
    assert not process.alive()


def test_a_process_that_is_not_there_is_refused() -> None:
    with pytest.raises(ProcessLookupError):
        Process.of(2**22 + 1)


TWICE = """
from pathlib import Path
from tests.cluster.node import supervisor
supervisor.RESTART_SECONDS = 0.0
one = supervisor.Supervisor(Path.cwd())
one.start("twice", ["sh", "-c", "echo started >> starts"])
starts = Path("starts")
one.wait("two starts", lambda: starts.exists() and starts.read_text().count("started") >= 2, 10)
"""


def test_a_component_that_ends_is_started_again(tmp_path: Path) -> None:
    env = {**os.environ, "PYTHONPATH": str(REPOSITORY)}
    words = [sys.executable, "-c", TWICE]
    done = subprocess.run(words, cwd=tmp_path, env=env, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "twice ended, code 0" in done.stderr


def test_the_api_servers_certificate_carries_every_name_that_it_is_called_by(tmp_path: Path) -> None:
    pki.write(tmp_path / "pki", tmp_path / "conf", tmp_path / "kubeconfig")
    certificate = x509.load_pem_x509_certificate((tmp_path / "pki" / "apiserver.crt").read_bytes())
    names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    dns = names.get_values_for_type(x509.DNSName)
    addresses = [str(address) for address in names.get_values_for_type(x509.IPAddress)]
    assert "kubernetes.default.svc.cluster.local" in dns
    assert set(addresses) == {"127.0.0.1", paths.NODE_ADDRESS, paths.API_SERVICE_ADDRESS}


def test_keys_are_private_and_match_their_certificates(tmp_path: Path) -> None:
    pki.write(tmp_path / "pki", tmp_path / "conf", tmp_path / "kubeconfig")
    assert (tmp_path / "pki").stat().st_mode & 0o077 == 0
    assert (tmp_path / "kubeconfig").stat().st_mode & 0o077 == 0
    for name in pki.CERTIFICATES:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(tmp_path / "pki" / f"{name}.crt", tmp_path / "pki" / f"{name}.key")


def test_the_nodes_configuration_uses_its_own_addresses(tmp_path: Path) -> None:
    conf.write(tmp_path, tmp_path / "pki")
    assert paths.DNS_SERVICE_ADDRESS in (tmp_path / "kubelet.yaml").read_text()
    assert paths.POD_RANGE in (tmp_path / "kube-proxy.yaml").read_text()
    assert paths.NODE_POD_RANGE in (tmp_path / "cni" / "10-bridge.conflist").read_text()


def test_the_cluster_that_kubeconfig_names_is_used(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "config"
    file.touch()
    monkeypatch.setenv("KUBECONFIG", str(file))
    cluster = provider.ensure()
    assert (cluster.how, cluster.kubeconfig, cluster.started) == ("named", file, False)


def test_a_kubeconfig_that_is_not_there_is_refused_by_name(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KUBECONFIG", "absent/config")
    with pytest.raises(FileNotFoundError, match="absent/config"):
        provider.ensure()


def test_our_own_kubeconfig_in_the_environment_still_means_our_own_node(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("KUBECONFIG", str(paths.KUBECONFIG))
    assert provider.named() is None
