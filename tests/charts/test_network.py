"""NetworkPolicies: nothing passes but what each component needs, and both ends agree on that."""

from collections.abc import Iterator

import pytest

from tests.charts.helm import Object, name, objects, of_kind, pods, rendered, selects, template

DENY = "NetworkPolicy/px-default-deny"
KEDA = "NetworkPolicy/px-streamer-keda"
PARTNERS = {
    "matchmaker": {"router", "test", "streamer", "signalserver"},
    "proxy": {"router", "test"},
    "player": {"router", "test"},
    "streamer": {"proxy", "matchmaker"},
    "signalserver": {"proxy", "matchmaker"},
    "turn-api": {"streamer", "signalserver", "test"},
    "router": {"test"},
}
"""Who of the release may come to whom."""


def policies(found: list[Object]) -> list[Object]:
    """Return the policies of components, without what denies all and what lets KEDA in to the matchmaker."""
    return [it for it in of_kind(found, "NetworkPolicy") if name(it) not in {DENY, KEDA}]


SILENT = {"streamer-image", "streamer-room"}
"""Pods that keep nodes warm and speak to nobody: all is denied to them."""


def rules(policy: Object, way: str) -> Iterator[tuple[str, int | None]]:
    """Yield the component and port of each path that a policy allows within the release."""
    peer = "from" if way == "ingress" else "to"
    for rule in policy["spec"].get(way) or []:
        for end in rule.get(peer, []):
            component = end.get("podSelector", {}).get("matchLabels", {}).get("app.kubernetes.io/name")
            if component and "namespaceSelector" not in end:
                yield from ((component, port["port"]) for port in rule.get("ports") or [{"port": None}])


def policy_of(found: list[Object], component: str) -> Object:
    """Return the policy that selects a component's pods."""
    (pod, *_) = [pod for pod in pods(found) if pod.component == component]
    (policy,) = [it for it in policies(found) if selects(_selector(it), pod.labels)]
    return policy


def _selector(policy: Object) -> dict[str, str]:
    selector: dict[str, str] = policy["spec"]["podSelector"]["matchLabels"]
    return selector


def test_all_traffic_of_every_pod_is_denied_unless_allowed(found: list[Object]) -> None:
    (deny,) = [it for it in of_kind(found, "NetworkPolicy") if name(it) == DENY]
    assert deny["spec"]["policyTypes"] == ["Ingress", "Egress"]
    assert deny["spec"].keys() == {"podSelector", "policyTypes"}
    assert [pod.owner for pod in pods(found) if not selects(_selector(deny), pod.labels)] == []


def test_each_pod_has_one_policy_of_its_own(found: list[Object]) -> None:
    for pod in pods(found):
        chosen = [name(it) for it in policies(found) if selects(_selector(it), pod.labels)]
        assert len(chosen) == (0 if pod.component in SILENT else 1), (pod.owner, chosen)


def test_a_policy_lets_in_only_who_has_business_there(found: list[Object]) -> None:
    for component in {pod.component for pod in pods(found)} & PARTNERS.keys():
        came = {who for who, _ in rules(policy_of(found, component), "ingress")}
        assert came <= PARTNERS[component], component


def test_who_may_go_out_to_a_component_is_let_in_there(found: list[Object]) -> None:
    there = {pod.component for pod in pods(found)} - SILENT
    for component in there:
        for target, port in rules(policy_of(found, component), "egress"):
            if target in there:
                assert (component, port) in set(rules(policy_of(found, target), "ingress")), (
                    component,
                    target,
                    port,
                )


def test_a_component_is_let_in_only_at_ports_that_it_has(found: list[Object]) -> None:
    for component in {pod.component for pod in pods(found)} & PARTNERS.keys():
        (pod, *_) = [pod for pod in pods(found) if pod.component == component]
        open_ports = {port["containerPort"] for c in pod.containers for port in c.get("ports", [])}
        assert {port for _, port in rules(policy_of(found, component), "ingress")} <= open_ports, component


def test_nobody_but_relays_is_open_to_the_world(found: list[Object]) -> None:
    for policy in policies(found):
        anyone = [rule for rule in policy["spec"].get("ingress") or [] if not rule.get("from")]
        exposed = policy["metadata"]["labels"]["app.kubernetes.io/name"]
        assert not anyone or exposed in {"router", "turn", "signalserver"}, name(policy)


@pytest.mark.parametrize("case", ["router-gateway", "router-ingress"])
def test_the_clusters_own_edge_is_let_in_where_it_leads(case: str) -> None:
    found = rendered(case)
    for component in ("player", "matchmaker", "proxy"):
        peers = [
            end for rule in policy_of(found, component)["spec"]["ingress"] for end in rule.get("from", [])
        ]
        assert any("namespaceSelector" in end for end in peers), component


def test_a_streamer_reaches_no_metadata_service() -> None:
    blocks = [
        end["ipBlock"]
        for rule in policy_of(rendered("default"), "streamer")["spec"]["egress"]
        for end in rule.get("to", [])
        if "ipBlock" in end
    ]
    assert all("169.254.0.0/16" in block["except"] for block in blocks if block["cidr"] == "0.0.0.0/0")


def test_prometheus_is_let_in_just_where_a_monitor_reads() -> None:
    found = rendered("everything")
    read = {
        pod.component
        for it in of_kind(found, "PodMonitor")
        for pod in pods(found)
        if selects(it["spec"]["selector"]["matchLabels"], pod.labels)
    }
    assert {
        it["spec"]["podSelector"]["matchLabels"]["app.kubernetes.io/name"] for it in _watched(found)
    } == read
    assert _watched(rendered("default")) == []


def _watched(found: list[Object]) -> list[Object]:
    prometheus = "'app.kubernetes.io/name': 'prometheus'"
    return [it for it in policies(found) if prometheus in str(it["spec"].get("ingress"))]


def test_policies_can_be_left_to_the_cluster() -> None:
    found = objects(template(values={"global": {"networkPolicy": {"enabled": False}}}))
    assert of_kind(found, "NetworkPolicy") == []
