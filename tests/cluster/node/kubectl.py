"""kubectl for tests: run it, read its JSON, apply objects, wait for what they become.

Trap: it must be our own kubectl, of the cluster's version, with the cluster's kubeconfig; a
machine's own may be years older and read another file.
"""

import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from tests.cluster.node import build, host
from tests.cluster.node.shell import CommandError, run


class Kubectl:
    """kubectl of one cluster, and of one namespace where it is given."""

    def __init__(self, kubeconfig: Path, namespace: str = "") -> None:
        self.kubeconfig, self.namespace = kubeconfig, namespace
        place = ["--namespace", namespace] if namespace else []
        self._start = [str(build.program("kubectl")), f"--kubeconfig={kubeconfig}", *place]

    def __call__(self, *words: str, stdin: str | None = None, timeout: float = 60.0) -> str:
        """Run kubectl; returns what it prints.

        Raises:
            CommandError: it failed.
        """
        return run([*self._start, *words], stdin=stdin, timeout=timeout)

    def within(self, namespace: str) -> "Kubectl":
        """The same cluster's kubectl in a namespace."""
        return Kubectl(self.kubeconfig, namespace)

    def json(self, *words: str) -> Any:
        """What `kubectl WORDS --output json` prints, parsed."""
        return json.loads(self(*words, "--output", "json"))

    def apply(self, *objects: Mapping[str, Any]) -> None:
        """Make or change objects.

        Raises:
            CommandError: the API server refused one.
        """
        document = {"apiVersion": "v1", "kind": "List", "items": list(objects)}
        self("apply", "--filename", "-", stdin=json.dumps(document))

    def ready(self, *names: str, seconds: float = 60.0) -> None:
        """Wait until objects, named as `pod/x` or `deployment/y`, are ready.

        Raises:
            CommandError: they were not in time; the text holds their events.
        """
        for name in names:
            kind = name.split("/")[0]
            condition = "Available" if kind.startswith("deploy") else "Ready"
            try:
                words = ["wait", f"--for=condition={condition}", name, f"--timeout={seconds:g}s"]
                self(*words, timeout=seconds + 10)
            except CommandError as error:
                told = f"{error.output}\n{self('describe', name)}"
                raise CommandError(error.argv, error.code, told) from error

    def succeeds(self, *words: str) -> bool:
        """Whether kubectl ends without a fault; for commands whose failure is an answer."""
        try:
            self(*words)
        except CommandError:
            return False
        return True


def eventually(what: str, check: Callable[[], bool], seconds: float = 30.0) -> None:
    """Wait until a check holds, asking it again and again.

    Raises:
        TimeoutError: it did not in time.
    """
    host.wait(what, check, seconds)


def pod(name: str, image: str, command: Sequence[str], labels: Mapping[str, str]) -> dict[str, Any]:
    """A pod that the restricted Pod Security Standard lets pass."""
    container = {
        "name": "main",
        "image": image,
        "imagePullPolicy": "IfNotPresent",
        "command": list(command),
        "securityContext": {
            "allowPrivilegeEscalation": False,
            "capabilities": {"drop": ["ALL"]},
            "readOnlyRootFilesystem": True,
        },
    }
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": name, "labels": dict(labels)},
        "spec": {
            "containers": [container],
            "terminationGracePeriodSeconds": 1,
            "automountServiceAccountToken": False,
            "securityContext": {
                "runAsNonRoot": True,
                "runAsUser": 65532,
                "seccompProfile": {"type": "RuntimeDefault"},
            },
        },
    }
