"""Boards are whole: made by `make docs`, explained panel by panel, and handed to Grafana's sidecar."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.charts.helm import objects, of_kind, template
from tests.setup.dashboards.__main__ import BOARDS, FOLDER, files
from tests.setup.progress import ROOT
from tests.telemetry.rules import ON, alerts

FILES = files()
LARGEST = 1_000_000
"""Bytes of a ConfigMap, less some for its head."""


def configmaps(values: dict[str, Any]) -> dict[str, dict[str, Any]]:
    found = of_kind(objects(template(values=values)), "ConfigMap")
    return {it["metadata"]["name"]: it for it in found if any(key.endswith(".json") for key in it["data"])}


@pytest.mark.parametrize(("path", "text"), FILES, ids=[path.name for path, _ in FILES])
def test_a_file_is_what_make_docs_writes(path: Path, text: str) -> None:
    assert path.read_text() == text, "run: make docs"


def test_there_is_no_file_of_a_board_that_is_no_more() -> None:
    assert sorted(FOLDER.glob("*")) == sorted(path for path, _ in FILES)


@pytest.mark.parametrize("board", BOARDS, ids=lambda board: board.slug)
def test_every_panel_says_what_it_shows_in_which_unit(board: Any) -> None:
    whole = board.json()
    assert whole["description"]
    for panel in whole["panels"]:
        assert len(panel["title"]) <= 26, panel["title"]
        assert panel["description"].endswith("."), panel["title"]
        assert panel["fieldConfig"]["defaults"]["unit"], panel["title"]
        assert all(target["legendFormat"] for target in panel["targets"]), panel["title"]


@pytest.mark.parametrize("board", BOARDS, ids=lambda board: board.slug)
def test_links_to_runbooks_lead_to_alerts(board: Any) -> None:
    anchors = {name.lower() for name in alerts()}
    linked = [link["url"] for panel in board.json()["panels"] for link in panel.get("links", [])]
    assert linked
    assert {url.split("#")[1] for url in linked} <= anchors


@pytest.mark.parametrize("board", BOARDS, ids=lambda board: board.slug)
def test_a_choice_that_queries_use_can_be_made(board: Any) -> None:
    whole = board.json()
    chosen = {it["name"] for it in whole["templating"]["list"]}
    text = json.dumps(whole["panels"])
    for name in ("namespace", "fleet", "node", "gpu"):
        assert (f"${name}" in text) == (name in chosen), name


def test_every_board_has_its_picture() -> None:
    pictures = (ROOT / "docs" / "images" / "dashboards").glob("*.png")
    assert {path.stem for path in pictures} == {board.slug for board in BOARDS}


def test_grafanas_sidecar_finds_every_board_and_its_folder() -> None:
    found = configmaps(ON)
    assert found.keys() == {f"px-telemetry-{board.slug}" for board in BOARDS}
    for it in found.values():
        assert it["metadata"]["labels"]["grafana_dashboard"] == "1"
        assert it["metadata"]["annotations"]["grafana_folder"] == "Pixel Streaming"
        ((name, text),) = it["data"].items()
        assert json.loads(text) == json.loads((FOLDER / name.removeprefix("pixelstream-")).read_text())
        assert len(text) < LARGEST


def test_boards_come_without_the_operator_too_and_can_be_left_out() -> None:
    assert configmaps({}) == {}
    assert len(configmaps({"telemetry": {"dashboards": {"kind": "ConfigMap"}}})) == len(BOARDS)
    assert configmaps({**ON, "telemetry": {"dashboards": {"kind": "none"}}}) == {}
    assert configmaps({**ON, "telemetry": {"enabled": False}}) == {}
