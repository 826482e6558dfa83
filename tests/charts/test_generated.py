"""Files that are made from others are as they would be made now."""

import json
import re
from pathlib import Path

import pytest
import yaml

from pixelstream import __version__
from pixelstream.settings.schema import files
from tests.charts.helm import CHART
from tests.setup import version
from tests.setup.progress import ROOT, StepError
from tests.setup.readmes import charts, readme

SCHEMAS = {str(path.relative_to(CHART)): (path, text) for path, text in files(CHART)}
LONGEST_TEMPLATE = 120


@pytest.mark.parametrize("place", SCHEMAS)
def test_a_schema_is_what_make_schema_writes(place: str) -> None:
    path, text = SCHEMAS[place]
    assert path.read_text() == text, "run: make schema"


@pytest.mark.parametrize("place", SCHEMAS)
def test_a_schema_is_closed_at_every_level_that_is_ours(place: str) -> None:
    made = json.loads(SCHEMAS[place][1])
    blocks = [made, *made["definitions"].values()]
    left_open = {"Component", "Upstream"}
    assert {block["title"] for block in blocks if "title" in block} == set()
    for name, block in {"the whole": made, **made["definitions"]}.items():
        if "properties" in block and name not in left_open:
            assert block["additionalProperties"] is False, name
    assert {"global", "common"} <= made["properties"].keys()


def test_the_umbrellas_schema_names_every_subchart() -> None:
    made = json.loads(SCHEMAS["values.schema.json"][1])
    assert {path.parent.name for path in CHART.glob("charts/*/Chart.yaml")} <= made["properties"].keys()


@pytest.mark.parametrize("chart", charts(), ids=lambda path: path.name)
def test_a_readme_is_what_make_docs_writes(chart: Path) -> None:
    assert (chart / "README.md").read_text() == readme(chart), "run: make docs"


@pytest.mark.parametrize("path", version.files(ROOT), ids=lambda path: str(path.relative_to(ROOT)))
def test_the_release_number_is_the_same_everywhere(path: Path) -> None:
    assert version.written(path, __version__) == path.read_text(), f"run: make version V={__version__}"


@pytest.mark.parametrize("path", version.files(ROOT), ids=lambda path: str(path.relative_to(ROOT)))
def test_a_new_release_number_leaves_no_old_one(path: Path) -> None:
    text = version.written(path, "97.98.99-rc.1")
    assert "97.98.99-rc.1" in text
    assert re.findall(rf"(?<![0-9.]){re.escape(__version__)}(?![0-9.])", text) == []


@pytest.mark.parametrize("number", ["", "1.2", "v1.2.3", "1.2.3+build", "latest"])
def test_what_is_no_release_number_is_refused(number: str, tmp_path: Path) -> None:
    with pytest.raises(StepError, match="a release is named like"):
        version.write(tmp_path, number)


def test_the_umbrella_asks_for_the_versions_that_lie_beside_it() -> None:
    wanted = {it["name"]: it for it in yaml.safe_load((CHART / "Chart.yaml").read_text())["dependencies"]}
    there = {path.parent.name: yaml.safe_load(path.read_text()) for path in CHART.glob("charts/*/Chart.yaml")}
    assert wanted.keys() == there.keys()
    for name, about in there.items():
        assert wanted[name]["version"] == about["version"] == __version__
        assert "repository" not in wanted[name]
        assert name == "common" or wanted[name]["condition"] == f"{name}.enabled"


def test_no_template_is_long_and_each_helper_says_how_it_is_used() -> None:
    for path in CHART.rglob("templates/**/*"):
        if path.is_file():
            text = path.read_text()
            assert len(text.splitlines()) <= LONGEST_TEMPLATE, path
            assert (
                text.count("{{- define") == len(re.findall(r"(?<![a-z])Usage:", text))
                or path.suffix != ".tpl"
            ), path


def test_a_named_template_bears_the_name_of_its_chart() -> None:
    for path in CHART.rglob("templates/**/*.tpl"):
        chart = (
            path.relative_to(CHART).parts[1] if "charts" in path.relative_to(CHART).parts else "pixelstream"
        )
        prefix = "pixelstream" if chart == "common" else chart
        for title in re.findall(r'define "([^"]+)"', path.read_text()):
            assert title.startswith(f"{prefix}."), (path, title)
