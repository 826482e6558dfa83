"""Linters without a complaint: Helm's own, chart testing's, and the API's schemas."""

import os
import re
import shutil
from pathlib import Path

import pytest
import yaml

from tests.charts import standins
from tests.charts.api import conformity
from tests.charts.helm import (
    CASES,
    CHART,
    HELMS,
    LEAVES,
    helm,
    objects,
    rendered,
    template,
    values_of,
)
from tests.cluster.node import build, modules
from tests.cluster.node.pins import pins
from tests.cluster.node.shell import CommandError, run
from tests.setup.progress import ROOT

ALONE = [leaf for leaf in LEAVES if leaf != "common"]
COMPLAINT = re.compile(r"\[(?:INFO|WARNING|ERROR)\].*")


@pytest.mark.parametrize("program", HELMS)
def test_helm_has_no_complaint_about_any_case(program: str) -> None:
    for case in CASES:
        told = helm("lint", "--strict", CHART, "--values", values_of(case), program=program)
        assert COMPLAINT.findall(told) == [], case


@pytest.mark.parametrize("leaf", ALONE)
def test_a_leaf_by_itself_lints_and_renders(leaf: str, tmp_path: Path) -> None:
    folder = standins.alone(standins.copied(tmp_path), leaf)
    told = helm("lint", "--strict", folder)
    assert COMPLAINT.findall(told) == []
    made = objects(template(values={"enabled": True}, chart=folder))
    assert made or leaf == "telemetry"


def test_chart_testing_has_no_complaint(tmp_path: Path) -> None:
    """Every case of ci/, Chart.yaml against its schema, and the style of values.yaml."""
    umbrella = standins.copied(tmp_path / "charts")
    leaves = [standins.alone(umbrella, leaf) for leaf in ALONE]
    shutil.copy(ROOT / "ct.yaml", tmp_path)
    rules = modules.folder("github.com/helm/chart-testing/v3", pins().groups["chart-testing"].version) / "etc"
    words: list[str | Path] = [
        "--chart-yaml-schema",
        rules / "chart_schema.yaml",
        "--lint-conf",
        rules / "lintconf.yaml",
    ]
    charts = ",".join(str(folder.relative_to(tmp_path)) for folder in [umbrella, *leaves])
    argv = [
        "lint",
        "--config",
        "ct.yaml",
        "--charts",
        charts,
        "--skip-helm-dependencies",
        "--chart-repos",
        "",
    ]
    path = (
        f"{build.program('helm').parent}{os.pathsep}{ROOT / '.venv' / 'bin'}{os.pathsep}{os.environ['PATH']}"
    )
    run(["git", "init", "--quiet"], cwd=tmp_path)
    told = run([build.program("ct"), *argv, *words], cwd=tmp_path, env={**os.environ, "PATH": path})
    assert "All charts linted successfully" in told
    assert told.count("Linting chart with values file") == len(CASES)
    assert told.count('Linting chart "') == len([umbrella, *leaves])


def test_chart_testing_finds_every_chart_but_the_library() -> None:
    config = yaml.safe_load((ROOT / "ct.yaml").read_text())
    found = {
        path.parent.name for place in config["chart-dirs"] for path in (ROOT / place).glob("*/Chart.yaml")
    }
    assert found - set(config["excluded-charts"]) == {"pixelstream", *ALONE}
    urls = {it["repository"] for leaf in ALONE for it in standins.upstream(leaf)}
    assert {entry.partition("=")[2] for entry in config["chart-repos"]} == urls


def test_every_object_of_every_case_has_only_fields_that_the_api_knows() -> None:
    found = [it for case in CASES for it in rendered(case)]
    told = conformity(found)
    assert told.get("resources", []) == []
    assert told["summary"] == {"valid": len(found), "invalid": 0, "errors": 0, "skipped": 0}


def test_a_field_that_the_api_does_not_know_is_found() -> None:
    (first, *_) = [it for it in rendered("default") if it["kind"] == "Deployment"]
    with pytest.raises(CommandError, match="replica"):
        conformity([{**first, "spec": {**first["spec"], "replica": 1}}])
