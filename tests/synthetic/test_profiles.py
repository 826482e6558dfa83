"""Each generation takes what its engine takes and closes on what kills it: transcripts on the wire."""

from dataclasses import replace
from typing import Any

import pytest

from pixelstream.protocol.playerdata import FromStreamer, ToStreamer
from pixelstream.settings.streamer import Profile
from pixelstream.synthetic.player import Player
from pixelstream.synthetic.profiles import TRAITS
from tests.synthetic.conftest import eventually, streaming
from tests.synthetic.stub import Stub


def legacy(profile: str) -> Stub:
    return Stub(identify=profile != "4.26", confirm=False)


async def closes_on(profile: str, message: dict[str, Any]) -> int | None:
    """Return the code with which the streamer closes on this message; None if it does not."""
    async with legacy(profile).running() as stub, streaming(stub, profile=profile) as streamer:
        await stub.to_streamer(**message)
        await stub.to_streamer(type="ping" if profile >= "5.0" else "pong", time=1)
        if profile >= "5.2":
            await stub.until(lambda: "pong" in stub.types())
        else:
            await stub.until(lambda: stub.streamer_closes or "pong" in stub.types())
        assert streamer.link.connections == 1
        return stub.streamer_closes[0] if stub.streamer_closes else None


@pytest.mark.parametrize(
    ("profile", "kind", "code"),
    [
        ("4.26", "identify", 4001),
        ("4.26", "playerConnected", 4001),
        ("4.26", "pong", 4001),
        ("4.27", "playerConnected", 4001),
        ("4.27", "endpointIdConfirm", 4001),
        ("4.27", "ping", 4001),
        ("5.0", "endpointIdConfirm", 4000),
        ("5.0", "streamerList", 4000),
        ("5.0", "playerCount", None),
        ("5.2", "endpointIdConfirm", None),
        ("5.2", "nonsense", None),
        ("5.5", "nonsense", None),
    ],
)
async def test_a_type_that_the_engine_does_not_know(profile: str, kind: str, code: int | None) -> None:
    assert await closes_on(profile, {"type": kind, "playerId": "101", "committedId": "x"}) == code


@pytest.mark.parametrize(("profile", "code"), [("4.26", 4000), ("5.0", 4000), ("5.2", None), ("5.5", None)])
async def test_a_config_without_its_field(profile: str, code: int | None) -> None:
    assert await closes_on(profile, {"type": "config"}) == code


@pytest.mark.parametrize(("profile", "code"), [("4.27", 4000), ("5.0", 4000), ("5.2", None)])
async def test_a_player_id_that_is_no_number(profile: str, code: int | None) -> None:
    message = {"type": "playerDisconnected", "playerId": "Player0"}
    assert await closes_on(profile, message) == code


async def test_ue_426_offers_the_subprotocol_ws_and_waits_for_offers() -> None:
    async with legacy("4.26").running() as stub, streaming(stub, profile="4.26"):
        await stub.until(lambda: stub.streamer)
        assert stub.offered_subprotocols == "ws"
        async with Player(stub.player_url, offers=True) as player:
            await player.frames(3)
        assert stub.types() == ["answer"], "it never identifies itself, and its candidates are in the answer"


async def test_ue_427_the_browser_offers_and_the_ids_are_numbers() -> None:
    async with legacy("4.27").running() as stub, streaming(stub, profile="4.27") as streamer:
        async with Player(stub.player_url, offers=True, decode=True) as player:
            await player.frames(3)
            await player.input(ToStreamer.KEY_DOWN, 65, 0)
            await player.strip(lambda strip: strip.inputs == 1)
            await player.input(ToStreamer.REQUEST_INITIAL_SETTINGS)
            await player.until(lambda: bool(player.replies), "the settings")
            kinds = {reply.kind for reply in player.replies}
            assert kinds == {FromStreamer.INITIAL_SETTINGS}, "it does not announce its protocol"
        await eventually(lambda: not streamer.visits)
        endpoint, answer = stub.from_streamer
        assert endpoint == {"type": "endpointId", "id": "synthetic"}
        assert answer["type"] == "answer"
        assert answer["playerId"] == 101


async def test_ue_427_pings_with_unix_seconds(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(TRAITS, "4.27", replace(TRAITS["4.27"], ping_seconds=0.05))
    async with legacy("4.27").running() as stub, streaming(stub, profile="4.27"):
        await stub.until(lambda: stub.types().count("ping") == 2)
        ping = next(message for message in stub.from_streamer if message["type"] == "ping")
        assert isinstance(ping["time"], int)
        assert 1_700_000_000 < ping["time"] < 5_000_000_000


@pytest.mark.parametrize("profile", ["5.0", "5.2"])
async def test_ue_50_and_52_offer_and_number_their_players(profile: Profile) -> None:
    stub = Stub(confirm=False, auto_subscribe=True)
    async with stub.running(), streaming(stub, profile=profile), Player(stub.player_url) as player:
        await player.until(lambda: "offer" in player.log.times, "an offer")
        await player.frames(3)
        offer = next(message for message in stub.from_streamer if message["type"] == "offer")
        assert offer["playerId"] == 101


async def test_ue_52_waits_for_an_offer_when_told_so() -> None:
    waits = Stub(confirm=False, auto_subscribe=True, send_offer=False)
    async with waits.running() as stub, streaming(stub, profile="5.2"):
        async with Player(stub.player_url, offers=True) as player:
            await player.frames(3)
        assert "offer" not in stub.types()


async def test_ue_55_names_its_protocol_version_and_keeps_ids_as_text(stub: Stub) -> None:
    async with streaming(stub), Player(stub.player_url) as player:
        await player.frames(3)
    endpoint = stub.from_streamer[0]
    assert endpoint == {"type": "endpointId", "id": "synthetic", "protocolVersion": "1.3.0"}
    assert stub.from_streamer[1]["playerId"] == "101"


async def test_a_second_offer_of_a_player_begins_a_new_visit() -> None:
    async with (
        legacy("4.27").running() as stub,
        streaming(stub, profile="4.27") as streamer,
        Player(stub.player_url, offers=True) as player,
    ):
        await player.frames(3)
        first = streamer.visits["101"]
        offer = next(message for message in stub.from_players if message["type"] == "offer")
        await stub.to_streamer(**offer, playerId=101)
        await eventually(lambda: first.over)
        assert streamer.visits["101"] is not first
