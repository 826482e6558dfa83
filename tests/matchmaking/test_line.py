"""The line keeps the order of arrival, and a place through a failed match."""

import random

from pixelstream.matchmaking.line import MIN_SLOTS, Line


def line_of(*names: str) -> Line:
    line = Line()
    for name in names:
        line.append(name)
    return line


def test_the_first_to_come_is_the_head() -> None:
    line = line_of("a", "b", "c")
    assert line.head() == "a"
    assert [line.position(name) for name in "abc"] == [1, 2, 3]


def test_an_empty_line_has_no_head() -> None:
    line = line_of("a")
    line.drop("a")
    assert line.head() is None
    assert len(line) == 0


def test_who_steps_out_is_not_waiting_but_keeps_the_place() -> None:
    line = line_of("a", "b", "c")
    line.step_out("a")
    assert (line.head(), line.waiting, len(line)) == ("b", 2, 3)
    line.append("d")
    line.step_in("a")
    assert list(line) == ["a", "b", "c", "d"]


def test_stepping_out_or_in_twice_changes_nothing() -> None:
    line = line_of("a", "b")
    line.step_in("a")
    line.step_out("a")
    line.step_out("a")
    assert line.waiting == 1


def test_dropping_one_who_is_not_there_changes_nothing() -> None:
    line = line_of("a")
    line.drop("x")
    assert list(line) == ["a"]


def test_places_survive_when_the_slots_are_renumbered() -> None:
    line = line_of("first")
    line.step_out("first")
    for n in range(10 * MIN_SLOTS):
        line.append(f"p{n}")
        if n % 3:
            line.drop(f"p{n}")
    line.step_in("first")
    assert line.head() == "first"
    assert line.position("p3") == 3


def test_ranks_agree_with_a_plain_list_whatever_happens() -> None:
    choice = random.Random(7)
    line, names, out = Line(), list[str](), set[str]()
    for n in range(3000):
        names.append(f"p{n}")
        line.append(f"p{n}")
        some = choice.choice(names)
        match choice.randrange(4):
            case 0:
                out.add(some)
                line.step_out(some)
            case 1:
                out.discard(some)
                line.step_in(some)
            case _:
                names.remove(some)
                out.discard(some)
                line.drop(some)
        standing = [name for name in names if name not in out]
        assert line.head() == (standing[0] if standing else None)
        assert line.waiting == len(standing)
        if standing:
            last = standing[-1]
            assert line.position(last) == len(standing)
    assert list(line) == [name for name in names if name not in out]
