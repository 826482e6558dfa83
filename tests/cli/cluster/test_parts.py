from typing import Any

from pixelstream.cli.cluster.parts import blocked, crashed, parts, reasons


def deployment(**changes: Any) -> dict[str, Any]:
    status = {"observedGeneration": 2, "replicas": 2, "updatedReplicas": 2, "availableReplicas": 2}
    return {
        "kind": "Deployment",
        "metadata": {
            "name": "px-proxy",
            "generation": 2,
            "labels": {"app.kubernetes.io/name": "proxy", "app.kubernetes.io/version": "0.1.0"},
        },
        "spec": {"replicas": 2},
        "status": {**status, **changes},
    }


def pod(*, ready: bool, containers: list[dict[str, Any]] | None = None, **status: Any) -> dict[str, Any]:
    condition = {"type": "Ready", "status": str(ready)}
    found = {"conditions": [condition], "containerStatuses": containers or [], **status}
    return {"metadata": {"name": "px-proxy-1"}, "status": found}


def test_a_deployment_whose_pods_are_all_new_and_available_is_done() -> None:
    (part,) = parts([deployment()])
    assert (part.component, part.wanted, part.ready, part.version) == ("proxy", 2, 2, "0.1.0")
    assert part.done


def test_pods_of_the_version_before_do_not_count() -> None:
    (part,) = parts([deployment(replicas=3, updatedReplicas=1, availableReplicas=3)])
    assert (part.ready, part.done) == (1, False)


def test_an_old_pod_that_is_left_keeps_a_rollout_from_being_done() -> None:
    (part,) = parts([deployment(replicas=3, updatedReplicas=2, availableReplicas=2)])
    assert not part.done


def test_figures_of_a_generation_that_was_not_looked_at_yet_do_not_count() -> None:
    (part,) = parts([deployment(observedGeneration=1)])
    assert (part.ready, part.done) == (0, False)


def test_a_fleet_of_no_streams_is_done() -> None:
    empty = deployment(replicas=0, updatedReplicas=0, availableReplicas=0)
    empty["spec"]["replicas"] = 0
    assert parts([empty])[0].done


def test_a_daemonset_wants_a_pod_for_each_node_that_it_is_meant_for() -> None:
    status = {"observedGeneration": 1, "desiredNumberScheduled": 3}
    found = {
        "kind": "DaemonSet",
        "metadata": {"name": "px-turn", "generation": 1},
        "spec": {},
        "status": {**status, "updatedNumberScheduled": 3, "numberAvailable": 2},
    }
    (part,) = parts([found])
    assert (part.wanted, part.ready) == (3, 2)


def test_a_pod_that_no_node_takes_is_told_with_the_schedulers_words() -> None:
    condition = {"type": "PodScheduled", "status": "False", "message": "0/1 nodes: insufficient cpu"}
    (told,) = reasons([pod(ready=False, conditions=[condition])], [])
    assert told == "px-proxy-1: no node takes it: 0/1 nodes: insufficient cpu"


def test_an_image_that_is_not_there_is_told() -> None:
    waiting = {"waiting": {"reason": "ImagePullBackOff", "message": 'back-off pulling image "x:1"'}}
    found = pod(ready=False, containers=[{"name": "gate", "state": waiting, "ready": False}])
    assert reasons([found], []) == ['px-proxy-1: gate ImagePullBackOff: back-off pulling image "x:1"']


def test_a_container_that_ended_is_told_by_its_code_and_the_last_warning() -> None:
    container = {
        "name": "gate",
        "ready": False,
        "restartCount": 4,
        "state": {"waiting": {"reason": "CrashLoopBackOff", "message": "back-off 40s"}},
        "lastState": {"terminated": {"exitCode": 2}},
    }
    warning = {"type": "Warning", "reason": "Unhealthy", "message": "502", "lastTimestamp": "2"}
    events = [
        {**warning, "involvedObject": {"name": "px-proxy-1"}},
        {**warning, "message": "older", "lastTimestamp": "1", "involvedObject": {"name": "px-proxy-1"}},
        {**warning, "reason": "BackOff", "lastTimestamp": "3", "involvedObject": {"name": "px-proxy-1"}},
    ]
    found = pod(ready=False, containers=[container])
    assert reasons([found], events) == ["px-proxy-1: gate ended with code 2, 4 times; Unhealthy: 502"]
    assert crashed(found) == [("gate", False)]


def test_pods_that_are_ready_done_or_going_need_no_words() -> None:
    going = pod(ready=False)
    going["metadata"]["deletionTimestamp"] = "2026-01-01T00:00:00Z"
    assert reasons([pod(ready=True), pod(ready=False, phase="Succeeded"), going], []) == []


def test_pods_that_the_api_server_refuses_are_told() -> None:
    condition = {"type": "ReplicaFailure", "status": "True", "message": "violates PodSecurity"}
    assert blocked([deployment(conditions=[condition])]) == ["px-proxy: violates PodSecurity"]
    assert blocked([deployment()]) == []
