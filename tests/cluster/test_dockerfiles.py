"""What images/ promises without being built."""

import re
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from pixelstream.apps.edge import page
from tests.cluster.node.pins import REPOSITORY

IMAGES = REPOSITORY / "images"
DOCKERFILES = sorted(IMAGES.rglob("Dockerfile*"))


def last_stage(dockerfile: Path) -> str:
    return re.split(r"^FROM .*$", dockerfile.read_text(), flags=re.MULTILINE)[-1]


@pytest.mark.parametrize("dockerfile", DOCKERFILES, ids=lambda file: f"{file.parent.name}/{file.name}")
def test_an_image_runs_as_a_numbered_user_other_than_root(dockerfile: Path) -> None:
    users = re.findall(r"^USER (\d+)", last_stage(dockerfile), re.MULTILINE)
    assert users
    assert users[-1] != "0"


@pytest.mark.parametrize("dockerfile", DOCKERFILES, ids=lambda file: f"{file.parent.name}/{file.name}")
def test_an_image_starts_its_program_itself_so_that_signals_reach_it(dockerfile: Path) -> None:
    starts = re.findall(r"^(?:ENTRYPOINT|CMD) (.*)$", last_stage(dockerfile), re.MULTILINE)
    assert starts
    assert all(start.startswith("[") for start in starts)


@pytest.mark.parametrize("dockerfile", DOCKERFILES, ids=lambda file: f"{file.parent.name}/{file.name}")
def test_no_base_image_floats(dockerfile: Path) -> None:
    text = dockerfile.read_text()
    bases = re.findall(r"^FROM (\S+)", text, re.MULTILINE) + re.findall(
        r"^ARG BASE=(\S+)", text, re.MULTILINE
    )
    assert bases
    assert [base for base in bases if base.endswith(":latest") or (":" not in base and "$" not in base)] == []


def test_packages_are_locked_in_versions_that_pyproject_allows() -> None:
    project = tomllib.loads((REPOSITORY / "pyproject.toml").read_text())["project"]
    lines = (IMAGES / "pixelstream" / "requirements.txt").read_text().splitlines()
    locked = dict(line.split("==") for line in lines if not line.startswith("#"))
    wanted = [
        Requirement(text) for text in project["dependencies"] + project["optional-dependencies"]["media"]
    ]
    versions = {canonicalize_name(name): version for name, version in locked.items()}
    wrong = [
        str(one)
        for one in wanted
        if not one.specifier.contains(versions.get(canonicalize_name(one.name), "0"))
    ]
    assert wrong == [], "run: make image-lock"


def test_the_player_sends_the_headers_of_the_edges_page() -> None:
    text = (IMAGES / "player" / "default.conf").read_text()
    assert page.POLICY in text
    assert page.FOR_EVER in text
    for name, value in page.SECURITY.items():
        assert f'add_header {name} "{value}" always;' in text


def test_the_unreal_entrypoint_becomes_the_program() -> None:
    text = (IMAGES / "unreal" / "entrypoint.sh").read_text()
    assert re.search(r'^exec "\$\{binary\}"', text, re.MULTILINE)
    used = set(re.findall(r"\$\{([A-Z_]+)\}", text))
    for dockerfile in (IMAGES / "unreal").glob("Dockerfile.*"):
        assert all(re.search(rf"\b{name}=", dockerfile.read_text()) for name in used)
