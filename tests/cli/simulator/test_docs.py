"""docs/scaling.md is true: its commands run, its values are taken."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest
import yaml
from typer.testing import CliRunner

from pixelstream.cli import main
from pixelstream.settings.base import check
from pixelstream.settings.fleets import FleetSettings
from tests.setup.progress import ROOT

PAGE = (ROOT / "docs" / "scaling.md").read_text()
BLOCKS = re.findall(r"```(\w+)\n(.*?)```", PAGE, re.DOTALL)
COMMANDS = [
    line
    for kind, text in BLOCKS
    if kind == "sh"
    for line in text.replace("\\\n", " ").splitlines()
    if line.startswith("pixelstream simulate")
]
OPTIONS = sorted(set(re.findall(r"(?<![\w-])--[a-z][a-z-]+", PAGE)) - {"--raw", "--namespace", "--selector"})


def test_there_is_something_to_hold_it_to() -> None:
    assert COMMANDS
    assert len(OPTIONS) > 15


@pytest.mark.parametrize("command", COMMANDS)
def test_a_command_runs_as_it_stands(command: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    result = CliRunner().invoke(main.app, shlex.split(command)[1:])
    assert result.exit_code == 0, result.output
    assert (tmp_path / "values.yaml").is_file()
    assert (tmp_path / "plot.svg").is_file()


def test_every_option_that_is_named_exists() -> None:
    shown = CliRunner().invoke(main.app, ["simulate", "--help"], env={"COLUMNS": "200"}).output
    assert [option for option in OPTIONS if option not in shown] == []


def test_buffers_and_budgets_are_such_as_the_matchmaker_takes() -> None:
    found = [yaml.safe_load(text) for kind, text in BLOCKS if kind == "yaml"]
    (scaling,) = [it["streamer"]["fleets"]["default"]["autoscaling"] for it in found if "streamer" in it]
    (budget,) = [it["budget"] for it in found if "budget" in it]
    fleet = check(FleetSettings, {"name": "default", "buffer": scaling["buffer"], "budget": budget})
    sizing = fleet.sizing()
    assert sizing.percent == 20
    assert len(sizing.schedule) == 2
    assert sizing.budget
    assert sizing.budget.ahead == 3600.0
