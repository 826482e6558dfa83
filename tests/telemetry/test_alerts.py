"""Every alert fires when it is to, with these words, and stays quiet when it isn't: held by promtool.

Cases stand in alerts/*.yaml; each becomes one unit test of promtool.
"""

from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.telemetry import rules

FOLDER = Path(__file__).parent / "alerts"
CASES: dict[str, dict[str, list[dict[str, Any]]]] = {
    alert: kinds
    for path in sorted(FOLDER.glob("*.yaml"))
    for alert, kinds in yaml.safe_load(path.read_text()).items()
}


def each(kind: str) -> list[Any]:
    """Return every case of a kind, named by its alert and what it is about."""
    return [
        pytest.param(alert, case, id=f"{alert}: {case['why']}")
        for alert, kinds in CASES.items()
        for case in kinds[kind]
    ]


def judge(folder: Path, alert: str, case: dict[str, Any], expected: list[dict[str, Any]]) -> None:
    """Let promtool judge a case."""
    interval = case.get("interval", "1m")
    test = {
        "interval": interval,
        "input_series": [{"series": name, "values": values} for name, values in case["series"].items()],
        "alert_rule_test": [{"eval_time": case["at"], "alertname": alert, "exp_alerts": expected}],
    }
    file = folder / "test.yaml"
    whole = {
        "rule_files": [str(rules.write(folder))],
        "evaluation_interval": interval,
        "tests": [test],
    }
    file.write_text(yaml.safe_dump(whole))
    rules.promtool("test", "rules", file)


@pytest.mark.parametrize(("alert", "case"), each("fires"))
def test_an_alert_fires_and_says_what_it_is_about(alert: str, case: dict[str, Any], tmp_path: Path) -> None:
    rule = rules.alerts()[alert]
    annotations = {
        "summary": case["summary"],
        "description": case["description"],
        "runbook_url": rule["annotations"]["runbook_url"],
    }
    labels = {**rule["labels"], **case["labels"]}
    judge(tmp_path, alert, case, [{"exp_labels": labels, "exp_annotations": annotations}])


@pytest.mark.parametrize(("alert", "case"), each("quiet"))
def test_an_alert_stays_quiet(alert: str, case: dict[str, Any], tmp_path: Path) -> None:
    judge(tmp_path, alert, case, [])


def test_every_alert_is_seen_firing_and_quiet_and_no_case_is_about_another() -> None:
    assert CASES.keys() == rules.alerts().keys()
    assert [alert for alert, kinds in CASES.items() if not (kinds["fires"] and kinds["quiet"])] == []


def test_promtool_has_nothing_to_say_of_the_rules(tmp_path: Path) -> None:
    assert "SUCCESS" in rules.promtool("check", "rules", "--lint-fatal", rules.write(tmp_path))


def test_every_alert_has_a_severity_and_words() -> None:
    for alert, rule in rules.alerts().items():
        assert rule["labels"]["severity"] in {"critical", "warning"}, alert
        assert rule["annotations"].keys() == {"summary", "description", "runbook_url"}, alert
