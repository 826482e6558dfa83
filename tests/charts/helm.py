"""Renders the charts with Helm 3 and Helm 4, each case once in a run.

The trap: a rendering is shared by all tests, so none may change what it is given.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from tests.cluster.node import build
from tests.cluster.node.shell import CommandError, run
from tests.setup.progress import ROOT

Object = dict[str, Any]

CHART = ROOT / "charts" / "pixelstream"
LEAVES = sorted(path.parent.name for path in CHART.glob("charts/*/Chart.yaml"))
CASES = sorted(path.name.removesuffix("-values.yaml") for path in CHART.glob("ci/*-values.yaml"))
HELMS = ("helm", "helm3")
RELEASE, NAMESPACE = "px", "streams"

_Loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


@dataclass(frozen=True)
class Pod:
    """A pod of a rendered object: its labels, its annotations, its spec."""

    owner: str
    labels: dict[str, str]
    annotations: dict[str, str]
    spec: dict[str, Any]

    @property
    def component(self) -> str:
        """The chart that it belongs to."""
        return self.labels["app.kubernetes.io/name"]

    @property
    def containers(self) -> list[dict[str, Any]]:
        """All containers, those that run first included."""
        return [*self.spec.get("initContainers", []), *self.spec["containers"]]


def helm(*words: str | Path, program: str = "helm", cwd: Path | None = None) -> str:
    """Run Helm and return what it printed.

    Raises:
        CommandError: it refused; the text has its words.
    """
    return run([build.program(program), *words], cwd=cwd)


def template(
    *words: str | Path,
    values: Object | None = None,
    chart: Path = CHART,
    program: str = "helm",
    release: str = RELEASE,
) -> str:
    """Render a chart as a release in the namespace `streams`.

    Raises:
        CommandError: the values were refused, or a template failed.
    """
    stdin = yaml.safe_dump(values or {})
    argv = ["template", release, chart, "--namespace", NAMESPACE, "--values", "-", *words]
    return run([build.program(program), *argv], stdin=stdin)


def refusal(values: Object, *words: str | Path, chart: Path = CHART) -> str:
    """Return Helm's words on values that it must refuse."""
    try:
        template(*words, values=values, chart=chart)
    except CommandError as error:
        return error.output
    raise AssertionError(f"these values were taken: {values}")


def objects(text: str) -> list[Object]:
    """Return the objects of a rendering."""
    return [found for found in yaml.load_all(text, Loader=_Loader) if found]


def values_of(case: str) -> Path:
    """Return the file of values of a case in ci/."""
    return CHART / "ci" / f"{case}-values.yaml"


@cache
def rendered(case: str, program: str = "helm") -> list[Object]:
    """Return the objects of a case in ci/."""
    return objects(template("--values", values_of(case), program=program))


def pods(found: list[Object]) -> Iterator[Pod]:
    """Yield the pod of every object that has one."""
    for it in found:
        pod = it if it["kind"] == "Pod" else it.get("spec", {}).get("template", {})
        if "containers" in pod.get("spec", {}):
            meta = pod["metadata"]
            yield Pod(name(it), meta["labels"], meta.get("annotations") or {}, pod["spec"])


def name(it: Object) -> str:
    """Return how tests call an object: `Deployment/px-player`."""
    return f"{it['kind']}/{it['metadata']['name']}"


def of_kind(found: list[Object], *kinds: str) -> list[Object]:
    """Return the objects of some kinds."""
    return [it for it in found if it["kind"] in kinds]


def selects(selector: dict[str, str], labels: dict[str, str]) -> bool:
    """Tell whether labels have all that a selector asks for."""
    return selector.items() <= labels.items()
