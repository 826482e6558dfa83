"""Settings of the matchmaker: what a chart may say, and what is refused in words."""

import pytest

from pixelstream.errors import SettingsError
from pixelstream.settings.base import parse
from pixelstream.settings.matchmaker import MatchmakerSettings

FULL = """
listen: {host: 127.0.0.1, port: 0}
fleets:
  - {name: default, buffer: 2, minimum: 1, maximum: 20}
  - {name: gold}
streams:
  - {id: stream-1, fleet: gold, url: "ws://10.1.2.3:3000", publicAddress: "play.example.org:443"}
  - {id: stream-2, url: "wss://host/base/"}
queue: {capacity: 100, maxWait: 10m, notice: 5s, ping: 10s, silence: 30s}
claims: {answer: 500ms, arrival: 15s, dial: 3s, rest: 2s, longestRest: 1m, choice: spread}
links: {forgetAfter: 5m}
leases: {lifetime: 8h}
rest: {patience: 30s}
compat: {enabled: true, hold: 10s}
legacy: {enabled: true, port: 9998, fleet: old, allow: [10.0.0.0/8, "fd00::/8"], ports: [80], silence: 70s}
userHeader: X-Auth-Request-User
limits: {maxMessage: 65536, buffer: 65536, maxSockets: 1000, maxFollowers: 10}
drain: {deadline: 2h}
log: {level: debug, format: console}
controlKeyFile: /etc/keys/control
leaseKeysFile: /etc/keys/lease
"""


def faults(text: str) -> str:
    with pytest.raises(SettingsError) as caught:
        parse(MatchmakerSettings, text)
    return str(caught.value)


def test_everything_that_can_be_said_is_understood() -> None:
    settings = parse(MatchmakerSettings, FULL)
    assert settings.streams[1].url == "wss://host/base"
    assert settings.claims.answer == 0.5
    assert settings.drain.deadline == 7200.0


def test_nothing_at_all_is_a_fleet_named_default_without_streams() -> None:
    settings = parse(MatchmakerSettings, "")
    assert [fleet.name for fleet in settings.fleets] == ["default"]
    assert not settings.legacy.enabled


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("streams: [{id: a, url: 'ws://x'}, {id: a, url: 'ws://y'}]", "may be given once, not so a"),
        ("fleets: [{name: a}, {name: a}]", "may be given once, not so a"),
        ("streams: [{id: a, url: 'http://x'}]", "must be a URL ws://host[:port]"),
        ("streams: [{id: a, url: 'ws://x', publicAddress: 'http://x/'}]", "publicAddress"),
        ("fleets: [{minimum: 3, maximum: 2}]", "minimum must not be above maximum"),
        ("queue: {ping: 1m, silence: 30s}", "silence must be longer than ping"),
        ("queue: {capacity: 0}", "at least 1"),
        ("claims: {choice: random}", "must be one of packed, spread"),
        ("legacy: {enabled: true}", "allow must name the networks"),
        ("legacy: {allow: [10.0.0.1/8]}", "legacy.allow[0]"),
        ("legacy: {ports: []}", "legacy.ports"),
        ("leases: {lifetime: 1s}", "leases.lifetime"),
        ("controlKey: abc", "controlKeyFile"),
        ("queue: {capcity: 5}", 'did you mean "capacity"?'),
    ],
)
def test_a_wrong_setting_is_refused_with_what_would_be_right(text: str, words: str) -> None:
    assert words in faults(text)


def test_seats_and_rest_are_for_unmodified_servers_only() -> None:
    with pytest.raises(SettingsError, match="for kind wilbur"):
        parse(MatchmakerSettings, "streams: [{id: a, url: 'ws://a', rest: 'http://a'}]")
    found = parse(MatchmakerSettings, "streams: [{id: a, url: 'ws://a', kind: wilbur, rest: 'http://a'}]")
    assert (found.streams[0].kind, found.streams[0].seats) == ("wilbur", 1)


def test_replicas_need_the_rest_of_an_unmodified_server() -> None:
    store = "store: {kind: valkey, url: 'valkey://v:6379'}"
    with pytest.raises(SettingsError, match="a of kind wilbur needs rest"):
        parse(MatchmakerSettings, f"{store}\nstreams: [{{id: a, url: 'ws://a', kind: wilbur}}]")
