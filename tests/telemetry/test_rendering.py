"""Rules as the chart's values make them: their kind, thresholds, labels, and alerts that nobody wants."""

from typing import Any

import pytest
import yaml

from pixelstream.metrics.quality import FIRST_FRAME
from pixelstream.settings.values.telemetry import FIRST_FRAME_LIMITS
from tests.charts.helm import Object, objects, of_kind, refusal, template
from tests.telemetry.rules import ON


def with_rules(**values: Any) -> list[Object]:
    return objects(template(values={**ON, "telemetry": {"rules": values}}))


def rule_object(found: list[Object]) -> Object:
    (it,) = of_kind(found, "PrometheusRule")
    return it


def expressions(found: list[Object]) -> dict[str, str]:
    groups = rule_object(found)["spec"]["groups"]
    return {
        rule.get("alert", rule.get("record")): rule["expr"] for group in groups for rule in group["rules"]
    }


def test_without_the_operator_there_are_no_rules() -> None:
    found = objects(template())
    assert of_kind(found, "PrometheusRule", "PodMonitor", "ServiceMonitor") == []
    assert [it for it in of_kind(found, "ConfigMap") if "rules" in str(it["data"].keys())] == []


def test_a_cluster_without_the_operator_gets_the_same_rules_as_a_file() -> None:
    found = objects(template(values={"telemetry": {"rules": {"kind": "ConfigMap"}}}))
    (it,) = [it for it in of_kind(found, "ConfigMap") if it["metadata"]["name"] == "px-telemetry-rules"]
    file = yaml.safe_load(it["data"]["pixelstream.rules.yaml"])
    assert file == rule_object(with_rules())["spec"]
    assert of_kind(found, "PrometheusRule") == []


def test_rules_can_be_left_out() -> None:
    assert of_kind(with_rules(kind="none"), "PrometheusRule") == []


def test_nothing_in_brackets_is_left() -> None:
    assert "[[" not in yaml.safe_dump(rule_object(with_rules()))


@pytest.mark.parametrize(("seconds", "le"), [(2, "2.0"), (1.5, "1.5"), (12, "12.0")])
def test_the_goal_is_the_users(seconds: float, le: str) -> None:
    found = expressions(with_rules(thresholds={"firstFrameSeconds": seconds, "firstFramePercent": 99.5}))
    assert f'le="{le}"' in found["fleet:pixelstream_visits_bad:ratio_rate5m"]
    assert "(1 - 99.5 / 100)" in found["PixelstreamFirstFrameBurnsFast"]


def test_a_goal_is_a_limit_of_the_histogram_that_it_is_read_from() -> None:
    assert FIRST_FRAME_LIMITS == FIRST_FRAME


def test_an_alert_that_is_not_wanted_is_left_out_and_the_others_stay() -> None:
    less, whole = with_rules(disabled=["PixelstreamStoreDown"]), with_rules()
    assert expressions(whole).keys() - expressions(less).keys() == {"PixelstreamStoreDown"}


def test_alerts_and_their_object_bear_the_users_labels() -> None:
    it = rule_object(with_rules(labels={"role": "alert-rules"}, alertLabels={"team": "streams"}))
    assert it["metadata"]["labels"]["role"] == "alert-rules"
    rules = [rule for group in it["spec"]["groups"] for rule in group["rules"]]
    assert {rule.get("labels", {}).get("team") for rule in rules if "alert" in rule} == {"streams"}
    assert {rule.get("labels", {}).get("severity") for rule in rules if "alert" in rule} == {
        "critical",
        "warning",
    }
    assert [rule for rule in rules if "record" in rule and "labels" in rule] == []


def test_runbooks_are_where_the_user_keeps_them() -> None:
    it = rule_object(with_rules(runbooks="https://wiki.example.org/pixels"))
    rules = [rule for group in it["spec"]["groups"] for rule in group["rules"] if "alert" in rule]
    for rule in rules:
        wanted = f"https://wiki.example.org/pixels#{rule['alert'].lower()}"
        assert rule["annotations"]["runbook_url"] == wanted


def test_each_release_judges_its_own_namespace() -> None:
    for name, expression in expressions(with_rules()).items():
        assert 'namespace="streams"' in expression or "DCGM_" in expression, name


def test_an_alert_that_does_not_exist_cannot_be_switched_off() -> None:
    told = refusal({"telemetry": {"rules": {"disabled": ["PixelstreamStoreGone"]}}})
    assert "telemetry.rules.disabled" in told
    assert "names PixelstreamStoreGone" in told
    assert "alert: PixelstreamStoreDown" in told


@pytest.mark.parametrize(
    "values",
    [
        {"thresholds": {"firstFramePercent": 100}},
        {"thresholds": {"firstFrameSeconds": 2.2}},
        {"thresholds": {"noFreeStreamFor": "soon"}},
        {"thresholds": {"firstFrames": 2}},
        {"disabled": ["StoreDown"]},
        {"kind": "Rules"},
    ],
)
def test_values_that_make_no_rules_are_refused(values: dict[str, Any]) -> None:
    assert "rules" in refusal({"telemetry": {"rules": values}})
