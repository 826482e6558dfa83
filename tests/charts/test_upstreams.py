"""Charts of others: off, not in the repository, and handed only what they document."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.charts import standins
from tests.charts.helm import CHART, HELMS, Object, objects, refusal, rendered, template

DOCUMENTED = {
    "prometheus-adapter": {
        "prometheus.url",
        "prometheus.port",
        "rules.default",
        "rules.external",
        "rules.custom",
    },
    "dcgm-exporter": {"affinity", "tolerations", "serviceMonitor.enabled", "serviceMonitor.interval"},
    "kube-prometheus-stack": {
        f"prometheus.prometheusSpec.{kind}SelectorNilUsesHelmValues"
        for kind in ("podMonitor", "serviceMonitor", "rule")
    },
    "valkey": {"auth.enabled", "auth.usersExistingSecret", "auth.aclUsers"},
}
"""Keys of each chart's own values.yaml that our values may set."""

OWNERS = {it["name"]: (leaf, it) for leaf in ("telemetry", "matchmaker") for it in standins.upstream(leaf)}


def on(name: str) -> Object:
    """Return the values that switch an upstream chart on."""
    return {OWNERS[name][0]: {name: {"enabled": True}}}


def test_there_is_a_row_for_every_chart_of_others() -> None:
    assert OWNERS.keys() == DOCUMENTED.keys()
    for name, (_, wanted) in OWNERS.items():
        assert wanted["condition"] == f"{name}.enabled"
        assert wanted["version"].startswith(">=")
        assert "<" in wanted["version"]


def test_none_is_in_the_repository_or_in_a_default_rendering() -> None:
    assert list(CHART.rglob("*.tgz")) == []
    assert not any(name in str(it["metadata"]) for name in OWNERS for it in rendered("default"))


@pytest.mark.parametrize("name", OWNERS)
def test_one_that_is_not_here_is_refused_with_the_command_that_brings_it(name: str) -> None:
    leaf = OWNERS[name][0]
    told = refusal(on(name))
    assert f"{leaf}.{name}.enabled" in told
    assert f"helm dependency update charts/pixelstream/charts/{leaf}" in told


@pytest.mark.parametrize("program", HELMS)
@pytest.mark.parametrize("name", OWNERS)
def test_once_it_is_here_it_renders_and_is_handed_what_it_documents(
    name: str, program: str, tmp_path: Path
) -> None:
    umbrella = standins.copied(tmp_path)
    leaf, wanted = OWNERS[name]
    standins.stand_in(umbrella / "charts" / leaf, wanted)
    found = objects(template(values=on(name), chart=umbrella, program=program))
    values = standins.handed(found, name)
    assert values.pop("enabled") is True
    values.pop("global")
    assert sorted(_unknown(values, DOCUMENTED[name])) == []


def _unknown(block: dict[str, Any], documented: set[str], path: str = "") -> Iterator[str]:
    for key, value in block.items():
        whole = f"{path}{key}"
        if whole in documented:
            continue
        if isinstance(value, dict) and any(known.startswith(f"{whole}.") for known in documented):
            yield from _unknown(value, documented, f"{whole}.")
        else:
            yield whole


def test_one_that_is_here_and_off_renders_nothing(tmp_path: Path) -> None:
    umbrella = standins.copied(tmp_path)
    for leaf, wanted in OWNERS.values():
        standins.stand_in(umbrella / "charts" / leaf, wanted)
    found = objects(template(chart=umbrella))
    assert [it for it in found if it["metadata"]["name"].startswith("handed-")] == []


def test_a_users_values_for_it_go_through_as_they_are(tmp_path: Path) -> None:
    umbrella = standins.copied(tmp_path)
    leaf, wanted = OWNERS["kube-prometheus-stack"]
    standins.stand_in(umbrella / "charts" / leaf, wanted)
    mine = {"enabled": True, "grafana": {"adminUser": "me"}}
    found = objects(template(values={leaf: {"kube-prometheus-stack": mine}}, chart=umbrella))
    assert standins.handed(found, "kube-prometheus-stack")["grafana"] == {"adminUser": "me"}
