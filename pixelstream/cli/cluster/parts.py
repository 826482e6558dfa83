"""The release's components and why one of them isn't ready, from what Kubernetes says of its objects.

Pure functions over objects as kubectl prints them. The trap: a workload whose newest generation the
controllers have not seen yet still shows the figures of the one before.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from pixelstream.cli.cluster.values import pick

Object = dict[str, Any]

WORKLOADS = "deployments,daemonsets,statefulsets"
MAX_WHY = 3
"""Words about one pod."""
UNTOLD = frozenset({"PodInitializing", "ContainerCreating", "CrashLoopBackOff", "BackOff"})
"""Kubernetes' reasons that say nothing which the exit code doesn't."""


@dataclass(frozen=True, order=True)
class Part:
    """One workload of the release.

    Attributes:
        name: of the object.
        component: which part of the stack it is.
        wanted: pods that there should be.
        ready: pods of the newest version that serve.
        version: release that its labels name.
        fleet: of streams; empty for all others.
    """

    name: str
    component: str
    wanted: int
    ready: int
    version: str = ""
    fleet: str = ""

    @property
    def done(self) -> bool:
        """Whether all pods that there should be serve."""
        return self.ready >= self.wanted


def parts(workloads: Iterable[Object]) -> list[Part]:
    """One part for each Deployment, DaemonSet and StatefulSet, by name."""
    return sorted(_part(workload) for workload in workloads)


def _part(workload: Object) -> Part:
    metadata, status = workload["metadata"], workload.get("status", {})
    labels = metadata.get("labels", {})
    if workload["kind"] == "DaemonSet":
        wanted = status.get("desiredNumberScheduled", 0)
        ready = min(status.get("updatedNumberScheduled", 0), status.get("numberAvailable", 0))
    else:
        wanted = workload["spec"].get("replicas", 1)
        updated = status.get("updatedReplicas", 0)
        old = status.get("replicas", 0) - updated
        ready = max(min(updated, status.get("availableReplicas", 0) - old), 0)
    seen = status.get("observedGeneration", 0) >= metadata.get("generation", 0)
    return Part(
        name=metadata["name"],
        component=labels.get("app.kubernetes.io/name", ""),
        wanted=wanted if seen or wanted else 1,
        ready=ready if seen else 0,
        version=labels.get("app.kubernetes.io/version", ""),
        fleet=labels.get("pixelstream.io/fleet", ""),
    )


def reasons(pods: Iterable[Object], events: Iterable[Object]) -> list[str]:
    """For each pod that isn't ready, its name and why, in Kubernetes' own words.

    Args:
        pods: the release's.
        events: of the namespace; only warnings about these pods are used, the last of each.
    """
    warnings = _warnings(events)
    found = []
    for pod in pods:
        name, status = pod["metadata"]["name"], pod.get("status", {})
        if pod["metadata"].get("deletionTimestamp") or status.get("phase") == "Succeeded" or _ready(status):
            continue
        why = [*_conditions(status), *_containers(status)]
        if name in warnings:
            why.append(warnings[name])
        found.append(f"{name}: {'; '.join(why[:MAX_WHY]) or 'is starting'}")
    return found


def blocked(workloads: Iterable[Object]) -> list[str]:
    """For each workload whose pods the API server refuses to make, its name and why."""
    return [
        f"{workload['metadata']['name']}: {condition.get('message', '')}"
        for workload in workloads
        for condition in workload.get("status", {}).get("conditions", [])
        if condition["type"] == "ReplicaFailure" and condition["status"] == "True"
    ]


def _ready(status: Object) -> bool:
    return any(c["type"] == "Ready" and c["status"] == "True" for c in status.get("conditions", []))


def _conditions(status: Object) -> Iterable[str]:
    for condition in status.get("conditions", []):
        if condition["type"] == "PodScheduled" and condition["status"] == "False":
            yield f"no node takes it: {condition.get('message', condition.get('reason', ''))}"


def crashed(pod: Object) -> list[tuple[str, bool]]:
    """The pod's containers that ended by themselves, and whether each runs again by now."""
    return [
        (container["name"], bool(pick(container, "state", "running")))
        for container in _statuses(pod.get("status", {}))
        if pick(container, "lastState", "terminated") and not container.get("ready")
    ]


def _statuses(status: Object) -> list[Object]:
    return [*status.get("initContainerStatuses", []), *status.get("containerStatuses", [])]


def _containers(status: Object) -> Iterable[str]:
    for container in _statuses(status):
        waiting, ended = pick(container, "state", "waiting"), pick(container, "lastState", "terminated")
        if waiting and waiting.get("reason") not in UNTOLD:
            told = f"{container['name']} {waiting.get('reason', '')}: {waiting.get('message', '')}"
            yield told.rstrip(": ")
        if ended and not container.get("ready"):
            times = container["restartCount"]
            yield f"{container['name']} ended with code {ended.get('exitCode')}, {times} times"


def _warnings(events: Iterable[Object]) -> dict[str, str]:
    """The last warning about each object, by its name."""
    last: dict[str, str] = {}
    for event in sorted(events, key=_when):
        if event.get("type") == "Warning" and event.get("reason") not in UNTOLD:
            last[event["involvedObject"]["name"]] = f"{event.get('reason', '')}: {event.get('message', '')}"
    return last


def _when(event: Object) -> str:
    return str(event.get("lastTimestamp") or event.get("eventTime") or "")
