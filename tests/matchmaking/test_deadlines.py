"""Deadlines come due in order, once, and as they were set last."""

from pixelstream.matchmaking.deadlines import SLACK, Deadlines


def test_due_keys_come_earliest_first_and_once() -> None:
    deadlines = Deadlines[str]()
    for key, when in (("b", 2.0), ("a", 1.0), ("c", 9.0)):
        deadlines.set(key, when)
    assert list(deadlines.due(2.0)) == ["a", "b"]
    assert list(deadlines.due(2.0)) == []
    assert deadlines.next() == 9.0


def test_a_moved_deadline_counts_as_it_was_set_last() -> None:
    deadlines = Deadlines[str]()
    deadlines.set("a", 1.0)
    deadlines.set("a", 5.0)
    assert list(deadlines.due(4.0)) == []
    assert list(deadlines.due(5.0)) == ["a"]


def test_a_dropped_deadline_never_comes() -> None:
    deadlines = Deadlines[str]()
    deadlines.set("a", 1.0)
    deadlines.drop("a")
    deadlines.drop("unknown")
    assert deadlines.next() is None
    assert list(deadlines.due(2.0)) == []


def test_one_may_be_set_again_while_it_is_due() -> None:
    deadlines = Deadlines[str]()
    deadlines.set("a", 1.0)
    for key in deadlines.due(1.0):
        deadlines.set(key, 3.0)
    assert deadlines.next() == 3.0


def test_deadlines_that_move_for_ever_take_no_more_memory() -> None:
    deadlines = Deadlines[str]()
    for n in range(10_000):
        deadlines.set("a", float(n))
    assert len(deadlines._heap) <= SLACK + 3
    assert deadlines.next() == 9999.0
