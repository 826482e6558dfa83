"""Workflows for GitHub: well-formed, every action pinned to a commit, only what the Makefile knows is run."""

import re
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.cluster.node import build
from tests.cluster.node.pins import pins
from tests.setup.progress import ROOT

FOLDER = ROOT / ".github" / "workflows"
FILES = sorted(FOLDER.glob("*.yml"))
PINNED = re.compile(r"[\w-]+/[\w-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+")


def jobs(path: Path) -> dict[str, dict[str, Any]]:
    """Return the jobs of a workflow."""
    found: dict[str, dict[str, Any]] = yaml.safe_load(path.read_text())["jobs"]
    return found


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_actionlint_has_no_complaint(path: Path) -> None:
    done = subprocess.run([build.program("actionlint"), path], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (0, "")


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_every_action_of_others_is_pinned_to_a_commit(path: Path) -> None:
    used = re.findall(r"uses: (.+)", path.read_text())
    assert [action for action in used if not (action.startswith("./") or PINNED.fullmatch(action))] == []


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_no_job_has_more_rights_or_time_than_it_says(path: Path) -> None:
    assert yaml.safe_load(path.read_text())["permissions"] == {"contents": "read"}
    assert [
        name for name, job in jobs(path).items() if "uses" not in job and "timeout-minutes" not in job
    ] == []


def test_a_workflow_makes_only_what_the_makefile_knows() -> None:
    makefiles = [ROOT / "Makefile", ROOT / "tests/cluster/cluster.mk", ROOT / "images/images.mk"]
    known = set(re.findall(r"^([a-z-]+):", "\n".join(path.read_text() for path in makefiles), re.MULTILINE))
    lines = re.findall(r"run: make (.+)", "\n".join(path.read_text() for path in FILES))
    assert sorted({word for line in lines for word in line.split()} - known) == []


def test_charts_are_installed_on_the_three_pinned_kubernetes_releases() -> None:
    images = jobs(FOLDER / "ci.yml")["kind"]["strategy"]["matrix"]["image"]
    assert images == [pins().kind.node_image, *pins().kind.older]
    assert len({image.partition(":v")[2].rpartition(".")[0] for image in images}) == 3


def test_nothing_is_released_that_has_not_passed() -> None:
    release = jobs(FOLDER / "release.yml")
    assert release["checks"]["uses"] == "./.github/workflows/ci.yml"
    assert "checks" in release["image"]["needs"]
    assert "image" in release["chart"]["needs"]


def test_images_and_chart_are_signed_and_images_list_what_they_contain() -> None:
    text = (FOLDER / "release.yml").read_text()
    assert text.count("cosign sign --yes") == 2
    assert "cosign attest --yes --type spdxjson" in text
    assert "anchore/sbom-action" in text
