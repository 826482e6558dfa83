"""A fleet's reset between players: what its signalserver is told, and what its streamer's checks ask."""

from typing import Any

import pytest
import yaml

from pixelstream.settings.base import parse
from pixelstream.settings.signalserver import SignalserverSettings
from tests.charts.helm import Object, objects, of_kind, pods, refusal, template

RESTART = {"reset": {"kind": "restart"}}


def fleets(**values: Any) -> list[Object]:
    """Return what one fleet with a reset and one without are rendered to."""
    return objects(template(values={"streamer": {"fleets": {"clean": values, "plain": {}}}}))


def streamer(found: list[Object], fleet: str) -> Any:
    (pod,) = [pod for pod in pods(found) if pod.labels.get("pixelstream.io/fleet") == fleet]
    (container,) = [one for one in pod.containers if one["name"] == "streamer"]
    return container


def test_a_fleets_signalserver_is_told_its_reset_and_takes_it() -> None:
    (config,) = [
        it["data"]["config.yaml"]
        for it in of_kind(fleets(**RESTART), "ConfigMap")
        if it["metadata"]["name"] == "px-streamer-clean-signalserver"
    ]
    assert parse(SignalserverSettings, config).reset.kind == "restart"
    assert yaml.safe_load(config)["reset"] == {"kind": "restart"}


def test_a_restart_that_is_asked_for_is_noticed_within_ten_seconds() -> None:
    check = streamer(fleets(**RESTART), "clean")["livenessProbe"]
    assert check["periodSeconds"] * check["failureThreshold"] <= 10
    assert check["failureThreshold"] > 1, "a signalserver that starts again must not end its streamer"


def test_a_missing_streamer_is_borne_as_long_with_a_reset_as_without() -> None:
    found = fleets(**RESTART)
    plain = streamer(found, "plain")["livenessProbe"]
    assert plain["httpGet"]["path"] == "/attachedz"
    patience = plain["periodSeconds"] * plain["failureThreshold"]
    assert streamer(found, "clean")["livenessProbe"]["httpGet"]["path"] == f"/streamerz?missing={patience}"


def test_the_first_check_tells_that_the_container_is_a_new_one() -> None:
    found = fleets(**RESTART)
    assert streamer(found, "clean")["startupProbe"]["httpGet"]["path"] == "/startedz"
    assert streamer(found, "plain")["startupProbe"]["httpGet"]["path"] == "/attachedz"


@pytest.mark.parametrize(
    ("reset", "words"),
    [
        (
            {"kind": "rest", "path": "api/reset"},
            "asks the streamer's REST API, of which nobody knows the address",
        ),
        ({"kind": "message"}, "sends a message, but none with a type is given"),
    ],
)
def test_a_reset_that_could_not_work_is_refused_with_what_to_write(reset: Any, words: str) -> None:
    told = refusal({"streamer": {"fleets": {"clean": {"reset": reset}}}})
    assert "streamer.fleets.clean.reset" in told
    assert words in told
