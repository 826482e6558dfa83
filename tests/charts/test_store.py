"""The store of the matchmakers: none, one elsewhere, or Valkey installed; and what follows from it."""

from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.charts import standins
from tests.charts.helm import Object, objects, refusal, template

ELSEWHERE = {"store": {"url": "valkeys://valkey.example.org:6380"}}


def installed(tmp_path: Path, **more: Any) -> list[Object]:
    """Render with the stand-in of upstream's chart."""
    umbrella = standins.copied(tmp_path)
    (wanted,) = standins.upstream("matchmaker")
    standins.stand_in(umbrella / "charts" / "matchmaker", wanted)
    return objects(template(values={"matchmaker": {"valkey": {"enabled": True}, **more}}, chart=umbrella))


def rendered_with(**matchmaker: Any) -> list[Object]:
    return objects(template(values={"matchmaker": matchmaker}))


def one(found: list[Object], kind: str, name: str = "px-matchmaker") -> Object:
    (it,) = [it for it in found if it["kind"] == kind and it["metadata"]["name"] == name]
    return it


def store(found: list[Object]) -> Any:
    return yaml.safe_load(one(found, "ConfigMap")["data"]["config.yaml"]).get("store")


def ports_out(found: list[Object]) -> set[int]:
    rules = one(found, "NetworkPolicy")["spec"]["egress"]
    return {port["port"] for rule in rules if "to" not in rule for port in rule["ports"]}


def test_with_none_there_is_one_pod_and_its_room_is_in_memory() -> None:
    found = rendered_with()
    assert one(found, "Deployment")["spec"]["replicas"] == 1
    assert store(found) is None
    assert 6379 not in ports_out(found)


def test_with_one_elsewhere_there_are_two_pods_that_may_reach_it() -> None:
    found = rendered_with(**ELSEWHERE)
    assert one(found, "Deployment")["spec"]["replicas"] == 2
    assert store(found) == {"kind": "valkey", "url": ELSEWHERE["store"]["url"], "prefix": "streams-px"}
    assert {6379, 6380} <= ports_out(found)


def test_a_rollout_never_takes_a_pod_away_and_a_node_never_both() -> None:
    found = rendered_with(**ELSEWHERE)
    spec = one(found, "Deployment")["spec"]
    assert spec["strategy"]["rollingUpdate"] == {"maxSurge": 1, "maxUnavailable": 0}
    keys = {rule["topologyKey"] for rule in spec["template"]["spec"]["topologySpreadConstraints"]}
    assert keys == {"topology.kubernetes.io/zone", "kubernetes.io/hostname"}
    assert one(found, "PodDisruptionBudget")["spec"]["maxUnavailable"] == 1


def test_the_drain_ends_before_the_pods_grace_period() -> None:
    found = rendered_with(terminationGracePeriodSeconds=600)
    spec = one(found, "Deployment")["spec"]["template"]["spec"]
    config = yaml.safe_load(one(found, "ConfigMap")["data"]["config.yaml"])
    (container,) = spec["containers"]
    hook = container["lifecycle"]["preStop"]["exec"]["command"]
    assert config["drain"]["deadline"] + int(hook[-1]) < spec["terminationGracePeriodSeconds"] == 600


def test_secrets_come_as_files() -> None:
    tls = {
        "existingSecret": "tls",
        "certificate": "tls.crt",
        "privateKey": "tls.key",
        "serverName": "v",
    }
    mine = {
        "url": "sentinel://a:26379,b/primary",
        "existingSecret": "mine",
        "keys": {"username": "user", "password": "word", "sentinelPassword": "watch"},
    }
    found = rendered_with(store={**mine, "url": "valkeys+sentinel://a:26379,b/primary", "tls": tls})
    assert store(found) == {
        "kind": "valkey",
        "url": "valkeys+sentinel://a:26379,b/primary",
        "prefix": "streams-px",
        "usernameFile": "/etc/pixelstream/store/user",
        "passwordFile": "/etc/pixelstream/store/word",
        "sentinelPasswordFile": "/etc/pixelstream/store/watch",
        "caFile": "/etc/pixelstream/store-tls/ca.crt",
        "certificateFile": "/etc/pixelstream/store-tls/tls.crt",
        "keyFile": "/etc/pixelstream/store-tls/tls.key",
        "serverName": "v",
    }
    spec = one(found, "Deployment")["spec"]["template"]["spec"]
    secrets = {it["name"]: it["secret"]["secretName"] for it in spec["volumes"] if "secret" in it}
    assert (secrets["store"], secrets["store-tls"]) == ("mine", "tls")


def test_valkey_and_matchmaker_get_the_password_that_is_made(tmp_path: Path) -> None:
    found = installed(tmp_path)
    secret = one(found, "Secret", "px-matchmaker-store")
    assert list(secret["data"]) == ["store-password"]
    assert store(found)["url"] == "valkey://px-valkey:6379"
    assert store(found)["passwordFile"] == "/etc/pixelstream/store/store-password"
    auth = standins.handed(found, "valkey")["auth"]
    assert auth["aclUsers"]["default"]["passwordKey"] == "store-password"
    assert one(found, "Deployment")["spec"]["replicas"] == 2


def test_only_matchmakers_get_to_valkey(tmp_path: Path) -> None:
    found = installed(tmp_path)
    policy = one(found, "NetworkPolicy", "px-matchmaker-store")["spec"]
    assert policy["podSelector"]["matchLabels"]["app.kubernetes.io/name"] == "valkey"
    (rule,) = policy["ingress"]
    names = {peer["podSelector"]["matchLabels"]["app.kubernetes.io/name"] for peer in rule["from"]}
    assert names == {"matchmaker", "valkey", "valkey-sentinel"}


@pytest.mark.parametrize(
    ("values", "key", "yaml_to_paste"),
    [
        ({"replicas": 2}, "matchmaker.replicas", "url: valkey://host:6379"),
        (
            {"replicas": 2, "store": {"kind": "memory", "url": "valkey://h"}},
            "matchmaker.replicas",
            "replicas: 1",
        ),
        ({"store": {"kind": "valkey"}}, "matchmaker.store.kind", "url: valkey://host:6379"),
        ({**ELSEWHERE, "valkey": {"enabled": True}}, "matchmaker.store.url", "enabled: false"),
        (
            {"store": {**ELSEWHERE["store"], "tls": {"certificate": "tls.crt"}}},
            "matchmaker.store.tls.privateKey",
            "privateKey: tls.key",
        ),
    ],
)
def test_what_can_not_work_is_refused_with_what_would(
    values: dict[str, Any], key: str, yaml_to_paste: str
) -> None:
    told = refusal({"matchmaker": values})
    assert key in told
    assert yaml_to_paste in told


def test_a_password_has_no_place_in_the_url() -> None:
    assert "/store/url" in refusal({"matchmaker": {"store": {"url": "valkey://:secret@host"}}})


def test_the_settings_win() -> None:
    found = rendered_with(**ELSEWHERE, config={"store": {"presence": "9s", "prefix": "other"}})
    assert (store(found)["presence"], store(found)["prefix"]) == ("9s", "other")
