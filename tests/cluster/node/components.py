"""Command lines of the node's components.

Trap: with Kubernetes' own timing a scale-down takes five minutes. The tests' cluster decides
every 5 s and scales down after 10 s, so times seen there are not those of a user's cluster;
`stock_timing` gives those.
"""

from collections.abc import Mapping
from pathlib import Path

from tests.cluster.node import paths

ETCD_CLIENT, ETCD_PEER = "http://127.0.0.1:2379", "http://127.0.0.1:2380"


def containerd(conf: Path) -> list[str]:
    """The container runtime, from Debian's package."""
    return ["containerd", "--config", f"{conf}/containerd.toml"]


def etcd(programs: Mapping[str, str], data: Path) -> list[str]:
    """The store; it need not survive a power cut, so it never waits for the disk."""
    return [
        programs["etcd"],
        f"--data-dir={data}/etcd",
        "--unsafe-no-fsync",
        f"--listen-client-urls={ETCD_CLIENT}",
        f"--advertise-client-urls={ETCD_CLIENT}",
        f"--listen-peer-urls={ETCD_PEER}",
        f"--initial-advertise-peer-urls={ETCD_PEER}",
        f"--initial-cluster=default={ETCD_PEER}",
        "--log-level=warn",
    ]


def api_server(programs: Mapping[str, str], pki: Path) -> list[str]:
    """kube-apiserver on 6443, with aggregation (metrics.k8s.io, custom.metrics.k8s.io)."""
    return [
        programs["kube-apiserver"],
        f"--etcd-servers={ETCD_CLIENT}",
        f"--service-cluster-ip-range={paths.SERVICE_RANGE}",
        f"--advertise-address={paths.NODE_ADDRESS}",
        "--secure-port=6443",
        f"--tls-cert-file={pki}/apiserver.crt",
        f"--tls-private-key-file={pki}/apiserver.key",
        f"--client-ca-file={pki}/ca.crt",
        f"--kubelet-client-certificate={pki}/apiserver-kubelet-client.crt",
        f"--kubelet-client-key={pki}/apiserver-kubelet-client.key",
        f"--kubelet-certificate-authority={pki}/ca.crt",
        "--kubelet-preferred-address-types=InternalIP",
        "--service-account-issuer=https://kubernetes.default.svc.cluster.local",
        f"--service-account-key-file={pki}/sa.pub",
        f"--service-account-signing-key-file={pki}/sa.key",
        "--authorization-mode=Node,RBAC",
        "--enable-admission-plugins=NodeRestriction",
        "--allow-privileged=true",
        "--enable-aggregator-routing=true",
        f"--requestheader-client-ca-file={pki}/front-proxy-ca.crt",
        "--requestheader-allowed-names=front-proxy-client",
        "--requestheader-extra-headers-prefix=X-Remote-Extra-",
        "--requestheader-group-headers=X-Remote-Group",
        "--requestheader-username-headers=X-Remote-User",
        f"--proxy-client-cert-file={pki}/front-proxy-client.crt",
        f"--proxy-client-key-file={pki}/front-proxy-client.key",
    ]


def controllers(
    programs: Mapping[str, str], pki: Path, conf: Path, *, stock_timing: bool
) -> dict[str, list[str]]:
    """Controller-manager and scheduler; one of each, so nobody is elected."""
    timing = [
        "--horizontal-pod-autoscaler-sync-period=5s",
        "--horizontal-pod-autoscaler-downscale-stabilization=10s",
    ]
    manager = [
        programs["kube-controller-manager"],
        *_clients(f"{conf}/controller-manager.kubeconfig"),
        f"--root-ca-file={pki}/ca.crt",
        f"--service-account-private-key-file={pki}/sa.key",
        "--use-service-account-credentials",
        f"--cluster-signing-cert-file={pki}/ca.crt",
        f"--cluster-signing-key-file={pki}/ca.key",
        *([] if stock_timing else timing),
    ]
    scheduler = [programs["kube-scheduler"], *_clients(f"{conf}/scheduler.kubeconfig")]
    return {"kube-controller-manager": manager, "kube-scheduler": scheduler}


def _clients(kubeconfig: str) -> list[str]:
    flags = ("kubeconfig", "authentication-kubeconfig", "authorization-kubeconfig")
    return [*(f"--{flag}={kubeconfig}" for flag in flags), "--leader-elect=false"]


def workers(programs: Mapping[str, str], conf: Path) -> dict[str, list[str]]:
    """kubelet, kube-proxy, and kube-router, which enforces NetworkPolicies beside the bridge."""
    return {
        "kubelet": [
            programs["kubelet"],
            f"--config={conf}/kubelet.yaml",
            f"--kubeconfig={conf}/kubelet.kubeconfig",
            f"--hostname-override={paths.NODE_NAME}",
            f"--node-ip={paths.NODE_ADDRESS}",
            "--root-dir=/var/lib/kubelet",
            "--cert-dir=/var/lib/kubelet/pki",
        ],
        "kube-proxy": [programs["kube-proxy"], f"--config={conf}/kube-proxy.yaml"],
        "kube-router": [
            programs["kube-router"],
            f"--kubeconfig={conf}/kube-router.kubeconfig",
            f"--hostname-override={paths.NODE_NAME}",
            "--run-firewall=true",
            "--run-router=false",
            "--run-service-proxy=false",
            "--run-loadbalancer=false",
            "--iptables-sync-period=5s",
        ],
    }
