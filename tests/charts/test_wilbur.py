"""What unmodified signalling servers need of the charts."""

from pixelstream.kube.streams import SIGNALLING, WILBUR
from pixelstream.settings.base import parse
from pixelstream.settings.matchmaker import MatchmakerSettings
from tests.charts.helm import name, of_kind, rendered

LABELS = {SIGNALLING: WILBUR}


def test_the_matchmaker_may_go_to_pods_that_carry_the_label() -> None:
    (policy,) = [
        it for it in of_kind(rendered("default"), "NetworkPolicy") if name(it).endswith("matchmaker")
    ]
    (rule,) = [
        rule
        for rule in policy["spec"]["egress"]
        if {"podSelector": {"matchLabels": LABELS}} in rule.get("to", [])
    ]
    assert "ports" not in rule
    assert "namespaceSelector" not in rule["to"][0]


def test_the_label_is_what_the_matchmaker_selects_services_by() -> None:
    key, value = parse(MatchmakerSettings, "{}").wilbur.selector.split("=")
    assert {key: value} == LABELS
