"""Settings of the signalserver: what its YAML may say."""

import pytest

from pixelstream.errors import SettingsError
from pixelstream.settings.base import parse
from pixelstream.settings.signalserver import STREAM_ID_ENV, ZONE_ENV, SignalserverSettings


def faults(text: str) -> list[str]:
    with pytest.raises(SettingsError) as caught:
        parse(SignalserverSettings, text)
    return caught.value.faults


def test_the_ports_are_those_of_epics_server() -> None:
    settings = parse(SignalserverSettings, "")
    assert (settings.listen.port, settings.streamers.port, settings.sfu.port) == (3000, 8888, 8889)


def test_streamers_come_from_loopback_unless_told_otherwise() -> None:
    assert not parse(SignalserverSettings, "").exposed
    assert parse(SignalserverSettings, "streamers: {host: 0.0.0.0}").exposed
    assert parse(SignalserverSettings, "sfu: {host: example.org}").exposed
    assert not parse(SignalserverSettings, "sfu: {host: example.org, enabled: false}").exposed


def test_pods_that_share_a_file_are_told_their_stream_by_the_environment(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv(STREAM_ID_ENV, "streamer-7d9f-x2x")
    assert parse(SignalserverSettings, "").stream.id == "streamer-7d9f-x2x"
    assert parse(SignalserverSettings, "stream: {fleet: a}").stream.id == "streamer-7d9f-x2x"
    assert parse(SignalserverSettings, "stream: {id: b}").stream.id == "b"


def test_pods_are_told_their_zone_by_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    assert parse(SignalserverSettings, "").ice.zone == ""
    monkeypatch.setenv(ZONE_ENV, "eu-1a")
    assert parse(SignalserverSettings, "").ice.zone == "eu-1a"
    assert parse(SignalserverSettings, "ice: {zone: eu-1b}").ice.zone == "eu-1b"


def test_an_engine_may_be_written_as_a_number() -> None:
    assert parse(SignalserverSettings, "streamers: {engine: 4.27}").streamers.engine == "4.27"
    assert "must be one of auto, 4.26" in faults("streamers: {engine: 5.9}")[0]


def test_durations_and_lists_are_read() -> None:
    settings = parse(
        SignalserverSettings,
        "sessions: {idle: 10m, maximum: 2h}\nice: {turnApi: 'http://turn-api:3000/', stun: ['stun:a:1']}\n"
        "control: {url: 'http://localhost:8111', paths: [GET api/scene, remote/**]}",
    )
    assert (settings.sessions.idle, settings.sessions.maximum) == (600, 7200)
    assert settings.ice.turn_api == "http://turn-api:3000"
    assert settings.control.paths == ("GET api/scene", "remote/**")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("stream: {seats: 0}", "stream.seats = 0: must be at least 1 and at most 4096"),
        ("keepalive: {interval: 30, timeout: 30}", "timeout must be longer than interval"),
        ("limits: {slowStreamer: 30}", "limits.slowStreamer must be shorter than keepalive.timeout"),
        ("limits: {maxMessage: 300000}", "buffer must be at least maxMessage"),
        ("ice: {stun: ['turn:a']}", "must be a STUN URL"),
        ("control: {paths: ['http://x/']}", "'http://x/' is no pattern"),
        ("control: {paths: [a/../b]}", "is no pattern"),
        ("controlKey: x", "secrets aren't read from settings"),
        ("matchmaker: {url: 'http://m'}", "must be a URL ws://"),
    ],
)
def test_faults_say_what_would_be_right(text: str, words: str) -> None:
    assert words in faults(text)[0]


@pytest.mark.parametrize(
    ("reset", "words"),
    [
        ("{kind: message}", "kind message needs a message with a type"),
        ("{kind: message, message: {to: start}}", "kind message needs a message with a type"),
        ("{kind: rest}", "kind rest needs a path"),
        ("{kind: rest, path: 'http://other/'}", "must be a relative path of plain characters"),
        ("{kind: rest, path: api/reset}", "reset.kind rest needs control.url"),
        ("{kind: message, message: {type: a}, acknowledgement: offer}", "must be a type of your own"),
        ("{kind: message, message: {type: a}, settle: 1m}", "settle must be shorter than deadline"),
    ],
)
def test_a_reset_that_could_not_work_is_refused(reset: str, words: str) -> None:
    assert words in faults(f"reset: {reset}")[0]


def test_a_reset_by_rest_outlasts_one_call() -> None:
    text = "control: {url: 'http://127.0.0.1:30010', timeout: 10}\nreset: {kind: rest, path: a, deadline: %s}"
    assert "longer than control.timeout" in faults(text % "5s")[0]
    assert parse(SignalserverSettings, text % "15s").reset.path == "a"
