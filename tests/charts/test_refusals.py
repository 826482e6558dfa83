"""Mistakes that a user makes, each refused before anything is installed, in words that lead out of it."""

from typing import Any

import pytest

from tests.charts.helm import Object, refusal, template

Values = dict[str, Any]

UNKNOWN = "additional properties '{}' not allowed"

SCHEMA: list[tuple[Values, str, str]] = [
    ({"trun": {"replicas": 2}}, "at ''", UNKNOWN.format("trun")),
    ({"global": {"imageRegistri": "x"}}, "at '/global'", UNKNOWN.format("imageRegistri")),
    (
        {"global": {"imagePullSecrets": [{"name": "x"}]}},
        "/global/imagePullSecrets/0",
        "got object, want string",
    ),
    ({"global": {"networkPolicy": {"enabled": "yes"}}}, "/global/networkPolicy/enabled", "got string"),
    (
        {"global": {"monitoring": {"interval": "often"}}},
        "/global/monitoring/interval",
        "does not match pattern",
    ),
    ({"router": {"kind": "nginx"}}, "at '/kind'", "'traefik', 'gateway', 'ingress', 'none'"),
    ({"router": {"path": "stream"}}, "at '/path'", "does not match pattern"),
    ({"router": {"host": "https://stream.example.org"}}, "at '/host'", "does not match pattern"),
    ({"router": {"limits": {"maxBody": "1m"}}}, "at '/limits/maxBody'", "got string, want null or integer"),
    ({"router": {"service": {"type": "Loadbalancer"}}}, "at '/service/type'", "'LoadBalancer'"),
    ({"player": {"replicas": -1}}, "at '/replicas'", "minimum: got -1, want 0"),
    ({"player": {"replicas": 1.5}}, "at '/replicas'", "got number, want null or integer"),
    ({"player": {"image": "me/player:1"}}, "at '/image'", "got string, want null or object"),
    ({"player": {"image": {"digest": "abc"}}}, "at '/image/digest'", "does not match pattern"),
    ({"player": {"resources": {"limit": {"cpu": 1}}}}, "at '/resources'", UNKNOWN.format("limit")),
    (
        {"player": {"resources": {"limits": {"cpu": "1 core"}}}},
        "/resources/limits/cpu",
        "does not match pattern",
    ),
    (
        {"player": {"tolerations": [{"key": "a", "op": "Exists"}]}},
        "at '/tolerations/0'",
        UNKNOWN.format("op"),
    ),
    ({"player": {"extraEnv": {"A": "b"}}}, "at '/extraEnv'", "got object, want null or array"),
    (
        {"player": {"probes": {"readiness": {"period": 5}}}},
        "at '/probes/readiness'",
        UNKNOWN.format("period"),
    ),
    ({"player": {"terminationGracePeriodSeconds": "1h"}}, "/terminationGracePeriodSeconds", "got string"),
    ({"matchmaker": {"config": {"queue": {"capcity": 5}}}}, "at '/config/queue'", UNKNOWN.format("capcity")),
    (
        {"matchmaker": {"config": {"queue": {"maxWait": "soon"}}}},
        "/config/queue/maxWait",
        "does not match pattern",
    ),
    (
        {"matchmaker": {"config": {"limits": {"maxMessage": 1}}}},
        "/config/limits/maxMessage",
        "minimum: got 1",
    ),
    ({"streamer": {"config": {"codec": "av1"}}}, "at '/config/codec'", "'h264', 'vp8'"),
    ({"streamer": {"engine": "5.1"}}, "at '/engine'", "'5.2'"),
    ({"streamer": {"fleets": {"a": {"replica": 3}}}}, "at '/fleets/a'", UNKNOWN.format("replica")),
    (
        {"streamer": {"fleets": {"a": {"unreal": {"resX": "wide"}}}}},
        "at '/fleets/a/unreal/resX'",
        "got string",
    ),
    ({"streamer": {"fleets": ["a", "b"]}}, "at '/fleets'", "got array, want null or object"),
    (
        {"streamer": {"signalserver": {"config": {"seats": 4}}}},
        "/signalserver/config",
        UNKNOWN.format("seats"),
    ),
    (
        {"streamer": {"autoscaling": {"metric": {"type": "Resource"}}}},
        "/autoscaling/metric/type",
        "'External'",
    ),
    ({"streamer": {"signalserver": {"sidecar": "yes"}}}, "/signalserver/sidecar", "'native'"),
    ({"signalserver": {"enabled": True, "fleet": "My Fleet"}}, "at '/fleet'", "does not match pattern"),
    (
        {"streamer": {"autoscaling": {"buffer": {"fixd": 1}}}},
        UNKNOWN.format("fixd"),
        "at '/autoscaling/buffer'",
    ),
    (
        {"streamer": {"autoscaling": {"buffer": {"schedule": [{"cron": "0 25 * * *", "streams": 1}]}}}},
        "does not match pattern",
        "at '/autoscaling/buffer/schedule/0/cron'",
    ),
    ({"turn": {"kind": "deployment"}}, "at '/kind'", "'DaemonSet', 'Deployment'"),
    ({"turn": {"ports": {"max": 70000}}}, "at '/ports/max'", "maximum: got 70,000, want 65,535"),
    ({"turn": {"peers": {"allow": ["10.0.0.0/8"]}}}, "at '/peers/allow/0'", "does not match pattern"),
    ({"turn": {"realm": "my realm"}}, "at '/realm'", "does not match pattern"),
    (
        {"turn-api": {"config": {"credentials": {"lifetime": 5}}}},
        "/config/credentials/lifetime",
        "got 5, want 60",
    ),
    ({"turnApi": {"enabled": False}}, "at ''", UNKNOWN.format("turnApi")),
    ({"telemetry": {"prometheusAdapter": {}}}, "at ''", UNKNOWN.format("prometheusAdapter")),
    ({"tests": {"deadline": 0}}, "at '/tests/deadline'", "minimum: got 0, want 1"),
]

