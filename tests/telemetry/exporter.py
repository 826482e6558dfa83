"""Series of others as their exporters give them, for a given load: DCGM, kube-state-metrics, coturn.

The trap: names and labels are upstream's and so is what is *not* there: under time-slicing DCGM has no
pod of ours, and coturn's byte counters only grow when a session ends.
"""

from __future__ import annotations

import math
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

Labels = dict[str, str]
Sample = tuple[str, Labels, float]

MODEL = "NVIDIA L4"
MEMORY = 23034.0
"""MiB of an L4."""


@dataclass
class Load:
    """What GPUs, autoscalers and relays have to do.

    Attributes:
        busy: for each node, for each of its GPUs, how busy it is from 0 to 1.
        fleets: for each fleet its replicas, those asked for, fewest and most.
        allocations: for each relay pod its allocations over UDP and over TCP.
        relayed: for each relay pod the bytes that it has sent to clients so far.
    """

    busy: dict[str, tuple[float, ...]] = field(default_factory=dict)
    fleets: dict[str, tuple[int, int, int, int]] = field(default_factory=dict)
    allocations: dict[str, tuple[int, int]] = field(default_factory=dict)
    relayed: dict[str, float] = field(default_factory=dict)


def samples(at: float, load: Load, namespace: str = "streams", stem: str = "px") -> Iterator[Sample]:
    """Yield what the exporters would tell at a time."""
    for node, gpus in load.busy.items():
        for number, busy in enumerate(gpus):
            labels = {"Hostname": node, "gpu": str(number), "modelName": MODEL, "device": f"nvidia{number}"}
            yield from _gpu(at, labels, busy)
    for fleet, sizes in load.fleets.items():
        labels = {"namespace": namespace, "horizontalpodautoscaler": f"{stem}-streamer-{fleet}"}
        yield from _scaler(labels, sizes)
    for pod, (udp, tcp) in load.allocations.items():
        labels = {"namespace": namespace, "pod": pod, "container": "turn"}
        yield from _relay(labels, udp, tcp, load.relayed[pod])


def _gpu(at: float, labels: Labels, busy: float) -> Iterator[Sample]:
    wave = 0.015 * math.sin(at / 997 + hash_of(labels["Hostname"]) + int(labels["gpu"]))
    work = min(max(busy + wave * (busy > 0), 0.0), 1.0)
    used = 600 + (MEMORY - 4000) * work * 0.8
    yield "DCGM_FI_DEV_GPU_TEMP", labels, round(34 + 41 * work)
    yield "DCGM_FI_DEV_POWER_USAGE", labels, round(16.5 + 53 * work, 3)
    yield "DCGM_FI_DEV_SM_CLOCK", labels, 210.0 if work < 0.02 else round(1740 + 300 * (1 - work)) // 15 * 15
    yield "DCGM_FI_DEV_GPU_UTIL", labels, round(96 * work)
    yield "DCGM_FI_DEV_MEM_COPY_UTIL", labels, round(38 * work)
    yield "DCGM_FI_DEV_ENC_UTIL", labels, round(71 * work)
    yield "DCGM_FI_DEV_FB_USED", labels, round(used)
    yield "DCGM_FI_DEV_FB_FREE", labels, round(MEMORY - used)
    yield "DCGM_FI_DEV_XID_ERRORS", labels, 0
    yield "DCGM_FI_PROF_PIPE_TENSOR_ACTIVE", labels, round(0.14 * work, 6)


def hash_of(text: str) -> int:
    """Return a number that is the same in every process."""
    return sum(map(ord, text))


def _scaler(labels: Labels, sizes: tuple[int, int, int, int]) -> Iterator[Sample]:
    current, desired, least, most = sizes
    prefix = "kube_horizontalpodautoscaler"
    yield f"{prefix}_status_current_replicas", labels, current
    yield f"{prefix}_status_desired_replicas", labels, desired
    yield f"{prefix}_spec_min_replicas", labels, least
    yield f"{prefix}_spec_max_replicas", labels, most
    for status, value in (("true", 1), ("false", 0), ("unknown", 0)):
        more = {"condition": "ScalingActive", "status": status}
        yield f"{prefix}_status_condition", {**labels, **more}, value


def _relay(labels: Labels, udp: int, tcp: int, sent: float) -> Iterator[Sample]:
    yield "turn_total_allocations", {**labels, "type": "UDP"}, udp
    yield "turn_total_allocations", {**labels, "type": "TCP"}, tcp
    yield "turn_total_traffic_sentb", labels, sent
    yield "turn_total_traffic_rcvb", labels, round(sent * 0.06)
    yield "turn_total_traffic_peer_sentb", labels, round(sent * 0.058)
    yield "turn_total_traffic_peer_rcvb", labels, round(sent * 0.99)


def text(found: Iterator[Sample]) -> str:
    """Return samples as a page of metrics."""
    return "".join(f"{name}{{{written(labels)}}} {value}\n" for name, labels, value in found)


def written(labels: Labels) -> str:
    """Return labels as they stand in braces."""
    return ",".join(f'{key}="{value}"' for key, value in labels.items())


@contextmanager
def serving(page: Callable[[], str]) -> Iterator[str]:
    """Serve a page of metrics on a free port while the block runs; yields its address."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            body = page().encode()
            self.send_response(200)
            self.send_header("Content-Type", "text/plain; version=0.0.4")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        try:
            yield f"127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()
