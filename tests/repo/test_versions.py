"""One version number for package, charts and changelog: the one in pixelstream/__init__.py."""

import re
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pytest
import yaml

import pixelstream

ROOT = Path(__file__).resolve().parents[2]
CHARTS = sorted((ROOT / "charts").rglob("Chart.yaml"))


def chart(path: Path) -> dict[str, Any]:
    read: dict[str, Any] = yaml.safe_load(path.read_text())
    return read


def test_the_version_is_three_numbers() -> None:
    assert re.fullmatch(r"\d+\.\d+\.\d+", pixelstream.__version__)


def test_the_installed_package_has_the_version_of_its_source() -> None:
    assert version("pixelstream") == pixelstream.__version__


@pytest.mark.parametrize("path", CHARTS, ids=lambda path: path.parent.name)
def test_a_chart_has_the_version_of_the_package(path: Path) -> None:
    read = chart(path)
    found = {key: read[key] for key in ("version", "appVersion") if key in read}
    assert set(found.values()) == {pixelstream.__version__}


@pytest.mark.parametrize("path", CHARTS, ids=lambda path: path.parent.name)
def test_charts_ask_for_each_other_in_that_version(path: Path) -> None:
    ours = {chart(each)["name"] for each in CHARTS}
    asked = {
        one["name"]: one["version"] for one in chart(path).get("dependencies", ()) if one["name"] in ours
    }
    assert {name: wanted for name, wanted in asked.items() if wanted != pixelstream.__version__} == {}


def test_the_changelog_has_a_section_for_the_version() -> None:
    sections = re.findall(r"^## \[(.+?)\]", (ROOT / "CHANGELOG.md").read_text(), re.MULTILINE)
    assert sections[:2] in (
        ["Unreleased", pixelstream.__version__],
        [pixelstream.__version__, *sections[1:2]],
    )
