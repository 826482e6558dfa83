"""Helm 3 and Helm 4 render the same, as often as they are asked."""

import pytest

from tests.charts.helm import (
    CASES,
    CHART,
    NAMESPACE,
    RELEASE,
    Object,
    helm,
    name,
    objects,
    of_kind,
    rendered,
    template,
)


def _settled(found: list[Object]) -> dict[str, Object]:
    """The objects by name, without keys, which are made anew where no cluster keeps them."""
    return {name(it): {**it, "data": sorted(it["data"])} if it["kind"] == "Secret" else it for it in found}


@pytest.mark.parametrize("case", CASES)
def test_helm_3_and_helm_4_render_the_same(case: str) -> None:
    assert _settled(rendered(case)) == _settled(rendered(case, "helm3"))


def test_a_second_rendering_differs_in_nothing_but_fresh_keys() -> None:
    assert _settled(objects(template())) == _settled(rendered("default"))


def test_fresh_keys_are_long_and_never_the_same_twice() -> None:
    first, second = (of_kind(objects(template()), "Secret")[0]["data"] for _ in range(2))
    assert first.keys() == {"control-key", "lease-keys", "turn-secret", "streamer-token"}
    assert all(len(first[key]) >= 40 and first[key] != second[key] for key in first)


def test_notes_lead_to_the_page() -> None:
    words = ("install", RELEASE, CHART, "--namespace", NAMESPACE, "--dry-run=client")
    notes = helm(*words).partition("NOTES:")[2]
    assert "port-forward service/px-router 8080:80" in notes
    assert "http://localhost:8080/" in notes
