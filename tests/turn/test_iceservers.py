"""The RTCConfiguration that a peer is told."""

from pixelstream.turn.credentials import Credentials
from pixelstream.turn.iceservers import bracket, rtc_configuration
from pixelstream.turn.pool import Relay

CREDENTIALS = Credentials("99:a", "c2VjcmV0", 99)


def test_urls_go_from_stun_over_udp_and_tcp_to_tls() -> None:
    config = rtc_configuration([Relay("192.0.2.1", tls=5349), Relay("relay.example.org")], CREDENTIALS)
    assert config == {
        "iceTransportPolicy": "all",
        "iceServers": [
            {
                "urls": [
                    "stun:192.0.2.1:3478",
                    "stun:relay.example.org:3478",
                    "turn:192.0.2.1:3478?transport=udp",
                    "turn:relay.example.org:3478?transport=udp",
                    "turn:192.0.2.1:3478?transport=tcp",
                    "turn:relay.example.org:3478?transport=tcp",
                    "turns:192.0.2.1:5349?transport=tcp",
                ],
                "username": "99:a",
                "credential": "c2VjcmV0",
            },
        ],
    }


def test_an_ipv6_address_stands_in_brackets() -> None:
    assert bracket("2001:db8::1") == "[2001:db8::1]"
    assert bracket("192.0.2.1") == "192.0.2.1"
    assert bracket("a.example.org") == "a.example.org"
    config = rtc_configuration([Relay("2001:db8::1", tcp=None)], CREDENTIALS)
    assert config["iceServers"][0]["urls"] == [
        "stun:[2001:db8::1]:3478",
        "turn:[2001:db8::1]:3478?transport=udp",
    ]


def test_tls_uses_the_name_in_the_certificate() -> None:
    config = rtc_configuration(
        [Relay("192.0.2.1", udp=None, tcp=None, tls=443, tls_host="turn.example.org")], CREDENTIALS
    )
    assert config["iceServers"][0]["urls"] == ["turns:turn.example.org:443?transport=tcp"]


def test_no_relay_means_no_server_rather_than_one_without_urls() -> None:
    assert rtc_configuration([], CREDENTIALS) == {"iceTransportPolicy": "all", "iceServers": []}


def test_the_policy_is_passed_on() -> None:
    assert rtc_configuration([], CREDENTIALS, "relay")["iceTransportPolicy"] == "relay"
