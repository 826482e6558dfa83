"""Where chart and Python meet: what a chart writes, its service reads."""

from collections.abc import Iterator
from typing import Any

import pytest

from pixelstream.cli.serve import SERVICES, find
from pixelstream.settings.base import Model, parse
from pixelstream.settings.fleets import FleetsFile
from pixelstream.settings.matchmaker import MatchmakerSettings
from pixelstream.settings.signalserver import SignalserverSettings
from pixelstream.settings.streamer import StreamerSettings
from tests.charts.helm import Object, Pod, name, objects, of_kind, pods, rendered, template

FILE = "/etc/pixelstream/config.yaml"


def configured(found: list[Object]) -> Iterator[tuple[str, str, Model]]:
    """Yield the pod, service and settings of every container that runs a service of ours."""
    for pod in pods(found):
        for container in pod.containers:
            service = _service(container)
            if service in SERVICES:
                kind = find(SERVICES[service].settings)
                yield pod.owner, service, parse(kind, _text(found, pod, container), f"{pod.owner} {FILE}")


def _service(container: dict[str, Any]) -> str:
    words = container.get("args", [])
    return str(words[0]) if FILE in words else ""


def _text(found: list[Object], pod: Pod, container: dict[str, Any]) -> str:
    (mount,) = [mount for mount in container["volumeMounts"] if mount["mountPath"] == FILE]
    (volume,) = [volume for volume in pod.spec["volumes"] if volume["name"] == mount["name"]]
    (data,) = [
        it["data"]
        for it in of_kind(found, "ConfigMap")
        if name(it) == f"ConfigMap/{volume['configMap']['name']}"
    ]
    return str(data[mount["subPath"]])


def test_every_service_can_read_what_its_chart_writes(found: list[Object]) -> None:
    assert list(configured(found)) != []


def test_every_container_with_settings_runs_a_service_that_there_is() -> None:
    everything = [container for pod in pods(rendered("everything")) for container in pod.containers]
    run = {_service(container) for container in everything} - {""}
    assert sorted(run - SERVICES.keys()) == []


def test_files_that_settings_name_are_mounted(found: list[Object]) -> None:
    for pod in pods(found):
        for container in pod.containers:
            if _service(container) not in SERVICES:
                continue
            folders = {mount["mountPath"] for mount in container["volumeMounts"]}
            settings = parse(find(SERVICES[_service(container)].settings), _text(found, pod, container))
            for key, path in settings:
                if key.endswith("_file") and path is not None:
                    assert str(path.parent) in folders, (pod.owner, key)


def _all(found: list[Object], kind: type[Model]) -> list[Any]:
    return [settings for _, _, settings in configured(found) if isinstance(settings, kind)]


def test_a_drain_ends_before_its_pod_is_killed(found: list[Object]) -> None:
    grace = {pod.owner: pod.spec.get("terminationGracePeriodSeconds", 30) for pod in pods(found)}
    for owner, _, settings in configured(found):
        if isinstance(settings, (SignalserverSettings, MatchmakerSettings)):
            assert 0 < settings.drain.deadline < grace[owner], owner


def test_players_of_a_cluster_need_a_lease_and_streamers_from_outside_a_token(found: list[Object]) -> None:
    for settings in _all(found, SignalserverSettings):
        assert settings.auth.lease == "required"
        assert settings.exposed == (settings.streamer_token_file is not None)


def test_a_fleets_engine_chooses_the_protocol_of_both_ends() -> None:
    found = rendered("everything")
    assert {it.streamers.engine for it in _all(found, SignalserverSettings)} == {"auto", "5.2", "4.27"}
    assert {it.profile for it in _all(found, StreamerSettings)} == {"5.5", "5.2"}


@pytest.mark.parametrize("engine", [5.0, 5, "5.0"])
def test_an_engine_written_as_a_number_is_the_same_engine(engine: float | str) -> None:
    found = objects(template(values={"streamer": {"engine": engine}}))
    assert [it.streamers.engine for it in _all(found, SignalserverSettings)] == ["5.0"]


def test_what_the_user_configures_wins_over_the_chart() -> None:
    values = {"matchmaker": {"config": {"drain": {"deadline": "10m"}, "userHeader": "X-User"}}}
    (settings,) = _all(objects(template(values=values)), MatchmakerSettings)
    assert (settings.drain.deadline, settings.user_header) == (600, "X-User")
    assert settings.control_key_file is not None


def test_a_null_takes_a_setting_back_to_the_services_own_default() -> None:
    values = {"matchmaker": {"config": {"fleetsFile": None, "drain": {"deadline": None}}}}
    text = template(values=values)
    assert "fleetsFile: /etc" not in text


def test_the_file_of_fleets_can_be_read() -> None:
    (it,) = [it for it in of_kind(rendered("everything"), "ConfigMap") if "fleets.yaml" in it["data"]]
    fleets = parse(FleetsFile, it["data"]["fleets.yaml"])
    assert {fleet.name for fleet in fleets.fleets} == {"default", "object", "pods", "plain", "ue4"}
