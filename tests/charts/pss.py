"""The rules of the Pod Security Standard "restricted", as Kubernetes documents them, for pods of Linux.

The trap: a container's own context wins over its pod's, field by field, so both are read together.
"""

from collections.abc import Iterator
from typing import Any

from tests.charts.helm import Pod

VOLUMES = frozenset({"configMap", "csi", "downwardAPI", "emptyDir", "ephemeral", "projected", "secret"}) | {
    "persistentVolumeClaim"
}
SYSCTLS = frozenset(
    f"net.ipv4.{name}"
    for name in ("ip_local_port_range", "ip_unprivileged_port_start", "tcp_syncookies", "ping_group_range")
) | {"kernel.shm_rmid_forced"}
HOST = ("hostNetwork", "hostPID", "hostIPC")


def faults(pod: Pod) -> list[str]:
    """Return what of a pod the standard refuses, each with its container."""
    return [
        *_of_pod(pod),
        *(fault for container in pod.containers for fault in _of_container(pod, container)),
    ]


def _of_pod(pod: Pod) -> Iterator[str]:
    yield from (f"{key} is true" for key in HOST if pod.spec.get(key))
    for volume in pod.spec.get("volumes", []):
        yield from (f"volume {volume['name']} is a {kind}" for kind in volume.keys() - {"name"} - VOLUMES)
    for sysctl in pod.spec.get("securityContext", {}).get("sysctls", []):
        if sysctl["name"] not in SYSCTLS:
            yield f"sysctl {sysctl['name']}"


def _of_container(pod: Pod, container: dict[str, Any]) -> Iterator[str]:
    own: dict[str, Any] = container.get("securityContext", {})
    both = {**pod.spec.get("securityContext", {}), **own}
    rules = {
        "is privileged": own.get("privileged", False),
        "may escalate its privileges": own.get("allowPrivilegeEscalation") is not False,
        "may run as root": both.get("runAsNonRoot") is not True or both.get("runAsUser") == 0,
        "has no seccomp profile": both.get("seccompProfile", {}).get("type")
        not in {"RuntimeDefault", "Localhost"},
        "keeps capabilities": "ALL" not in own.get("capabilities", {}).get("drop", []),
        "adds capabilities": not set(own.get("capabilities", {}).get("add", [])) <= {"NET_BIND_SERVICE"},
        "uses ports of the host": any(port.get("hostPort") for port in container.get("ports", [])),
        "has a mask of /proc": own.get("procMount", "Default") != "Default",
    }
    yield from (f"{container['name']} {words}" for words, broken in rules.items() if broken)
