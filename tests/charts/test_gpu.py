"""Each way to a GPU says what the scheduler must know, and what would show no picture is refused."""

from functools import cache
from typing import Any

import pytest

from tests.charts.helm import Object, name, objects, of_kind, refusal, selects, template

Values = dict[str, Any]

MODES: dict[str, Values] = {
    "dedicated": {"mode": "dedicated", "count": 2},
    "shared": {
        "mode": "shared",
        "resource": "nvidia.com/gpu.shared",
        "streams": 4,
        "memory": "5Gi",
        "deviceMemory": "22Gi",
    },
    "mig": {"mode": "mig", "profile": "1g.24gb+gfx"},
    "dra": {"mode": "dra", "expression": 'device.attributes["gpu.nvidia.com"].productName == "NVIDIA L4"'},
    "label": {"mode": "label", "nodeCpu": "15500m", "streams": 4},
}

TAINT = {"key": "nvidia.com/gpu", "operator": "Exists", "effect": "NoSchedule"}
PLAIN = {"mode": "dedicated"}


@cache
def _modes() -> list[Object]:
    return _fleets(**{mode: {"gpu": gpu} for mode, gpu in MODES.items()})


def _fleets(**fleets: Values) -> list[Object]:
    return objects(template(values={"streamer": {"fleets": fleets}}))


def _pod(found: list[Object], fleet: str, kind: str = "Deployment", suffix: str = "") -> Values:
    title = f"{kind}/px-streamer-{fleet}{suffix}"
    (it,) = [it for it in found if name(it) == title]
    spec: Values = it["spec"]["template"]["spec"]
    return spec


def _streamer(found: list[Object], fleet: str) -> Values:
    containers: list[Values] = _pod(found, fleet)["containers"]
    return next(it for it in containers if it["name"] == "streamer")


@pytest.mark.parametrize(
    ("mode", "limits"),
    [
        ("dedicated", {"nvidia.com/gpu": 2}),
        ("shared", {"nvidia.com/gpu.shared": 1}),
        ("mig", {"nvidia.com/mig-1g.24gb.gfx": 1}),
        ("dra", {}),
        ("label", {}),
    ],
)
def test_a_mode_asks_for_its_devices_and_leaves_memory_alone(mode: str, limits: dict[str, int]) -> None:
    assert _streamer(_modes(), mode)["resources"]["limits"] == {"memory": "1Gi", **limits}


def test_without_a_mode_a_stream_asks_for_no_gpu() -> None:
    pod = _pod(_fleets(default={}), "default")
    assert "tolerations" not in pod
    assert "nvidia" not in str(pod).lower()


@pytest.mark.parametrize("mode", MODES)
def test_a_stream_with_a_gpu_tolerates_the_taint_of_gpu_nodes(mode: str) -> None:
    assert _pod(_modes(), mode)["tolerations"] == [TAINT]


@pytest.mark.parametrize("mode", MODES)
def test_the_container_toolkit_is_asked_for_graphics_and_video(mode: str) -> None:
    env = {it["name"]: it["value"] for it in _streamer(_modes(), mode)["env"]}
    assert {"graphics", "video"} <= set(env["NVIDIA_DRIVER_CAPABILITIES"].split(","))


def test_ones_own_environment_and_tolerations_stand_beside_ours() -> None:
    mine = {"name": "NVIDIA_DRIVER_CAPABILITIES", "value": "all"}
    taint = {"key": "pool", "operator": "Exists", "effect": "NoSchedule"}
    found = _fleets(a={"gpu": PLAIN, "extraEnv": [mine], "tolerations": [taint]})
    assert _streamer(found, "a")["env"] == [mine]
    assert _pod(found, "a")["tolerations"] == [taint, TAINT]


def test_a_label_counts_cpu_in_place_of_gpus() -> None:
    assert _streamer(_modes(), "label")["resources"]["requests"] == {"cpu": "3875m", "memory": "192Mi"}


def test_a_label_joins_every_term_of_ones_own_affinity() -> None:
    zones = [{"matchExpressions": [{"key": "zone", "operator": "In", "values": [it]}]} for it in "ab"]
    own = {"nodeAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": {"nodeSelectorTerms": zones}}}
    found = _fleets(a={"gpu": MODES["label"], "affinity": own})
    affinity = _pod(found, "a")["affinity"]["nodeAffinity"]
    terms = affinity["requiredDuringSchedulingIgnoredDuringExecution"]["nodeSelectorTerms"]
    keys = [[it["key"] for it in term["matchExpressions"]] for term in terms]
    assert keys == [["zone", "app.pixel/gpu"], ["zone", "app.pixel/gpu"]]


def test_a_claim_is_made_for_each_stream_from_a_template() -> None:
    (made,) = of_kind(_modes(), "ResourceClaimTemplate")
    pod = _pod(_modes(), "dra")
    assert pod["resourceClaims"] == [{"name": "gpu", "resourceClaimTemplateName": made["metadata"]["name"]}]
    assert _streamer(_modes(), "dra")["resources"]["claims"] == [{"name": "gpu"}]
    (request,) = made["spec"]["spec"]["devices"]["requests"]
    assert request["exactly"]["deviceClassName"] == "gpu.nvidia.com"
    assert request["exactly"]["selectors"] == [{"cel": {"expression": MODES["dra"]["expression"]}}]


def test_a_shared_gpus_stream_is_told_its_memory() -> None:
    env = {it["name"]: it["value"] for it in _streamer(_modes(), "shared")["env"]}
    assert env["GPU_MEMORY_MB"] == "5120"


