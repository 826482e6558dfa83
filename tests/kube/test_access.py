"""The ways to the API server: a pod's own, and a kubeconfig's."""

from __future__ import annotations

import base64
import ssl
from pathlib import Path

import pytest

from pixelstream.errors import SettingsError
from pixelstream.kube import access
from pixelstream.kube.client import PODS, ApiError, Client
from tests.support.kubeapi import KUBECONFIG, kube_api

AUTHORITY = Path(ssl.get_default_verify_paths().cafile or ssl.get_default_verify_paths().openssl_cafile)


def one_certificate() -> str:
    text = AUTHORITY.read_text()
    end = "-----END CERTIFICATE-----\n"
    return text[text.index("-----BEGIN") : text.index(end) + len(end)]


@pytest.fixture(autouse=True)
def nowhere(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("KUBECONFIG", "KUBERNETES_SERVICE_HOST", "KUBERNETES_SERVICE_PORT"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def pod(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "token").write_text("first\n")
    (tmp_path / "ca.crt").write_text(one_certificate())
    monkeypatch.setenv("KUBERNETES_SERVICE_HOST", "10.96.0.1")
    monkeypatch.setenv("KUBERNETES_SERVICE_PORT", "443")
    return tmp_path


def test_a_pod_reads_its_token_anew_each_time(pod: Path) -> None:
    found = access.find(pod)
    assert found.server == "https://10.96.0.1:443"
    assert found.headers() == {"Authorization": "Bearer first"}
    (pod / "token").write_text("second")
    assert found.headers() == {"Authorization": "Bearer second"}
    assert found.trust.verify_mode is ssl.CERT_REQUIRED


def test_a_pod_takes_a_new_authority_and_keeps_the_old_one(pod: Path) -> None:
    found = access.find(pod)
    assert len(found.trust.get_ca_certs()) == 1
    (pod / "ca.crt").write_text(AUTHORITY.read_text())
    found.renew_trust()
    assert len(found.trust.get_ca_certs()) > 1


def test_an_ipv6_server_is_bracketed(pod: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KUBERNETES_SERVICE_HOST", "fd00::1")
    assert access.find(pod).server == "https://[fd00::1]:443"


def test_where_there_is_no_cluster_the_words_say_so(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="this is no pod with a service account's token, and KUBECONFIG"):
        access.find(tmp_path)


def test_a_kubeconfig_wins_and_brings_token_authority_and_server(
    pod: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    authority = base64.b64encode(one_certificate().encode()).decode()
    text = KUBECONFIG.replace('"%s"', f'"https://10.0.0.1:6443/", certificate-authority-data: {authority}')
    file = tmp_path / "config"
    file.write_text(text)
    monkeypatch.setenv("KUBECONFIG", str(file))
    found = access.find(pod)
    assert found.server == "https://10.0.0.1:6443"
    assert found.headers() == {"Authorization": "Bearer north"}
    assert len(found.trust.get_ca_certs()) == 1


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (KUBECONFIG.replace("token: north", "exec: {command: get-token}"), "comes from a plug-in"),
        ("{}", "is no whole kubeconfig: KeyError"),
        ("a: [", "is no whole kubeconfig"),
        (KUBECONFIG.replace("here, user", "there, user"), "is no whole kubeconfig: KeyError"),
        (KUBECONFIG.replace("token: north", "client-certificate: a, client-key: b"), "can't be used"),
        (KUBECONFIG.replace("server:", "certificate-authority-data: '!', server:"), "can't be used"),
    ],
)
def test_a_kubeconfig_that_cannot_be_used_is_told(tmp_path: Path, text: str, words: str) -> None:
    file = tmp_path / "config"
    file.write_text(text)
    with pytest.raises(SettingsError, match=words):
        access.of_kubeconfig(file)


def test_a_kubeconfig_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="cannot be read: No such file"):
        access.of_kubeconfig(tmp_path / "config")


async def test_a_token_that_cannot_be_read_is_a_fault_of_the_request(pod: Path) -> None:
    async with kube_api() as api:
        way = access.Access(server=api.url, trust=access.find(pod).trust, token_file=pod / "token")
        client = Client(way)
        (pod / "token").unlink()
        with pytest.raises(ApiError, match="our token cannot be read"):
            await client.read(PODS.path("px"), {})
        (pod / "token").write_text("third")
        await client.read(PODS.path("px"), {})
        assert api.authorizations == ["Bearer third"]
        await client.close()
