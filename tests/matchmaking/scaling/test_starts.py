"""What a player is told who waits for a stream that is being started."""

from pixelstream.matchmaking.model import Known, Supply
from pixelstream.matchmaking.scaling.policy import Budget, Row, Sizing
from pixelstream.matchmaking.scaling.starts import Starts
from tests.support.script import Script


def supply(script: Script) -> Supply:
    fleet = script.room.books.fleet("default")
    script.room.books.prospects.outlook(fleet)
    return fleet.supply


def waits(script: Script, name: str) -> float | None:
    session = script.room.session(name)
    assert session
    return script.room.estimate(session)


def starting(script: Script, *names: str) -> None:
    script.room.discover({name: Known("default", offered=False) for name in names}, script.now)


def test_a_start_is_expected_to_take_as_long_as_the_others_did() -> None:
    starts = Starts()
    assert starts.wait(1, [0.0], 5.0) is None
    for took in (40.0, 50.0, 300.0):
        starts.add(took)
    assert starts.wait(1, [0.0, 10.0], 20.0) == 30.0
    assert starts.wait(2, [0.0, 10.0], 20.0) == 40.0
    assert starts.wait(1, [0.0], 70.0) == 0.0
    assert starts.wait(3, [0.0, 10.0], 20.0) is None


def test_a_scaled_fleet_at_zero_starts_a_stream_for_whoever_comes() -> None:
    script = Script((), sizes={"default": Sizing(scaled=True)})
    assert supply(script) is Supply.TAKEN
    script.join("a")
    assert supply(script) is Supply.STARTING


def test_a_fleet_that_nothing_scales_promises_no_stream() -> None:
    script = Script((), sizes={"default": Sizing()})
    script.join("a")
    assert supply(script) is Supply.TAKEN


def test_a_pod_that_is_not_ready_yet_is_a_stream_being_started() -> None:
    script = Script(())
    script.join("a")
    starting(script, "s")
    script.wait(2.0)
    assert supply(script) is Supply.STARTING
    script.state(stream="s", ready=True)
    assert supply(script) is Supply.TAKEN


def test_the_estimate_follows_from_measured_starts() -> None:
    script = Script(())
    starting(script, "s")
    script.wait(60.0)
    script.state(stream="s", ready=True)
    script.room.discover({}, script.now)
    script.join("a")
    assert waits(script, "a") is None
    starting(script, "t")
    script.wait(20.0)
    assert waits(script, "a") == 40.0


def test_old_streams_of_a_new_matchmaker_tell_nothing_of_starts() -> None:
    script = Script(("s",))
    script.wait(1.0)
    script.state(stream="s", ready=True)
    assert not script.room.books.fleet("default").starts.took


def test_the_budget_is_named_where_it_holds_back_a_stream() -> None:
    budget = Budget(schedule=(Row("* * * * *", 1),))
    script = Script(("s",), sizes={"default": Sizing(scaled=True, budget=budget)})
    script.seat("a")
    script.join("b")
    assert supply(script) is Supply.BUDGET
