"""What is believed of an engine, beyond the transcripts: when that changes, and when it must not."""

import pytest

from pixelstream.relay import Role
from tests.support.stage import Actor, Stage


def killed_by_an_announcement(stage: Stage) -> None:
    streamer = stage.streamer("A", version=False)
    stage.player(to="A")
    streamer.leaves(4001)


def engine(stage: Stage) -> str:
    return stage.relay.snapshot().engine


def announced(stage: Stage, streamer: Actor) -> bool:
    streamer.hears()
    stage.player(to="A")
    return "playerConnected" in streamer.types()


@pytest.mark.parametrize("profile", ["4.26", "4.27", "5.0", "5.2", "5.5"])
def test_a_chosen_profile_is_never_judged_anew(profile: str) -> None:
    stage = Stage(profile=profile)
    stage.enter(Role.STREAMER, subprotocols=("ws",)).says("endpointId", id="A", protocolVersion="1.3.0")
    assert engine(stage) == profile


def test_what_a_death_taught_holds_for_the_next_connection() -> None:
    stage = Stage()
    killed_by_an_announcement(stage)
    again = stage.streamer("A", version=False)
    assert engine(stage) == "4.27"
    assert not announced(stage, again)


def test_what_a_death_taught_is_forgotten_when_a_newer_engine_comes() -> None:
    stage = Stage()
    killed_by_an_announcement(stage)
    newer = stage.streamer("A")
    assert engine(stage) == "5.5"
    newer.leaves(1006)
    assert announced(stage, stage.streamer("A", version=False))


@pytest.mark.parametrize("code", [1000, 1006, 4000])
def test_another_code_teaches_nothing(code: int) -> None:
    stage = Stage()
    streamer = stage.streamer("A", version=False)
    stage.player(to="A")
    streamer.leaves(code)
    assert announced(stage, stage.streamer("A", version=False))


def test_a_death_before_any_announcement_teaches_nothing() -> None:
    stage = Stage()
    stage.streamer("A", version=False).leaves(4001)
    assert announced(stage, stage.streamer("A", version=False))


def test_the_death_of_an_engine_that_has_offered_teaches_nothing() -> None:
    stage = Stage()
    streamer = stage.streamer("A", version=False)
    stage.player(to="A")
    streamer.says("offer", playerId=1, sdp="x")
    streamer.leaves(4001)
    assert announced(stage, stage.streamer("A", version=False))


def test_a_second_streamer_is_welcome_beside_a_newer_engine() -> None:
    stage = Stage()
    stage.streamer("A")
    assert stage.streamer("B").name == "B"


@pytest.mark.parametrize("profile", ["4.26", "4.27", "5.0"])
def test_a_second_streamer_of_an_old_engine_is_closed_and_the_first_stays(profile: str) -> None:
    stage = Stage(profile=profile)
    first, second = stage.enter(Role.STREAMER), stage.enter(Role.STREAMER)
    assert second.port.closing == (1008, "a streamer is connected already")
    assert first.port.closing is None
    first.leaves(1006)
    assert stage.enter(Role.STREAMER).port.closing is None
