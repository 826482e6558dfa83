import orjson
import pytest

from pixelstream.protocol.ice import IceError, IceServer, PeerConnectionOptions, config_message


def test_config_carries_the_rtc_configuration_verbatim() -> None:
    options = {
        "iceTransportPolicy": "relay",
        "iceServers": [{"urls": ["turn:x"], "username": "u"}],
        "y": {"z": 1},
    }
    message = orjson.loads(config_message(orjson.dumps(options), version=False))
    assert message == {"type": "config", "peerConnectionOptions": options}


def test_urls_become_lists_as_old_engines_need() -> None:
    message = orjson.loads(config_message(b'{"iceServers":[{"urls":"stun:x"},7]}', version=True))
    assert message["peerConnectionOptions"]["iceServers"] == [{"urls": ["stun:x"]}, 7]
    assert message["protocolVersion"] == "1.3.0"


@pytest.mark.parametrize("text", [b"null", b"[]", b"", b'"x"', b"{"])
def test_what_is_no_rtc_configuration_is_refused(text: bytes) -> None:
    with pytest.raises(IceError):
        config_message(text, version=False)
    with pytest.raises(IceError):
        PeerConnectionOptions.parse(text)


def test_options_are_read_and_written_with_what_a_newer_browser_knows() -> None:
    text = b'{"iceServers":[{"urls":"stun:x","credentialType":"password"}],"bundlePolicy":"balanced"}'
    options = PeerConnectionOptions.parse(text)
    assert options.ice_servers == [
        IceServer.model_validate({"urls": ["stun:x"], "credentialType": "password"})
    ]
    assert orjson.loads(options.to_json()) == {
        "iceServers": [{"urls": ["stun:x"], "credentialType": "password"}],
        "bundlePolicy": "balanced",
    }
