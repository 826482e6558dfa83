"""Copies of the charts that can be changed: a leaf by itself, and packages in place of upstream charts.

The trap: an upstream chart can't be fetched by a test, so what stands in for it has its name, a version
of the range that is asked for, and nothing but an object that shows which values it was handed.
"""

import re
import shutil
from pathlib import Path
from typing import Any

import yaml

from tests.charts.helm import CHART, Object, helm

SHOWN = """apiVersion: v1
kind: ConfigMap
metadata: {name: handed-%s}
data:
  values: |
    {{- toYaml .Values | nindent 4 }}
"""


def copied(target: Path) -> Path:
    """Copy the umbrella with all of its subcharts below `target`; returns its folder."""
    folder = target / "pixelstream"
    shutil.copytree(CHART, folder, ignore=shutil.ignore_patterns("*.tgz"))
    return folder


def alone(umbrella: Path, leaf: str) -> Path:
    """Make a leaf of a copied umbrella stand by itself, its dependencies in place; returns its folder."""
    folder = umbrella / "charts" / leaf
    shutil.copytree(umbrella / "charts" / "common", folder / "charts" / "common")
    for wanted in upstream(leaf):
        stand_in(folder, wanted)
    return folder


def upstream(leaf: str) -> list[dict[str, Any]]:
    """Return the dependencies of a leaf that are charts of others."""
    about = yaml.safe_load((CHART / "charts" / leaf / "Chart.yaml").read_text())
    return [it for it in about.get("dependencies", []) if it["repository"].startswith("https://")]


def stand_in(leaf: Path, wanted: dict[str, Any]) -> None:
    """Put a package in place of an upstream chart into a copied leaf, of the oldest version asked for."""
    oldest = re.search(r"[0-9]+\.[0-9]+\.[0-9]+", wanted["version"])
    source = leaf.parent / f".{wanted['name']}"
    (source / "templates").mkdir(parents=True)
    about = {"apiVersion": "v2", "name": wanted["name"], "version": oldest[0] if oldest else ""}
    (source / "Chart.yaml").write_text(yaml.safe_dump(about))
    (source / "values.yaml").write_text("{}\n")
    (source / "templates" / "shown.yaml").write_text(SHOWN % wanted["name"])
    helm("package", source, "--destination", leaf / "charts")
    shutil.rmtree(source)


def handed(found: list[Object], name: str) -> Object:
    """Return the values that a package in place of an upstream chart was handed."""
    (it,) = [it for it in found if it["metadata"]["name"] == f"handed-{name}"]
    values: Object = yaml.safe_load(it["data"]["values"])
    return values