WORDS: list[tuple[Values, str, str]] = [
    ({"matchmaker": {"enabled": False}}, "matchmaker.enabled", "nobody could be seated"),
    ({"proxy": {"enabled": False}}, "proxy.enabled", "no player would get from the matchmaker to a stream"),
    ({"turn-api": {"enabled": False}}, "turn-api.enabled", "nobody would be told of the TURN servers"),
    ({"matchmaker": {"replicas": 2}}, "matchmaker.replicas", "share no store"),
    ({"turn": {"kind": "Deployment"}}, "turn.externalAddress", "externalAddress: 203.0.113.7"),
    ({"turn": {"kind": "Deployment", "externalAddress": "a", "replicas": 2}}, "turn.replicas", "must be 1"),
    (
        {"turn": {"addressAnnotation": "example.org/public"}},
        "turn-api.config.sources.kubernetes.addressAnnotation",
        "addressAnnotation: example.org/public",
    ),
    ({"turn": {"ports": {"min": 60000, "max": 50000}}}, "turn.ports.min", "is above turn.ports.max"),
    ({"turn": {"ports": {"min": 50000, "max": 50004}}}, "turn.ports", "fewer than 16 ports"),
    ({"router": {"kind": "gateway"}}, "router.gateway.parentRef.name", "name the Gateway"),
    ({"router": {"kind": "ingress"}}, "global.networkPolicy.edge", "namespaceSelector"),
    ({"router": {"kind": "ingress", "path": "/play"}}, "router.path", "must be / with kind ingress"),
    ({"router": {"tls": {"enabled": True}}}, "router.tls", "existingSecret: my-certificate"),
    ({"router": {"tls": {"enabled": True, "certManager": {"issuer": "x"}}}}, "router.host", "needs a name"),
    ({"streamer": {"fleets": {"Big_Fleet": {}}}}, "streamer.fleets.Big_Fleet", "big-fleet: {}"),
    ({"streamer": {"fleets": {"fleets": {}}}}, "streamer.fleets.fleets", "take another"),
    ({"streamer": {"fleets": {"keda": {}}}}, "streamer.fleets.keda", "take another"),
    ({"streamer": {"fleets": {"f" * 60: {}}}}, "streamer.fleets", "makes names too long"),
    (
        {"streamer": {"kind": "unreal"}},
        "streamer.fleets.default.image",
        "must name your image of Unreal Engine",
    ),
    (
        {"streamer": {"autoscaling": {"enabled": True, "minReplicas": 5, "maxReplicas": 2}}},
        "streamer.fleets.default.autoscaling",
        "minReplicas above maxReplicas",
    ),
    (
        {"streamer": {"autoscaling": {"enabled": True, "minReplicas": 0, "metric": {"type": "Pods"}}}},
        "streamer.fleets.default.autoscaling.metric.type",
        "would never leave 0",
    ),
    (
        {"streamer": {"autoscaling": {"enabled": True, "kind": "keda", "keda": {"trigger": "prometheus"}}}},
        "streamer.fleets.default.autoscaling.keda.prometheusUrl",
        "say where Prometheus answers",
    ),
    (
        {"streamer": {"autoscaling": {"enabled": True, "minReplicas": 3, "budget": {"gpuHoursPerDay": 60}}}},
        "streamer.fleets.default.autoscaling.budget.gpuHoursPerDay",
        "alone use 72 GPU-hours a day",
    ),
    (
        {"streamer": {"terminationGracePeriodSeconds": 30}},
        "streamer.fleets.default.terminationGracePeriodSeconds",
        "at least 60",
    ),
    (
        {"signalserver": {"enabled": True, "config": {"reset": {"kind": "restart"}}}},
        "signalserver.config.reset",
        "nobody does outside the cluster",
    ),
    (
        {"signalserver": {"enabled": True, "config": {"streamerTokenFile": None}}},
        "signalserver.config.streamerTokenFile",
        "anyone may bring a streamer",
    ),
]


