"""A few questions to a cluster's API server, asked over HTTPS with the kubeconfig's certificate.

Trap: an API server answers before its node is Ready, and the node is Ready before the service
account that every pod needs exists; a caller should wait for all three.
"""

import base64
import ssl
import tempfile
from pathlib import Path
from typing import Any

import httpx
import yaml

REQUEST_SECONDS = 5.0


class Api:
    """A client of one API server."""

    def __init__(self, kubeconfig: Path) -> None:
        config = yaml.safe_load(kubeconfig.read_text())
        cluster, user = config["clusters"][0]["cluster"], config["users"][0]["user"]
        context = ssl.create_default_context(cadata=_decoded(cluster["certificate-authority-data"]))
        with tempfile.TemporaryDirectory() as folder:  # the ssl module loads client keys from files only
            pair = Path(folder) / "client.pem"
            pair.touch(mode=0o600)
            pair.write_text(_decoded(user["client-certificate-data"]) + _decoded(user["client-key-data"]))
            context.load_cert_chain(pair)
        self._client = httpx.Client(
            base_url=cluster["server"], verify=context, timeout=REQUEST_SECONDS, trust_env=False
        )

    def get(self, path: str) -> Any | None:
        """The object at a path, None while it, or the server, cannot be had."""
        try:
            answer = self._client.get(path)
        except httpx.TransportError:
            return None
        return answer.json() if answer.status_code == httpx.codes.OK else None

    def node_ready(self, name: str) -> bool:
        """Whether a node says that it is Ready."""
        node = self.get(f"/api/v1/nodes/{name}") or {}
        conditions = node.get("status", {}).get("conditions", [])
        return any(one["type"] == "Ready" and one["status"] == "True" for one in conditions)

    def service_account_exists(self, namespace: str = "default") -> bool:
        """Whether pods can be made in a namespace: its service account is there."""
        return self.get(f"/api/v1/namespaces/{namespace}/serviceaccounts/default") is not None

    def deployment_available(self, namespace: str, name: str) -> bool:
        """Whether a Deployment has the replicas that it wants, all of its newest generation."""
        found = self.get(f"/apis/apps/v1/namespaces/{namespace}/deployments/{name}")
        if found is None:
            return False
        wanted, status = found["spec"]["replicas"], found.get("status", {})
        counts = [status.get("availableReplicas", 0), status.get("updatedReplicas", 0)]
        return bool(
            status.get("observedGeneration") == found["metadata"]["generation"] and counts == [wanted] * 2
        )

    def close(self) -> None:
        """Close the connections."""
        self._client.close()


def _decoded(text: str) -> str:
    return base64.b64decode(text).decode()
