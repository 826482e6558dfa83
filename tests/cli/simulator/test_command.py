"""`pixelstream simulate` as people use it."""

from __future__ import annotations

import json
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
import yaml
from typer.testing import CliRunner, Result

from pixelstream.cli import main
from tests.setup.progress import ROOT

CASE = ROOT / "charts" / "pixelstream" / "ci" / "scaling-values.yaml"
SVG = "{http://www.w3.org/2000/svg}"


def simulate(*args: str) -> Result:
    return CliRunner().invoke(
        main.app, ["simulate", "--span", "4h", "--rate", "120", *args], env={"COLUMNS": "140"}
    )


def test_the_usual_policies_are_compared_and_one_is_chosen() -> None:
    result = simulate("--json")
    assert result.exit_code == 0, result.output
    figures = json.loads(result.stdout.splitlines()[-1])
    assert len(figures["policies"]) == 6
    chosen = next(one for one in figures["policies"] if one["policy"] == figures["chosen"])
    assert figures["kept"]
    assert chosen["waitP95"] <= 10
    assert "wait p50" in result.stdout
    assert "waiting" in result.stdout


def test_a_choice_that_misses_the_goals_is_told_to() -> None:
    result = simulate("--policy", "fixed=0,min=0", "--json")
    assert not json.loads(result.stdout.splitlines()[-1])["kept"]
    assert "none keeps --goal" in result.stdout


def test_the_choice_is_written_as_values_and_all_as_a_picture(tmp_path: Path) -> None:
    values, picture = tmp_path / "values.yaml", tmp_path / "plot.svg"
    result = simulate(
        "--policy", "fixed=1", "--policy", "fixed=9,max=50", "--price", "1.5",
        "--write", str(values), "--svg", str(picture),
    )  # fmt: skip
    assert result.exit_code == 0, result.output
    written = yaml.safe_load(values.read_text())["streamer"]["fleets"]["default"]
    assert written["autoscaling"]["enabled"] is True
    assert written["pricePerGpuHour"] == 1.5
    root = ET.fromstring(picture.read_text())  # noqa: S314 - our own file
    titles = [text.text or "" for text in root.iter(f"{SVG}text") if text.get("font-weight")]
    assert [title.split(":")[0] for title in titles] == ["fixed=1", "fixed=9,max=50"]
    again = simulate("--values", str(values))
    assert again.exit_code == 0, again.output
    assert "values.yaml" in again.stdout


def test_visits_of_a_file_are_replayed(tmp_path: Path) -> None:
    file = tmp_path / "visits.csv"
    file.write_text("arrival,seconds\n" + "".join(f"{1000 + 60 * n},300\n" for n in range(30)))
    result = simulate("--csv", str(file), "--policy", "fixed=30", "--json")
    (figures,) = json.loads(result.stdout.splitlines()[-1])["policies"]
    assert (figures["visits"], figures["seated"], figures["waitP95"]) == (30, 30, 0.0)


def test_nodes_keda_and_endless_patience_can_be_asked_for() -> None:
    result = simulate(
        "--policy", "fixed=0", "--node-streams", "4", "--warm-nodes", "1", "--node-start", "2m",
        "--kind", "keda", "--patience", "never", "--seats", "2", "--json",
    )  # fmt: skip
    assert result.exit_code == 0, result.output
    (figures,) = json.loads(result.stdout.splitlines()[-1])["policies"]
    assert figures["abandoned"] == 0
    assert figures["gpuHours"]["spare"] > 0


@pytest.mark.parametrize(
    ("args", "words"),
    [
        (("--start", "soon"), "--start: 1 fault(s)\n  'soon' must be a number of seconds or a duration"),
        (("--pattern", "weekly"), "must be one of steady, daily, burst"),
        (("--kind", "vpa"), "must be one of hpa, keda"),
        (("--policy", "many"), "'many' is none of fixed=N"),
        (("--values", "missing.yaml"), "cannot be read"),
        (("--csv", "missing.csv"), "missing.csv"),
        (("--values", str(CASE), "--fleet", "nope"), "--fleet nope: there are default, asked"),
    ],
)
def test_what_cannot_be_done_is_said_in_words(args: tuple[str, ...], words: str) -> None:
    result = simulate(*args)
    assert result.exit_code == 1
    assert words in result.output
