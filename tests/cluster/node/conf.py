"""Configuration files of the node's components.

Trap: the machine may be a virtual one with cgroup v1 and few rights: the out-of-memory score is
left alone, and thresholds for images are at 100 %, as no image could be pulled again.
"""

import json
from pathlib import Path

import yaml

from tests.cluster.node import paths
from tests.cluster.node.pins import pins


def write(folder: Path, pki: Path) -> None:
    """Write the configuration of kubelet, kube-proxy, containerd and the network plug-ins."""
    (folder / "cni").mkdir(parents=True, exist_ok=True)
    (folder / "kubelet.yaml").write_text(yaml.safe_dump(kubelet(folder, pki)))
    (folder / "kube-proxy.yaml").write_text(yaml.safe_dump(kube_proxy(folder)))
    (folder / "containerd.toml").write_text(containerd(folder / "cni"))
    (folder / "cni" / "10-bridge.conflist").write_text(json.dumps(bridge()))
    # no name server listens there: what CoreDNS does not know does not exist
    (folder / "resolv.conf").write_text(f"nameserver {paths.HOST_ADDRESS}\noptions timeout:1 attempts:1\n")


def kubelet(folder: Path, pki: Path) -> dict[str, object]:
    """KubeletConfiguration (kubelet.config.k8s.io/v1beta1)."""
    return {
        "apiVersion": "kubelet.config.k8s.io/v1beta1",
        "kind": "KubeletConfiguration",
        "failCgroupV1": False,
        "cgroupDriver": "cgroupfs",
        "containerRuntimeEndpoint": "unix:///run/containerd/containerd.sock",
        "authentication": {
            "anonymous": {"enabled": False},
            "webhook": {"enabled": True},
            "x509": {"clientCAFile": f"{pki}/ca.crt"},
        },
        "authorization": {"mode": "Webhook"},
        "tlsCertFile": f"{pki}/kubelet-server.crt",
        "tlsPrivateKeyFile": f"{pki}/kubelet-server.key",
        "clusterDomain": "cluster.local",
        "clusterDNS": [paths.DNS_SERVICE_ADDRESS],
        "resolvConf": f"{folder}/resolv.conf",
        "oomScoreAdj": 0,
        "failSwapOn": False,
        "imageGCHighThresholdPercent": 100,
        "imageGCLowThresholdPercent": 99,
        "evictionHard": {"memory.available": "100Mi", "nodefs.available": "1%", "imagefs.available": "1%"},
        "syncFrequency": "10s",
        "nodeStatusUpdateFrequency": "5s",
    }


def kube_proxy(folder: Path) -> dict[str, object]:
    """KubeProxyConfiguration; conntrack limits belong to the machine and are left alone."""
    return {
        "apiVersion": "kubeproxy.config.k8s.io/v1alpha1",
        "kind": "KubeProxyConfiguration",
        "mode": "iptables",
        "clusterCIDR": paths.POD_RANGE,
        "hostnameOverride": paths.NODE_NAME,
        "clientConnection": {"kubeconfig": f"{folder}/kube-proxy.kubeconfig"},
        "conntrack": {
            "maxPerCore": 0,
            "min": 0,
            "tcpEstablishedTimeout": "0s",
            "tcpCloseWaitTimeout": "0s",
        },
        "oomScoreAdj": 0,
        "healthzBindAddress": "127.0.0.1:10256",
        "metricsBindAddress": "127.0.0.1:10249",
        "iptables": {"minSyncPeriod": "200ms", "syncPeriod": "30s"},
    }


def bridge() -> dict[str, object]:
    """CNI: one bridge for all pods, without masquerading, so that the host sees pods' addresses."""
    return {
        "cniVersion": "1.0.0",
        "name": "bridge",
        "plugins": [
            {
                "type": "bridge",
                "bridge": "cni0",
                "isGateway": True,
                "isDefaultGateway": True,
                "ipMasq": False,
                "hairpinMode": True,
                "ipam": {"type": "host-local", "ranges": [[{"subnet": paths.NODE_POD_RANGE}]]},
            },
            {"type": "portmap", "capabilities": {"portMappings": True}},
        ],
    }


def containerd(cni: Path) -> str:
    """Configuration of containerd (version 2): cgroupfs, our own pause image, no score raised."""
    return f"""\
version = 2
root = "/var/lib/containerd"
state = "/run/containerd"
[plugins."io.containerd.grpc.v1.cri"]
  sandbox_image = "{pins().image_name("probe")}"
  restrict_oom_score_adj = true
  tolerate_missing_hugetlb_controller = true
  [plugins."io.containerd.grpc.v1.cri".cni]
    bin_dir = "/usr/lib/cni"
    conf_dir = "{cni}"
  [plugins."io.containerd.grpc.v1.cri".containerd]
    snapshotter = "overlayfs"
    default_runtime_name = "runc"
    [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc]
      runtime_type = "io.containerd.runc.v2"
      [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc.options]
        SystemdCgroup = false
"""
