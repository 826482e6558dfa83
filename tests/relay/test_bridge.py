"""The bridge to the streamer's REST API: relative paths of an allow-list, and nothing else."""

import pytest

from pixelstream.relay import ControlRequest, Player
from pixelstream.relay.bridge import AllowList, BridgeError
from tests.support.stage import Actor, Stage

EVERYTHING = AllowList(["**"])

HOSTILE = [
    "http://evil/", "https://evil", "HTTP://evil", "//evil/x", "///x", "\\\\evil", "/\\evil", "evil:80/x",
    "file:/etc",
    "javascript:x", "a//b", "..", "../x", "a/../b", "a/..", "./a", "a/./b", "%2e%2e/x", "a/%2e%2e/b", "a%2fb",
    "%",
    "a%00", "a\x00b", "a b", "a\tb", "a\r\nHost: evil", "a\n", "a#b", "a?b#c", "user@evil/x", "[::1]/x",
    "a?b=http://x",
    "", "/", "?a=b", "a/?x", "ä", "a/\u2024\u2024/b", "\u2215evil", "a;b", "a*b", "{a}", "x" * 513,
    "a?..%2f", "...//",
]  # fmt: skip


@pytest.mark.parametrize("action", [*HOSTILE, None, 7, ["a"], {"a": 1}, True])
def test_what_is_no_plain_relative_path_is_refused_even_where_all_is_allowed(action: object) -> None:
    with pytest.raises(BridgeError):
        EVERYTHING.request({"type": "control", "action": action})


@pytest.mark.parametrize(
    ("action", "path"),
    [
        ("status", "status"),
        ("/status", "status"),
        ("api/level/3", "api/level/3"),
        ("a/...", "a/..."),
        ("a/.hidden", "a/.hidden"),
        ("a/..b", "a/..b"),
        ("a?x=1&y=~z+w", "a?x=1&y=~z+w"),
        ("a?", "a?"),
    ],
)
def test_a_plain_relative_path_passes(action: str, path: str) -> None:
    assert EVERYTHING.request({"action": action}) == ControlRequest(action, "GET", path, None)


def test_a_payload_makes_it_a_post() -> None:
    request = EVERYTHING.request({"action": "a", "payload": {"ü": [1, None]}})
    assert (request.method, request.payload) == ("POST", '{"ü":[1,null]}'.encode())
    assert EVERYTHING.request({"action": "a", "payload": 0}).payload == b"0"
    assert EVERYTHING.request({"action": "a", "payload": None}).method == "GET"


@pytest.mark.parametrize(
    ("pattern", "allowed", "refused"),
    [
        ("status", ["status", "/status", "status?x=1"], ["status/x", "Status", "statu"]),
        ("/status", ["status"], ["x"]),
        ("api/*", ["api/a"], ["api", "api/a/b"]),
        ("api/*/go", ["api/a/go"], ["api/a/b/go", "api/go"]),
        ("api/**", ["api/a", "api/a/b"], ["api", "apix/a"]),
        ("*", ["a"], ["a/b"]),
        ("**", ["a", "a/b/c"], []),
    ],
)
def test_patterns_allow_what_they_say(pattern: str, allowed: list[str], refused: list[str]) -> None:
    rules = AllowList([pattern])
    for action in allowed:
        rules.request({"action": action})
    for action in refused:
        with pytest.raises(BridgeError):
            rules.request({"action": action})


def test_a_method_in_a_pattern_is_the_only_one() -> None:
    rules = AllowList(["GET read", "POST write"])
    rules.request({"action": "read"})
    rules.request({"action": "write", "payload": 1})
    for message in ({"action": "read", "payload": 1}, {"action": "write"}):
        with pytest.raises(BridgeError):
            rules.request(message)


def test_an_empty_list_allows_nothing() -> None:
    with pytest.raises(BridgeError):
        AllowList([]).request({"action": "a"})


@pytest.mark.parametrize(
    "pattern", ["", "http://x", "../x", "a/../b", "a//b", "PUT a", "a/**/b", "a b", "a*", "%41", "**/a"]
)
def test_a_pattern_that_is_none_is_named(pattern: str) -> None:
    with pytest.raises(ValueError, match="is no pattern"):
        AllowList([pattern])


def asking(**options: object) -> tuple[Stage, Actor]:
    stage = Stage(control_allow=("api/**",), **options)
    stage.streamer()
    return stage, stage.player(to="A")


def test_an_allowed_request_goes_to_the_host_and_its_answer_to_the_player() -> None:
    stage, player = asking()
    player.says("control", action="api/x", payload={"a": 1})
    [(asker, request)] = stage.host.requests
    assert asker is player.peer
    assert request == ControlRequest("api/x", "POST", "api/x", b'{"a":1}')
    stage.relay.respond(asker, request, body=b'{"ok":true}')
    assert player.hears() == [{"type": "response", "action": "api/x", "response": {"ok": True}}]


def test_a_refused_request_is_answered_with_its_fault_and_asks_nobody() -> None:
    stage, player = asking()
    player.says("control", action="http://evil/")
    player.says("control", action="other")
    player.says("control", action=7)
    assert stage.host.requests == []
    answers = player.hears()
    assert [one["action"] for one in answers] == ["http://evil/", "other", ""]
    assert all("error" in one for one in answers)


def test_a_payload_that_is_nested_too_deep_is_refused() -> None:
    stage, player = asking()
    player.says_bytes(b'{"type":"control","action":"api/x","payload":' + b"[" * 400 + b"]" * 400 + b"}")
    assert stage.host.requests == []
    assert "error" in player.hears()[0]


def test_only_a_subscribed_player_may_ask() -> None:
    _, player = asking()
    player.says("unsubscribe")
    player.says("control", action="api/x")
    assert player.hears() == [{"type": "response", "action": "api/x", "error": "subscribe first"}]


def test_unanswered_requests_are_bounded() -> None:
    stage, player = asking(control_pending=2)
    for _ in range(3):
        player.says("control", action="api/x")
    assert len(stage.host.requests) == 2
    assert player.hears()[0]["error"] == "too many requests at once"
    stage.relay.respond(*stage.host.requests[0], error="timeout")
    assert player.hears() == [{"type": "response", "action": "api/x", "error": "timeout"}]
    player.says("control", action="api/x")
    assert len(stage.host.requests) == 3


def test_an_answer_for_who_has_left_goes_nowhere() -> None:
    stage, player = asking()
    player.says("control", action="api/x")
    player.leaves()
    assert len(stage.relay._room.bridge) == 0
    stage.relay.respond(*stage.host.requests[0], body=b"1")
    assert player.hears() == []
    assert len(stage.relay._room.bridge) == 0


def test_an_answer_reaches_the_player_that_came_back_or_nobody() -> None:
    stage = Stage(control_allow=("api/**",))
    stage.streamer()
    player = stage.player(to="A", lease=("s", 1))
    player.says("control", action="api/x")
    player.leaves(1006)
    again = stage.player(lease=("s", 1))
    asker, request = stage.host.requests[0]
    assert isinstance(asker, Player)
    stage.relay.respond(asker, request, body=b"1")
    assert player.hears() == again.hears() == []