def test_placeholders_ask_for_what_streams_ask_for_and_give_way_to_them() -> None:
    found = _fleets(a={"gpu": MODES["dedicated"], "warm": {"placeholders": 3}})
    (room,) = [it for it in of_kind(found, "Deployment") if it["metadata"]["name"] == "px-streamer-a-room"]
    pod = _pod(found, "a", suffix="-room")
    (own,) = of_kind(found, "PriorityClass")
    assert room["spec"]["replicas"] == 3
    assert pod["containers"][0]["resources"] == _streamer(found, "a")["resources"]
    assert pod["tolerations"] == [TAINT]
    assert pod["priorityClassName"] == own["metadata"]["name"]
    assert own["value"] < 0
    assert pod["terminationGracePeriodSeconds"] == 1


def test_a_class_of_ones_own_makes_no_other() -> None:
    found = _fleets(a={"warm": {"placeholders": 1, "priorityClassName": "spare"}})
    assert of_kind(found, "PriorityClass") == []
    assert _pod(found, "a", suffix="-room")["priorityClassName"] == "spare"


def test_an_image_is_pulled_where_streams_may_run_and_with_their_secrets() -> None:
    image = {"registry": "registry.example.com", "repository": "my/game", "tag": "1"}
    fleet = {
        "kind": "unreal",
        "image": image,
        "imagePullSecrets": ["games"],
        "gpu": PLAIN,
        "nodeSelector": {"pool": "gpu"},
        "warm": {"prePull": True},
    }
    pod = _pod(_fleets(a=fleet), "a", kind="DaemonSet", suffix="-image")
    assert [it["image"] for it in pod["initContainers"]] == ["registry.example.com/my/game:1"]
    assert pod["imagePullSecrets"] == [{"name": "games"}]
    assert pod["nodeSelector"] == {"pool": "gpu"}
    assert pod["tolerations"] == [TAINT]
    assert "nvidia.com/gpu" not in str(pod["containers"])


def test_nothing_takes_a_warm_pod_for_a_stream() -> None:
    found = _fleets(a={"warm": {"placeholders": 1, "prePull": True}})
    warm = [it for it in of_kind(found, "Deployment", "DaemonSet") if "-a-" in it["metadata"]["name"]]
    assert len(warm) == 2
    selectors = [it["spec"]["selector"] for it in of_kind(found, "Service")]
    selectors += [it["spec"]["selector"]["matchLabels"] for it in of_kind(found, "PodDisruptionBudget")]
    others = [it for it in of_kind(found, "Deployment", "DaemonSet") if it not in warm]
    selectors += [it["spec"]["selector"]["matchLabels"] for it in others]
    for it in warm:
        labels = it["spec"]["template"]["metadata"]["labels"]
        assert [s for s in selectors if selects(s, labels)] == []


REFUSED: list[tuple[Values, str, str]] = [
    ({"gpu": {"mode": "dedicated", "model": "NVIDIA A100-SXM4-40GB"}}, "gpu.model", "no video encoder"),
    ({"gpu": {"mode": "dedicated", "model": "h100"}}, "gpu.model", "take one that has, such as T4"),
    (
        {"gpu": PLAIN, "nodeSelector": {"nvidia.com/gpu.product": "NVIDIA-H200"}},
        "gpu.model",
        "is H200",
    ),
    ({"gpu": {"mode": "mig", "profile": "1g.10gb"}}, "gpu.profile", "neither render nor encode"),
    (
        {"gpu": {"mode": "dedicated", "resource": "nvidia.com/mig-3g.20gb"}},
        "gpu.profile",
        "only profiles with +gfx",
    ),
    ({"gpu": {"mode": "shared", "streams": 4}}, "gpu.memory", "neither time-slicing nor MPS"),
    ({"gpu": {"mode": "shared"}}, "gpu.streams", "how many streams share a GPU"),
    (
        {"gpu": {"mode": "shared", "streams": 4, "memory": "6Gi", "deviceMemory": "22Gi"}},
        "gpu.memory",
        "6Gi for each of 4 streams is more than the GPU's 22Gi",
    ),
    (
        {"gpu": {**MODES["shared"], "count": 2}},
        "gpu.count",
        "must be 1 where GPUs are shared",
    ),
    ({"gpu": {"mode": "label"}}, "gpu.nodeCpu", "counts CPU in place of GPUs"),
]


@pytest.mark.parametrize(("fleet", "key", "words"), REFUSED, ids=[words for *_, words in REFUSED])
def test_what_would_show_no_picture_is_refused_in_words(fleet: Values, key: str, words: str) -> None:
    told = refusal({"streamer": {"fleets": {"a": fleet}}})
    assert f"\n  streamer.fleets.a.{key}: " in told, told
    assert words in told, told


@pytest.mark.parametrize(
    "model", ["NVIDIA-L40S", "Tesla-T4", "NVIDIA-A10G", "NVIDIA-RTX-PRO-6000-Blackwell", "A10"]
)
def test_gpus_that_encode_are_taken(model: str) -> None:
    found = _fleets(a={"gpu": PLAIN, "nodeSelector": {"nvidia.com/gpu.product": model}})
    assert _pod(found, "a")["nodeSelector"] == {"nvidia.com/gpu.product": model}


def test_claims_are_refused_where_kubernetes_has_none() -> None:
    told = refusal({"streamer": {"gpu": {"mode": "dra"}}}, "--kube-version", "1.33.0")
    assert "dra needs Kubernetes 1.34" in told
