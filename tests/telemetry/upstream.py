"""Metrics of others that rules and boards may read: those that their documentation names.

The trap: a name alone says little; whoever adds one here has looked up its labels, too, which the fake
exporter (`exporter.py`) then has as upstream gives them.
"""

DCGM = {
    "DCGM_FI_DEV_ENC_UTIL": "encoder utilisation (%)",
    "DCGM_FI_DEV_FB_FREE": "frame buffer free (MiB)",
    "DCGM_FI_DEV_FB_USED": "frame buffer used (MiB)",
    "DCGM_FI_DEV_GPU_TEMP": "temperature (°C)",
    "DCGM_FI_DEV_GPU_UTIL": "utilisation (%)",
    "DCGM_FI_DEV_MEM_COPY_UTIL": "memory utilisation (%)",
    "DCGM_FI_DEV_POWER_USAGE": "power (W)",
    "DCGM_FI_DEV_SM_CLOCK": "clock of the multiprocessors (MHz)",
    "DCGM_FI_DEV_XID_ERRORS": "last XID error",
    "DCGM_FI_PROF_PIPE_TENSOR_ACTIVE": "share of cycles in which tensor cores work; data centre GPUs",
}
"""dcgm-exporter, etc/dcp-metrics-included.csv, which its chart reads by default."""

KUBE_STATE = {
    "kube_horizontalpodautoscaler_spec_max_replicas": "docs/…/horizontalpodautoscaler-metrics.md",
    "kube_horizontalpodautoscaler_spec_min_replicas": "the same",
    "kube_horizontalpodautoscaler_status_condition": "the same",
    "kube_horizontalpodautoscaler_status_current_replicas": "the same",
    "kube_horizontalpodautoscaler_status_desired_replicas": "the same",
}
"""kube-state-metrics."""

COTURN = {
    "turn_total_allocations": "allocations now, by type",
    "turn_total_traffic_peer_rcvb": "bytes that relays had from peers, counted at the end of a session",
    "turn_total_traffic_peer_sentb": "bytes that relays sent to peers, likewise",
    "turn_total_traffic_rcvb": "bytes that relays had from clients, likewise",
    "turn_total_traffic_sentb": "bytes that relays sent to clients, likewise",
}
"""coturn with `prometheus`, docs/Prometheus.md."""

OTHERS = {
    "certmanager_certificate_expiration_timestamp_seconds": "cert-manager, devops-tips/prometheus-metrics",
    "traefik_tls_certs_not_after": "Traefik, observability/metrics: by cn, sans and serial",
}

KNOWN = {**DCGM, **KUBE_STATE, **COTURN, **OTHERS}
