import pytest

from pixelstream.protocol import profiles


def test_every_profile_of_the_settings_exists() -> None:
    assert set(profiles.PROFILES) == {"auto", "4.26", "4.27", "5.0", "5.2", "5.5"}


@pytest.mark.parametrize("name", ["4.26", "4.27", "5.0", "auto"])
def test_engines_that_hang_up_on_unknown_types_are_relayed_negotiation_alone(name: str) -> None:
    profile = profiles.PROFILES[name]
    assert profile.accepts == {"offer", "answer", "iceCandidate"}
    assert not profile.confirm


def test_only_426_reads_numbers_and_hears_no_identify() -> None:
    assert [name for name, profile in profiles.PROFILES.items() if profile.numeric_ids] == ["4.26"]
    assert [name for name, profile in profiles.PROFILES.items() if not profile.identify] == ["4.26"]


def test_the_subprotocol_ws_gives_426_away() -> None:
    assert profiles.at_connect(profiles.AUTO, ["x", "ws"]) is profiles.P426
    assert profiles.at_connect(profiles.AUTO, ["x"]) is profiles.AUTO
    assert profiles.at_connect(profiles.P427, []) is profiles.P427


def test_a_protocol_version_gives_55_away() -> None:
    assert profiles.at_endpoint_id(profiles.AUTO, {"protocolVersion": "1.3.0"}) is profiles.P55
    assert profiles.at_endpoint_id(profiles.AUTO, {"id": "A"}) is profiles.AUTO
