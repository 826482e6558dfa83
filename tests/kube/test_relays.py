"""Relays as coturn's pods and their nodes tell of them."""

from __future__ import annotations

from typing import Any

import pytest

from pixelstream.kube.relays import read_node, read_pod, relays_of
from pixelstream.turn.pool import Relay, RelayState
from tests.support.kubeapi import coturn, node

INSIDE = ("InternalIP", "10.0.0.1")
OUTSIDE = ("ExternalIP", "192.0.2.1")


def relays(
    pods: list[dict[str, Any]], nodes: dict[str, dict[str, Any]], address: str | None = None
) -> list[Relay]:
    read = [pod for one in pods if (pod := read_pod(one)) is not None]
    return relays_of(read, {name: read_node(one) for name, one in nodes.items()}, address)


@pytest.mark.parametrize(
    ("place", "host"),
    [
        (node(INSIDE, OUTSIDE, named="turn.example.com"), "turn.example.com"),
        (node(INSIDE, OUTSIDE, named="192.0.2.9:3478"), "192.0.2.1"),
        (node(INSIDE, OUTSIDE), "192.0.2.1"),
        (node(("Hostname", "n1"), INSIDE), "10.0.0.1"),
        (node(("ExternalIP", "2001:db8::1")), "2001:db8::1"),
        (node(), "192.0.2.200"),
    ],
)
def test_a_relay_is_reached_where_its_node_is(place: dict[str, Any], host: str) -> None:
    assert relays([coturn("n1")], {"n1": place}) == [Relay(host, 3478, 3478, None)]


def test_ports_are_those_that_the_pod_names() -> None:
    pod = coturn("n1", tls=True)
    pod["spec"]["containers"][0]["ports"] = [
        {"name": "turn-tls", "containerPort": 443},
        {"name": "metrics", "containerPort": 9641},
        {"containerPort": 1},
    ]
    assert relays([pod], {"n1": node(OUTSIDE)}) == [Relay("192.0.2.1", None, None, 443)]


def test_a_pod_that_is_not_ready_or_on_a_node_that_is_not_is_not_offered() -> None:
    for pod, place in (
        (coturn("n1", ready=False), node(OUTSIDE)),
        (coturn("n1"), node(OUTSIDE, ready=False)),
    ):
        [relay] = relays([pod], {"n1": place})
        assert relay.state is RelayState.UNREADY


def test_a_pod_without_a_node_or_a_port_is_no_relay() -> None:
    assert relays([coturn("n1")], {}) == []
    assert relays([{**coturn("n1"), "spec": {"containers": []}}], {"n1": node(OUTSIDE)}) == []


@pytest.mark.parametrize(
    ("pod", "place"),
    [
        (coturn("n1", ending=True), node(OUTSIDE)),
        (coturn("n1", ending=True, ready=False), node(OUTSIDE)),
        (coturn("n1"), node(OUTSIDE, closed=True)),
        (coturn("n1"), {**node(OUTSIDE), "spec": {"taints": [{"key": "karpenter.sh/disrupted"}]}}),
        (coturn("n1"), {**node(OUTSIDE), "spec": {"taints": [{"key": "ToBeDeletedByClusterAutoscaler"}]}}),
    ],
)
def test_one_that_is_to_end_is_known_and_not_offered(pod: dict[str, Any], place: dict[str, Any]) -> None:
    [relay] = relays([pod], {"n1": place})
    assert relay.state is RelayState.DRAINING


def test_a_taint_that_says_nothing_of_an_end_changes_nothing() -> None:
    place = {**node(OUTSIDE), "spec": {"taints": [{"key": "app.pixel/turn", "value": "true"}]}}
    [relay] = relays([coturn("n1")], {"n1": place})
    assert relay.state is RelayState.OFFERED


def test_a_successor_that_cannot_start_yet_does_not_hide_the_one_that_drains() -> None:
    pods = [coturn("n1", ready=False), coturn("n1", ending=True)]
    for order in (pods, pods[::-1]):
        [relay] = relays(order, {"n1": node(OUTSIDE)})
        assert relay.state is RelayState.DRAINING


def test_the_successor_of_an_ending_pod_counts() -> None:
    pods = [coturn("n1"), coturn("n1", ending=True)]
    for order in (pods, pods[::-1]):
        assert relays(order, {"n1": node(OUTSIDE)}) == [Relay("192.0.2.1", 3478, 3478, None)]


def test_off_the_host_network_the_settings_say_where() -> None:
    pods = [coturn("n1", on_host=False), coturn("n2", on_host=False)]
    nodes = {"n1": node(OUTSIDE), "n2": node(OUTSIDE)}
    assert relays(pods, nodes) == []
    assert relays(pods, nodes, "turn.example.com") == [Relay("turn.example.com", 3478, 3478, None)]


def test_a_pods_own_annotation_goes_before_everything() -> None:
    for on_host in (True, False):
        pod = coturn("n1", on_host=on_host)
        pod["metadata"] = {"annotations": {"pixelstream.io/turn-address": "203.0.113.7"}}
        [relay] = relays([pod], {"n1": node(OUTSIDE, named="turn.example.com")}, "other.example.com")
        assert relay.host == "203.0.113.7"


def test_a_nodes_annotation_may_have_another_name() -> None:
    place = node(OUTSIDE)
    place["metadata"]["annotations"] = {"example.com/public": "203.0.113.9"}
    pod = read_pod(coturn("n1"))
    assert pod
    [relay] = relays_of([pod], {"n1": read_node(place, "example.com/public")})
    assert relay.host == "203.0.113.9"


def test_they_come_in_the_order_of_their_zones() -> None:
    nodes = {
        "n1": node(("ExternalIP", "192.0.2.3"), zone="b"),
        "n2": node(("ExternalIP", "192.0.2.2"), zone="a"),
        "n3": node(("ExternalIP", "192.0.2.1"), zone="b"),
    }
    found = relays([coturn(name) for name in nodes], nodes)
    assert [(relay.zone, relay.host) for relay in found] == [
        ("a", "192.0.2.2"),
        ("b", "192.0.2.1"),
        ("b", "192.0.2.3"),
    ]