def _titles(table: list[tuple[Values, str, str]]) -> list[str]:
    return [f"{key}: {words}" for _, key, words in table]


@pytest.mark.parametrize(("values", "path", "words"), SCHEMA, ids=_titles(SCHEMA))
def test_a_wrong_key_type_or_range_is_refused_with_its_path(values: Object, path: str, words: str) -> None:
    told = refusal(values)
    (line,) = [line for line in told.splitlines() if path in line][:1]
    assert words in line, told


@pytest.mark.parametrize(("values", "key", "words"), WORDS, ids=_titles(WORDS))
def test_what_cannot_work_is_refused_with_its_key_and_what_to_write(
    values: Object, key: str, words: str
) -> None:
    told = refusal(values)
    assert "these values can't work" in told
    assert f"\n  {key}" in told, told
    assert words in told, told


@pytest.mark.parametrize(("version", "taken"), [("1.36.4", False), ("1.37.0", True)])
def test_zero_streams_by_an_hpa_are_refused_where_the_cluster_may_not_take_them(
    version: str, *, taken: bool
) -> None:
    zero = {"enabled": True, "minReplicas": 0}
    for values, fine in ((zero, taken), ({**zero, "zeroGate": True}, True), ({**zero, "kind": "keda"}, True)):
        words = ("--kube-version", version)
        if fine:
            template(*words, values={"streamer": {"autoscaling": values}})
        else:
            told = refusal({"streamer": {"autoscaling": values}}, *words)
            assert "feature gate HPAScaleToZero" in told


def test_all_faults_of_the_schema_are_told_at_once() -> None:
    told = refusal({"router": {"kind": "nginx", "host": ":"}, "turn": {"kind": "x"}, "trun": {}})
    assert [path in told for path in ("'trun'", "at '/kind'", "at '/host'")] == [True, True, True]
    assert told.count("at '/kind'") == 2


def test_all_faults_between_values_are_told_at_once() -> None:
    values = {"proxy": {"enabled": False}, "turn": {"kind": "Deployment"}, "streamer": {"kind": "unreal"}}
    told = refusal(values)
    keys = ("proxy.enabled", "turn.externalAddress", "streamer.fleets.default.image")
    assert [key for key in keys if f"\n  {key}: " not in told] == []
    assert told.count("these values can't work") == 1
