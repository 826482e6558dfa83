"""docs/quality.md is true: its fields, words, settings and metrics are those of the code."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml
from pydantic.alias_generators import to_camel

from pixelstream.apps.matchmaker.api.usage import COLUMNS, MAX_ROWS
from pixelstream.apps.matchmaker.quality import EVERY
from pixelstream.matchmaking.model import ReleaseReason
from pixelstream.matchmaking.usage import GpuState
from pixelstream.net import otlp
from pixelstream.protocol.quality import MAX_REPORT, Candidate, IceFailure, Part, Report, VisitPhase
from pixelstream.settings.base import check
from pixelstream.settings.matchmaker import MatchmakerSettings, UsageSettings
from tests.setup.catalogue import entries

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs" / "quality.md").read_text(encoding="utf-8")
METRICS = (ROOT / "docs" / "metrics.md").read_text(encoding="utf-8")


def section(title: str) -> str:
    return PAGE.split(f"\n## {title}\n")[1].split("\n## ")[0]


def first_cells(text: str) -> list[str]:
    rows = re.findall(r"^\| (`[^|]*) \|", text, re.MULTILINE)
    return [name for row in rows for name in re.findall(r"`([^`]+)`", row)]


def blocks() -> list[Any]:
    return [yaml.safe_load(text) for text in re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL)]


def test_every_field_of_a_report_is_listed_and_no_other() -> None:
    assert first_cells(section("What the page reports")) == [to_camel(name) for name in Report.model_fields]


@pytest.mark.parametrize("words", [Part, VisitPhase, IceFailure, set(Candidate) - {Candidate.UNKNOWN}])
def test_every_word_of_a_report_is_told(words: Any) -> None:
    assert all(f"`{word.value}`" in section("What the page reports") for word in words)


def test_every_column_and_every_end_of_a_row_is_told() -> None:
    usage = section("Usage")
    assert first_cells(usage) == [*COLUMNS, "user"]
    (ends,) = re.findall(r"^\| `ended` \| (.*) \|$", usage, re.MULTILINE)
    assert re.findall(r"`([a-z_]+)`", ends) == [reason.value for reason in ReleaseReason]


def test_every_state_of_a_gpu_is_told() -> None:
    assert all(f"`{state.value}`" in section("Cost") for state in GpuState)


def test_every_metric_is_one_that_is_told() -> None:
    known = {entry.name.removesuffix("_total") for entry in entries()}
    named = set(re.findall(r"\b(?:pixelstream|signalserver|matchmaker)_[a-z_]+", PAGE))
    assert {name.removesuffix("_total") for name in named} <= known


def test_numbers_are_those_of_the_code() -> None:
    assert MAX_REPORT == 1024
    assert "above 1 KiB" in PAGE
    assert f"every {EVERY:.0f} s on average" in PAGE
    assert f"At most {otlp.QUEUE} spans" in PAGE
    assert f"at most {MAX_ROWS}" in PAGE


def test_settings_in_it_are_settings() -> None:
    given = [block["matchmaker"]["config"] for block in blocks() if "config" in block.get("matchmaker", {})]
    assert len(given) == 2
    for config in given:
        check(MatchmakerSettings, config)
    assert check(MatchmakerSettings, given[1]).usage == UsageSettings()
