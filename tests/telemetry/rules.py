"""The chart's rules as rendered for a release `px` in the namespace `streams`, and promtool over them."""

from functools import cache
from pathlib import Path
from typing import Any

import yaml

from tests.charts.helm import objects, of_kind, template
from tests.cluster.node import build
from tests.cluster.node.shell import run

ON = {"global": {"monitoring": {"enabled": True}}}


@cache
def groups() -> list[dict[str, Any]]:
    """Return the groups of the PrometheusRule."""
    (rule,) = of_kind(objects(template(values=ON)), "PrometheusRule")
    found: list[dict[str, Any]] = rule["spec"]["groups"]
    return found


def alerts() -> dict[str, dict[str, Any]]:
    """Return the alert rules by name."""
    return {rule["alert"]: rule for group in groups() for rule in group["rules"] if "alert" in rule}


def write(folder: Path) -> Path:
    """Write the rules as a file of Prometheus; returns it."""
    path = folder / "rules.yaml"
    path.write_text(yaml.safe_dump({"groups": groups()}, width=1000))
    return path


def promtool(*words: str | Path) -> str:
    """Run promtool and return what it printed.

    Raises:
        CommandError: it found a fault; the text has its words.
    """
    return run([build.program("promtool"), *words])
