import pytest

from pixelstream.protocol.ids import PlayerIds, read_player_id, silent_streamer_id, streamer_id


def test_player_ids_are_numeric_strings_from_one_on() -> None:
    ids = PlayerIds()
    assert [ids.take() for _ in range(3)] == ["1", "2", "3"]


def test_player_ids_may_begin_elsewhere() -> None:
    assert PlayerIds(32_769).take() == "32769"


@pytest.mark.parametrize(
    ("value", "player_id"),
    [("7", "7"), (7, "7"), (True, None), (7.0, None), (None, None), ([7], None), ({}, None)],
)
def test_player_ids_are_read_from_strings_and_integers_alone(value: object, player_id: str | None) -> None:
    assert read_player_id(value) == player_id


@pytest.mark.parametrize(
    ("wanted", "taken", "given"),
    [
        ("A", set(), "A"),
        ("A", {"A"}, "A1"),
        ("A", {"A", "A1"}, "A2"),
        ("A1", {"A1"}, "A1-1"),
        ("A1", {"A"}, "A1"),
        ("42", {"42"}, "42-1"),
        ("42", {"42", "42-1"}, "42-2"),
        ("foo", {"foo5"}, "foo"),
        ("", set(), "UnknownStreamer"),
        (None, {"UnknownStreamer"}, "UnknownStreamer1"),
        (42, set(), "UnknownStreamer"),
        ("x" * 129, set(), "UnknownStreamer"),
    ],
)
def test_a_streamer_id_changes_only_if_another_has_exactly_that(
    wanted: object, taken: set[str], given: str
) -> None:
    assert streamer_id(wanted, taken) == given


def test_silent_streamers_are_numbered() -> None:
    assert silent_streamer_id({"__LEGACY_STREAMER__1"}) == "__LEGACY_STREAMER__2"
