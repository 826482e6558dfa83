"""A budget holds: who waits is not sent to a stream that it has no room for, and no player is sent away."""

from pixelstream.matchmaking.model import Known, SessionState
from pixelstream.matchmaking.policy import Choice
from pixelstream.matchmaking.scaling.policy import Budget, Row, Sizing
from tests.support.script import Script

SIX = 6 * 3600.0
ONE_AT_NIGHT = Budget(schedule=(Row("0 0 * * *", 1), Row("0 6 * * *", 9)))


def night(*streams: str, seats: int = 1, **rules: object) -> Script:
    """Return a room at midnight of a fleet that may have one stream until six."""
    script = Script(streams, **{"sizes": {"default": Sizing(budget=ONE_AT_NIGHT)}, **rules})
    for link, stream in enumerate(streams, 1):
        script.state(link=link, stream=stream, seats=seats)
    return script


def test_a_second_stream_stays_free_for_want_of_budget() -> None:
    script = night("s", "t")
    script.join("a")
    script.join("b")
    assert script.of("a") is SessionState.CLAIMED
    assert script.of("b") is SessionState.WAITING


def test_time_alone_makes_room_for_those_who_wait() -> None:
    script = night("s", "t")
    script.seat("a")
    script.join("b")
    while script.now < SIX - 10:
        script.wait(5.0)
    assert script.of("b") is SessionState.WAITING
    while script.of("b") is SessionState.WAITING and script.now < SIX + 15:
        script.wait(1.0)
    assert script.of("b") is SessionState.CLAIMED


def test_a_further_seat_of_a_stream_with_players_costs_nothing() -> None:
    for choice in Choice:
        script = night("s", "t", seats=2, choice=choice)
        for name in ("a", "b", "c"):
            script.join(name)
        assert [script.of(name) for name in ("a", "b", "c")] == [
            SessionState.CLAIMED,
            SessionState.CLAIMED,
            SessionState.WAITING,
        ]
        assert len({script.room.books.sessions[name].stream for name in ("a", "b")}) == 1


def test_streams_of_the_minimum_are_there_anyway_and_may_be_used() -> None:
    script = night("s", "t", sizes={"default": Sizing(minimum=2, budget=ONE_AT_NIGHT)})
    script.join("a")
    script.join("b")
    assert script.of("b") is SessionState.CLAIMED


def test_a_used_up_day_seats_nobody_until_the_next() -> None:
    budget = Budget(gpu_hours=10.0)
    script = Script((), sizes={"default": Sizing(budget=budget)})
    script.room.discover({f"old{n}": Known("default") for n in range(5)}, 0.0)
    script.wait(2 * 3600.0)
    script.room.discover({"s": Known("default")}, script.now)
    script.state()
    script.join("a")
    assert script.of("a") is SessionState.WAITING
    script.now = 86_399.0
    script.wait(0.0)
    assert script.of("a") is SessionState.WAITING
    script.wait(10.0)
    assert script.of("a") is SessionState.CLAIMED


def test_a_budget_that_shrinks_leaves_players_where_they_are() -> None:
    script = Script(("s", "t"), sizes={"default": Sizing(budget=Budget(schedule=(Row("0 6 * * *", 9),)))})
    script.seat("a")
    books = script.room.books
    books.rules.sizes["default"] = Sizing(budget=ONE_AT_NIGHT)  # type: ignore[index]
    script.wait(1.0)
    assert script.of("a") is SessionState.CONNECTED
    assert books.prospects.size(books.fleets["default"]).wanted == 1
