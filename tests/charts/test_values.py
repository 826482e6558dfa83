"""values.yaml, its model and the templates agree: no key without use, no use without a key."""

import re
from collections.abc import Iterator
from typing import Any

import pytest
import yaml

from pixelstream.settings.base import Model, check
from pixelstream.settings.values import CHARTS, PixelstreamValues
from tests.charts.helm import CHART, Object
from tests.setup.readmes import rows

UMBRELLA = "pixelstream"
MODELS: dict[str, type[Model]] = {UMBRELLA: PixelstreamValues, **CHARTS}
FOLDERS = {name: CHART if name == UMBRELLA else CHART / "charts" / name for name in MODELS}
UPSTREAM = {"prometheus-adapter", "dcgm-exporter", "kube-prometheus-stack", "valkey"}
LONGEST = 150


def values(chart: str) -> Object:
    """Return what a chart's values.yaml holds."""
    found: Object = yaml.safe_load((FOLDERS[chart] / "values.yaml").read_text())
    return found


@pytest.mark.parametrize("chart", MODELS)
def test_the_defaults_are_what_the_model_says_and_all_that_it_says(chart: str) -> None:
    whole = values(chart)
    if "fleets" in whole:
        whole["fleets"] = {}  # a fleet is written in part, where the model asks for all
    if chart == "proxy":
        whole["config"] = {"kubernetes": {"namespace": "a", "selector": "b"}}  # which the chart adds
    check(MODELS[chart], whole, f"{chart}/values.yaml")


@pytest.mark.parametrize("chart", MODELS)
def test_keys_stand_in_the_order_of_the_model(chart: str) -> None:
    assert list(_misplaced(MODELS[chart], values(chart), chart)) == []


def _misplaced(model: type[Model], block: Object, path: str) -> Iterator[str]:
    order = [field.alias or name for name, field in model.model_fields.items()]
    if [key for key in order if key in block] != [key for key in block if key in order]:
        yield path
    for name, field in model.model_fields.items():
        key, kind = field.alias or name, field.annotation
        if isinstance(kind, type) and issubclass(kind, Model) and isinstance(block.get(key), dict):
            yield from _misplaced(kind, block[key], f"{path}.{key}")


@pytest.mark.parametrize("chart", MODELS)
def test_every_value_is_used_by_a_template(chart: str) -> None:
    folders = {FOLDERS[chart], CHART / "charts" / "common"}
    text = "".join(
        path.read_text() for folder in folders for path in (folder / "templates").rglob("*") if path.is_file()
    )
    text += "".join(path.read_text() for path in FOLDERS[chart].glob("files/rules/*.yaml"))
    own = {key: value for key, value in values(chart).items() if key not in {*CHARTS, *UPSTREAM}}
    used = set(re.findall(r"[.\"\[]([A-Za-z][A-Za-z0-9]*)\b", text)) | {"enabled"}
    assert sorted(set(_keys(own)) - used) == []


def _keys(block: Object) -> Iterator[str]:
    for key, value in block.items():
        yield key
        if (
            isinstance(value, dict)
            and key not in {"fleets", "headers", "nodeSelector", "labels", "annotations"}
            and not _passed_on(key)
        ):
            yield from _keys(value)


def _passed_on(key: str) -> bool:
    """Whether a block is Kubernetes' own and goes into the pod as it is."""
    return key in {"resources", "strategy", "behavior", "lifecycle"} or key in {
        "startup",
        "liveness",
        "readiness",
    }


@pytest.mark.parametrize("chart", MODELS)
def test_every_value_is_explained(chart: str) -> None:
    text = (FOLDERS[chart] / "values.yaml").read_text()
    assert [row.keys for row in rows(text) if not row.text] == []
    assert len(text.splitlines()) <= LONGEST


@pytest.mark.parametrize("chart", CHARTS)
def test_what_all_charts_share_has_the_same_defaults_everywhere(chart: str) -> None:
    whole = values(UMBRELLA)["global"]
    whole["networkPolicy"] = {key: value for key, value in whole["networkPolicy"].items() if key != "edge"}
    assert values(chart)["global"] == whole


@pytest.mark.parametrize("chart", CHARTS)
def test_the_umbrella_repeats_no_default_but_what_is_installed(chart: str) -> None:
    said: Any = values(UMBRELLA)[chart]
    assert said.keys() <= {"enabled", "fleets"}
    assert said["enabled"] == values(chart)["enabled"]
