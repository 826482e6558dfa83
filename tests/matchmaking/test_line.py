"""The line keeps the order of arrival, and a place through a failed match."""

import random

from pixelstream.matchmaking.line import Line


def line_of(*names: str) -> Line:
    line = Line()
    for name in names:
        line.add(name, 0.0)
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
    line.add("d", 0.0)
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


def test_who_comes_back_stands_where_its_order_says() -> None:
    line = Line()
    for name, order in (("c", 3.0), ("a", 1.0), ("b", 2.0), ("b-too", 2.0)):
        line.add(name, order)
    assert list(line) == ["a", "b", "b-too", "c"]
    line.step_out("c")
    line.add("c", 0.5)
    assert (list(line), len(line)) == (["c", "a", "b", "b-too"], 4)


def test_ranks_agree_with_a_plain_list_whatever_happens() -> None:
    choice = random.Random(7)
    line, names, out = Line(), list[tuple[float, int, str]](), set[str]()
    for n in range(3000):
        order = choice.choice([float(n), float(choice.randrange(n + 1))])
        names = sorted([*names, (order, n, f"p{n}")])
        line.add(f"p{n}", order)
        some = choice.choice(names)
        match choice.randrange(4):
            case 0:
                out.add(some[2])
                line.step_out(some[2])
            case 1:
                out.discard(some[2])
                line.step_in(some[2])
            case _:
                names.remove(some)
                out.discard(some[2])
                line.drop(some[2])
        standing = [name for _, _, name in names if name not in out]
        assert line.head() == (standing[0] if standing else None)
        assert line.waiting == len(standing)
        if standing:
            assert line.position(standing[-1]) == len(standing)
    assert list(line) == [name for _, _, name in names if name not in out]
