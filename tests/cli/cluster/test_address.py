from typing import Any

import pytest

from pixelstream.cli.cluster.address import address
from pixelstream.cli.cluster.place import Place

PLACE = Place(release="px", namespace="streams")


def service(*entries: dict[str, str]) -> dict[str, Any]:
    labels = {"app.kubernetes.io/name": "router"}
    status = {"loadBalancer": {"ingress": list(entries)} if entries else {}}
    return {"metadata": {"name": "px-router", "labels": labels}, "status": status}


def router(**values: Any) -> dict[str, Any]:
    return {"router": {"enabled": True, "kind": "traefik", "path": "/", "host": "", **values}}


@pytest.mark.parametrize(
    ("entry", "url"),
    [
        ({"ip": "203.0.113.7"}, "http://203.0.113.7/"),
        ({"hostname": "lb.example.org"}, "http://lb.example.org/"),
    ],
)
def test_a_load_balancers_address_is_the_pages(entry: dict[str, str], url: str) -> None:
    assert address(PLACE, router(), [service(entry)]).url == url


def test_a_host_and_a_path_make_the_address_whatever_the_service_has() -> None:
    values = router(host="stream.example.org", path="/play", tls={"enabled": True})
    assert str(address(PLACE, values, [service({"ip": "203.0.113.7"})])) == "https://stream.example.org/play"


def test_without_a_load_balancer_a_way_from_this_machine_is_told() -> None:
    found = address(PLACE, router(tls={"enabled": True}), [service()])
    assert found.url == "https://localhost:8080/"
    assert "kubectl --namespace streams port-forward service/px-router 8080:443" in found.words


@pytest.mark.parametrize("values", [router(kind="none"), router(enabled=False)])
def test_without_a_router_nobody_knows_the_address(values: dict[str, Any]) -> None:
    found = address(PLACE, values, [])
    assert found.url == ""
    assert "route page, matchmaker and proxy yourself" in found.words


def test_an_edge_of_the_clusters_is_named() -> None:
    assert address(PLACE, router(kind="gateway"), []).words == "at the address of your gateway, path /"
