"""Checks: each says one thing, and none ends a pod for another's fault."""

from typing import Any

import pytest

from tests.charts.helm import Object, Pod, pods, rendered

KINDS = ("startupProbe", "livenessProbe", "readinessProbe")
ASKED_NEXT_DOOR = {"gate", "configure", "pull", "idle"}
"""Containers whose neighbour is checked in their place, those that run once, and those that do nothing."""


def _asked(probe: Object) -> Any:
    return {key: value for key, value in probe.items() if not key.endswith(("Seconds", "Threshold"))}


def _containers(found: list[Object]) -> list[tuple[Pod, dict[str, Any]]]:
    long_lived = [pod for pod in pods(found) if not pod.owner.startswith(("Pod/", "Job/"))]
    return [(pod, c) for pod in long_lived for c in pod.containers if c["name"] not in ASKED_NEXT_DOOR]


def test_every_container_is_checked_for_life(found: list[Object]) -> None:
    for pod, container in _containers(found):
        assert "livenessProbe" in container, (pod.owner, container["name"])


def test_every_pod_says_when_it_is_ready(found: list[Object]) -> None:
    for owner in {pod.owner for pod, _ in _containers(found)}:
        probed = [c for pod, c in _containers(found) if pod.owner == owner]
        assert any("readinessProbe" in container for container in probed), owner


@pytest.mark.parametrize("component", ["streamer", "signalserver"])
def test_start_life_and_readiness_of_a_stream_are_three_things(component: str) -> None:
    for pod in pods(rendered("everything")):
        if pod.component == component:
            asked = {
                c["name"]: {kind: _asked(c[kind]) for kind in KINDS if kind in c} for c in pod.containers
            }
            signalserver = asked["signalserver"]
            assert signalserver["readinessProbe"] != signalserver["livenessProbe"], pod.owner
            if component == "streamer":
                assert asked["streamer"]["startupProbe"]["httpGet"]["path"] == "/attachedz", pod.owner
                assert "readinessProbe" not in asked["streamer"], pod.owner


def test_an_engine_has_minutes_to_start_and_less_to_come_back() -> None:
    (pod,) = [pod for pod in pods(rendered("default")) if pod.component == "streamer"]
    (streamer,) = [c for c in pod.containers if c["name"] == "streamer"]
    start, life = streamer["startupProbe"], streamer["livenessProbe"]
    assert start["periodSeconds"] * start["failureThreshold"] >= 600
    assert (
        life["periodSeconds"] * life["failureThreshold"] < start["periodSeconds"] * start["failureThreshold"]
    )


def test_a_hung_stream_does_not_wait_hours_to_be_started_again() -> None:
    for pod in pods(rendered("everything")):
        for container in pod.containers:
            if container["name"] == "streamer":
                assert container["livenessProbe"]["terminationGracePeriodSeconds"] <= 60, pod.owner


def test_a_probe_asks_a_port_that_its_pod_has(found: list[Object]) -> None:
    for pod, container in _containers(found):
        ports = [port for c in pod.containers for port in c.get("ports", [])]
        known = {port["name"] for port in ports} | {port["containerPort"] for port in ports}
        for kind in KINDS:
            probe = container.get(kind, {})
            asked = probe.get("httpGet") or probe.get("tcpSocket")
            assert asked is None or asked["port"] in known, (pod.owner, container["name"], kind)


def test_a_stream_that_is_told_to_end_drains_at_once_and_its_streamer_waits_for_that() -> None:
    """A sidecar of Kubernetes' own kind hears SIGTERM after its streamer only; its hook runs at once."""
    for pod in pods(rendered("everything")):
        if pod.component == "streamer":
            containers = {one["name"]: one for one in pod.containers}
            streamer, server = containers["streamer"], containers["signalserver"]
            assert streamer["lifecycle"] == {"preStop": {"httpGet": {"path": "/drained", "port": 3000}}}
            native = server.get("restartPolicy") == "Always"
            hook = server.get("lifecycle", {}).get("preStop", {}).get("exec", {}).get("command", [])
            assert native == ("kill -USR1 1" in hook), pod.owner
            assert pod.spec["terminationGracePeriodSeconds"] >= 60
