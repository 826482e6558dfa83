import pytest

from pixelstream.relay import Role
from tests.support.stage import Actor, Stage


def committed(streamer: Actor, wanted: object) -> str:
    streamer.says("endpointId", id=wanted, protocolVersion="1.3.0")
    return next(str(one["committedId"]) for one in streamer.hears() if one["type"] == "endpointIdConfirm")


def test_the_same_id_again_is_kept_and_nobody_hears_of_it() -> None:
    stage = Stage()
    streamer, player = stage.streamer("A"), stage.player(to="A")
    for _ in range(3):
        assert committed(streamer, "A") == "A"
    assert player.hears() == []


@pytest.mark.parametrize("name", ["A", "A1", "42", "ümlaut", "x y"])
def test_two_streamers_never_share_an_id_and_keep_what_they_got(name: str) -> None:
    stage = Stage()
    first, second = stage.streamer(name), stage.streamer(name)
    assert first.name == name
    assert second.name != name
    assert second.name.startswith(name)
    assert committed(second, second.name) == second.name
    assert committed(first, name) == name


def test_a_name_with_a_number_is_no_clash() -> None:
    stage = Stage()
    stage.streamer("foo5")
    assert stage.streamer("foo").name == "foo"
    assert stage.streamer("A").name == "A"
    assert stage.streamer("A1").name == "A1"
    assert stage.streamer("A").name == "A2"


def test_an_id_is_free_again_when_its_streamer_has_left() -> None:
    stage = Stage()
    stage.streamer("A").leaves(1006)
    assert stage.streamer("A").name == "A"


@pytest.mark.parametrize("wanted", ["", None, 42, ["A"], {"a": 1}, "x" * 1000])
def test_an_id_that_is_none_gives_a_name_all_the_same(wanted: object) -> None:
    stage = Stage()
    assert committed(stage.enter(Role.STREAMER), wanted) == "UnknownStreamer"
    assert committed(stage.enter(Role.STREAMER), wanted) == "UnknownStreamer1"


def test_unidentified_streamers_are_not_listed_to_players_but_to_sfus() -> None:
    stage = Stage()
    stage.enter(Role.STREAMER)
    sfu, player = stage.enter(Role.SFU), stage.player()
    sfu.hears()
    sfu.says("listStreamers")
    player.says("listStreamers")
    assert sfu.hears() == [{"type": "streamerList", "ids": ["UnknownStreamer", "UnknownStreamer1"]}]
    assert player.hears() == [{"type": "streamerList", "ids": []}]


def test_an_unidentified_streamer_cannot_be_subscribed_to() -> None:
    stage = Stage()
    streamer, player = stage.enter(Role.STREAMER), stage.player()
    streamer.hears()
    player.says("subscribe", streamerId="UnknownStreamer")
    assert player.types() == ["subscribeFailed"]
    assert streamer.hears() == []


def test_a_new_id_reaches_subscribers_and_the_list() -> None:
    stage = Stage()
    streamer, player, other = stage.streamer("A"), stage.player(to="A"), stage.player()
    assert committed(streamer, "B") == "B"
    assert player.hears() == [{"type": "streamerIdChanged", "newID": "B"}]
    other.says("subscribe", streamerId="A")
    other.says("listStreamers")
    assert other.types() == ["subscribeFailed", "streamerList"]
    other.says("subscribe", streamerId="B")
    assert streamer.types() == ["playerConnected"]


def test_streamers_are_listed_in_the_order_they_came_renamed_or_not() -> None:
    stage = Stage()
    first = stage.streamer("Z")
    stage.streamer("A")
    committed(first, "Y")
    player = stage.player()
    player.says("listStreamers")
    assert player.hears() == [{"type": "streamerList", "ids": ["Y", "A"]}]


def test_an_sfu_and_a_streamer_share_the_names() -> None:
    stage = Stage()
    stage.streamer("A")
    assert stage.sfu("A").name == "A1"


def test_players_and_sfus_share_one_counter_from_one_on() -> None:
    stage = Stage()
    assert [stage.player().id, stage.sfu().id, stage.player().id] == ["1", "2", "3"]
