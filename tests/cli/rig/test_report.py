from dataclasses import replace

import pytest
from rich.console import Console

from pixelstream.cli.rig import report
from pixelstream.cli.rig.measures import Figures, Round
from pixelstream.synthetic.bench.cost import Cost, Spent
from pixelstream.synthetic.bench.returning import Times
from pixelstream.synthetic.bench.seating import Seats


def costs(ours: float, bare: float | None) -> Round:
    micros = {"ours": ours} | ({} if bare is None else {"bare": bare})
    return {name: Cost(1_000_000, Spent(value * 0.75, value * 0.25), 2.0) for name, value in micros.items()}


def figures(*, bare: bool = True) -> Figures:
    def pair(ours: float, other: float) -> dict[str, float]:
        return {"ours": ours, "bare": other} if bare else {"ours": ours}

    def rounds(*of: tuple[float, float]) -> list[Round]:
        return [costs(ours, other if bare else None) for ours, other in of]

    return Figures(
        versions={"python": "3.11.2"},
        base=pair(50.0, 49.0),
        idle=pair(4.0, 12.0),
        visits=rounds((300.0, 600.0)),
        small=rounds((4.0, 8.0), (40.0, 10.0), (4.0, 10.0)),
        large=rounds((7.0, 20.0)),
        seats=Seats(waiting=10_000, seconds=2.0, delays=[0.001] * 98 + [0.06, 0.07], share=0.4),
        shared_seats=Seats(waiting=10_000, seconds=2.0, delays=[0.002] * 700, share=1.2),
        assigned=Times([0.001] * 94 + [0.05] * 6),
        shared_assigned=Times([0.002] * 94 + [0.2] * 6),
        returned=Times([0.003] * 100),
        answers=Cost(9000, Spent(0.6, 0.3), 3.0),
    )


def met(found: Figures) -> dict[str, bool | None]:
    return {row.what.split(",")[0]: row.met for row in reversed(report.rows(found))}


def shown(found: Figures) -> str:
    console = Console(width=120)
    with console.capture() as capture:
        console.print(report.table(found))
    return capture.get()


def test_the_ratio_is_the_median_of_the_rounds_ratios() -> None:
    assert report.line(figures())["relay_small_ratio"] == pytest.approx(0.5)


def test_the_kernels_part_is_told_apart() -> None:
    line = report.line(figures())
    assert (line["relay_small_us"], line["relay_small_user_us"]) == (4.0, 3.0)
    assert (line["bare_relay_large_us"], line["bare_relay_large_user_us"]) == (20.0, 15.0)


def test_a_round_too_short_to_be_told_does_not_count() -> None:
    assert report.ratio([costs(4.0, 0.0), costs(4.0, 8.0)]) == pytest.approx(0.5)
    assert report.ratio([costs(4.0, 0.0)]) is None


def test_without_a_bare_relay_ratios_are_null_and_all_else_is_there() -> None:
    line = report.line(figures(bare=False))
    empty = {name for name, value in line.items() if value is None}
    assert empty == {name for name in line if name.startswith("bare_") or name.endswith("_ratio")}


def test_the_slowest_seat_of_a_hundred_counts() -> None:
    line = report.line(figures())
    assert (line["seat_p50_ms"], line["seat_p99_ms"], line["seats_per_s"]) == (1.0, 70.0, 50)


def test_a_goal_is_met_missed_or_untold() -> None:
    found = met(figures())
    assert found["CPU per message of 280 B"] is True
    assert found["CPU per message of 5 KB"] is True
    assert found["seats per second"] is False
    assert found["claim to notice"] is False
    assert found["TURN answers per second"] is None
    assert met(figures(bare=False))["CPU per message of 280 B"] is None


def test_the_shared_store_has_goals_of_its_own() -> None:
    found, line = met(figures()), report.line(figures())
    assert (line["seats_shared_per_s"], line["seat_shared_p99_ms"]) == (350, 2.0)
    assert (line["waiting_cpus"], line["waiting_shared_cpus"]) == (0.4, 1.2)
    assert [row.met for row in report.rows(figures()) if "who waits" in row.what] == [True, False]
    assert (line["assigned_p95_ms"], line["assigned_shared_p95_ms"], line["back_in_line_p95_ms"]) == (
        50,
        200,
        3,
    )
    assert found["request to seat"] is True
    assert found["the same on a shared store"] is False
    assert found["cut to the old place in line"] is True


def test_a_ratio_that_is_missing_shows_as_a_dash() -> None:
    assert " - " in shown(figures(bare=False))
    assert "0.50" in shown(figures())


def test_the_runtimes_are_named() -> None:
    assert report.line(figures())["python"] == "3.11.2"
    assert "python 3.11.2" in shown(figures())


def test_services_that_were_not_measured_are_null() -> None:
    none = dict.fromkeys(("seats", "shared_seats", "assigned", "shared_assigned", "returned", "answers"))
    line = report.line(replace(figures(), **none))  # type: ignore[arg-type]
    names = ("seats_per_s", "seat_p99_ms", "seats_shared_per_s", "assigned_p95_ms", "turn_answers_per_s")
    assert [line[name] for name in names] == [None] * len(names)
