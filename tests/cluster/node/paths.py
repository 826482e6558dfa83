"""Where the cluster keeps things, and the addresses that it uses.

Trap: the cache may be kept by CI between machines, so nothing under `packed` and `images` may
name this machine's folders.
"""

import os
from pathlib import Path

CACHE = Path(os.environ.get("PIXELSTREAM_CACHE", Path.home() / ".cache" / "pixelstream"))
PACKED = CACHE / "packed"  # programs by group, tar.zst: the part worth keeping between machines
PROGRAMS = CACHE / "programs"  # the same, unpacked on demand
IMAGES = CACHE / "images"  # docker-archives
BUILDAH = CACHE / "buildah"  # layers of Dockerfile builds
LOCKS = CACHE / "locks"
NODE = CACHE / "node"  # the running node; gone after `down`, but for its logs
LOGS = CACHE / "node-logs"

STATE = NODE / "state.json"
PKI = NODE / "pki"
CONF = NODE / "conf"
DATA = NODE / "data"
KUBECONFIG = NODE / "kubeconfig"

NODE_NAME = "node1"
HOST_LINK, NODE_LINK = "pxs-host", "pxs-node"
HOST_ADDRESS, NODE_ADDRESS = "10.200.0.1", "10.200.0.2"
LINK_PREFIX = 24
POD_RANGE, NODE_POD_RANGE = "10.244.0.0/16", "10.244.0.0/24"
SERVICE_RANGE = "10.96.0.0/16"
API_SERVICE_ADDRESS, DNS_SERVICE_ADDRESS = "10.96.0.1", "10.96.0.10"
