"""Which servers and candidates reach aiortc."""

from typing import Any

import pytest

from pixelstream.synthetic import ice

HOST = "candidate:1 1 udp 2122260223 192.0.2.1 50000 typ host generation 0 ufrag abcd"


def urls(options: Any, **others: Any) -> list[str]:
    servers = ice.configuration(options, **others).iceServers
    assert servers is not None, "None would mean a public STUN server"
    return [server.urls for server in servers if isinstance(server.urls, str)]


def test_one_stun_and_one_turn_server_over_udp_are_taken() -> None:
    server = {
        "urls": [
            "turns:192.0.2.9:5349?transport=tcp",
            "turn:192.0.2.9:3478?transport=tcp",
            "stun:192.0.2.9:3478",
            "stun:192.0.2.8:3478",
            "turn:192.0.2.9:3478?transport=udp",
            "turn:192.0.2.8:3478",
        ],
        "username": "1:a",
        "credential": "secret",
    }
    options = {"iceTransportPolicy": "relay", "iceServers": [server]}
    assert urls(options) == ["stun:192.0.2.9:3478", "turn:192.0.2.9:3478?transport=udp"]
    servers = ice.configuration(options).iceServers
    assert servers is not None
    assert (servers[1].username, servers[1].credential) == ("1:a", "secret")
    assert ice.configuration(options).iceTransportPolicy.value == "all", "the relay is the browser's business"


@pytest.mark.parametrize(
    "options",
    [
        None,
        [],
        {},
        {"iceServers": None},
        {"iceServers": [1, {"urls": 5}, {"urls": ["nonsense", "turn:[::1]:1"]}, {}]},
    ],
)
def test_what_is_no_server_is_left_out_without_a_word(options: Any) -> None:
    assert urls(options) == []


def test_a_single_url_may_be_a_string() -> None:
    assert urls({"iceServers": [{"urls": "stun:192.0.2.1"}]}) == ["stun:192.0.2.1"]


def test_servers_can_be_left_out() -> None:
    assert urls({"iceServers": [{"urls": "stun:192.0.2.1"}]}, servers=False) == []


@pytest.mark.parametrize("line", [HOST, f"a={HOST}", HOST.removeprefix("candidate:")])
def test_a_candidate_is_read_with_or_without_its_prefixes(line: str) -> None:
    made = ice.candidate({"candidate": line, "sdpMid": "0"})
    assert made is not None
    assert (made.ip, made.port, made.type) == ("192.0.2.1", 50000, "host")


@pytest.mark.parametrize(
    "message",
    [
        None,
        "text",
        {},
        {"candidate": ""},
        {"candidate": None},
        {"candidate": "candidate:x"},
        {"candidate": "candidate:1 1 udp x 192.0.2.1 y typ host"},
        {"candidate": HOST.replace("udp", "tcp")},
    ],
)
def test_what_is_no_candidate_over_udp_is_none(message: Any) -> None:
    assert ice.candidate(message) is None


def test_candidates_are_found_in_any_section_and_bounded() -> None:
    sdp = f"v=0\r\nm=video 9 X 1\r\na={HOST}\r\nm=audio 9 X 1\r\n" + f"a={HOST}\r\n" * 100
    assert len(ice.candidates_of(sdp)) == ice.MAX_CANDIDATES
