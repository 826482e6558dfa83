"""What runs as process 1 inside the node's namespaces: `python -m tests.cluster.node.init PLAN`.

Trap: killing this process ends every process of the node, and with them its mounts, links and
routes; there is nothing else to clean up than what `host` made outside.
"""

import json
import ssl
import sys
import urllib.error
import urllib.request
from pathlib import Path

from tests.cluster.node import components, mounts, paths
from tests.cluster.node.shell import run
from tests.cluster.node.supervisor import Supervisor

LINK_SECONDS = 20.0
API_SECONDS = 120.0
SYSCTLS = {
    "net/ipv4/ip_forward": "1",
    "net/bridge/bridge-nf-call-iptables": "1",  # policies and services between pods of one bridge
    "net/ipv6/conf/all/disable_ipv6": "1",
}


def main(plan_file: str) -> None:
    """Lay mounts and network, start every component in order, then supervise."""
    plan = json.loads(Path(plan_file).read_text())
    programs: dict[str, str] = plan["programs"]
    mounts.lay(paths.DATA)
    run(["hostname", paths.NODE_NAME])
    supervisor = Supervisor(paths.LOGS)
    supervisor.start("containerd", components.containerd(paths.CONF))
    run(["ip", "link", "set", "lo", "up"])
    supervisor.start("etcd", components.etcd(programs, paths.DATA))
    supervisor.wait(
        "link to the host", lambda: Path("/sys/class/net", paths.NODE_LINK).exists(), LINK_SECONDS
    )
    _network()
    supervisor.start("kube-apiserver", components.api_server(programs, paths.PKI))
    supervisor.wait("API server", _api_ready, API_SECONDS)
    timing = bool(plan["stock_timing"])
    rest = components.controllers(programs, paths.PKI, paths.CONF, stock_timing=timing)
    # kube-router ends, and is started again, until the kubelet has registered the node
    for name, argv in {**rest, **components.workers(programs, paths.CONF)}.items():
        supervisor.start(name, argv)
    supervisor.forever()


def _network() -> None:
    run(["ip", "address", "add", f"{paths.NODE_ADDRESS}/{paths.LINK_PREFIX}", "dev", paths.NODE_LINK])
    run(["ip", "link", "set", paths.NODE_LINK, "up"])
    # pods on the host's network reach service addresses only where some route leads
    run(["ip", "route", "add", "default", "via", paths.HOST_ADDRESS])
    for name, value in SYSCTLS.items():
        Path("/proc/sys", name).write_text(value)
    run(["iptables", "--policy", "FORWARD", "ACCEPT"])


def _api_ready() -> bool:
    context = ssl.create_default_context(cafile=str(paths.PKI / "ca.crt"))
    try:
        with urllib.request.urlopen("https://127.0.0.1:6443/readyz", context=context, timeout=2) as answer:
            return bool(answer.status == 200)
    except (urllib.error.URLError, OSError):
        return False


if __name__ == "__main__":
    main(sys.argv[1])
