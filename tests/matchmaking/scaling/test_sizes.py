"""How many streams a fleet wants: need, buffer, bounds and budget."""

from datetime import datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pixelstream.matchmaking.scaling.ledger import Ledger
from pixelstream.matchmaking.scaling.policy import Budget, Need, Row, Size, Sizing, in_force, size

BERLIN = "Europe/Berlin"


def at(text: str) -> float:
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(BERLIN)).timestamp()


NOON = at("2026-11-24 12:00")  # a Tuesday
OFFICE = (
    Row("0 8 * * mon-fri", 20, BERLIN),
    Row("0 18 * * mon-fri", 5, BERLIN),
    Row("0 22 * * *", 1, BERLIN),
)


def sized(need: Need, sizing: Sizing, now: float = NOON, ledger: Ledger | None = None) -> Size:
    return size(need, sizing, ledger or Ledger(now), now)


@pytest.mark.parametrize(
    ("need", "sizing", "wanted"),
    [
        (Need(3, 3, 2), Sizing(1), 6),
        (Need(0, 0, 0), Sizing(0), 0),
        (Need(0, 0, 0), Sizing(2), 2),
        (Need(0, 0, 0), Sizing(0, minimum=3), 3),
        (Need(50, 50, 200), Sizing(5, maximum=100), 100),
        (Need(2, 5, 1, seats=4), Sizing(1), 3),
        (Need(3, 3, 0, seats=4), Sizing(0), 3),
        (Need(0, 0, 5, seats=0), Sizing(0), 5),
        (Need(10, 10, 0), Sizing(1, percent=20), 12),
        (Need(11, 11, 0), Sizing(1, percent=20), 14),
        (Need(1, 1, 0), Sizing(2, percent=20), 3),
        (Need(0, 0, 0), Sizing(0, percent=50), 0),
        (Need(4, 4, 1), Sizing(1, percent=100, schedule=OFFICE), 25),
        (Need(30, 30, 0), Sizing(1, percent=100, schedule=OFFICE), 60),
        (Need(30, 30, 0), Sizing(0, schedule=OFFICE, maximum=40), 40),
    ],
)
def test_streams_wanted_are_taken_and_waiting_and_the_largest_buffer_within_bounds(
    need: Need, sizing: Sizing, wanted: int
) -> None:
    assert sized(need, sizing).wanted == wanted


@pytest.mark.parametrize(
    ("now", "streams"),
    [
        ("2026-11-24 07:59", 1),
        ("2026-11-24 08:00", 20),
        ("2026-11-24 17:59", 20),
        ("2026-11-24 18:00", 5),
        ("2026-11-24 22:00", 1),
        ("2026-11-28 12:00", 1),
        ("2026-11-30 08:00", 20),
    ],
)
def test_a_row_holds_from_its_time_until_that_of_another(now: str, streams: int) -> None:
    assert in_force(OFFICE, at(now)) == streams


def test_of_rows_that_come_together_the_lowest_holds() -> None:
    assert in_force((Row("0 8 * * *", 5), Row("0 8 * * tue", 9)), NOON) == 9
    assert in_force((Row("0 8 * * tue", 9), Row("0 8 * * *", 5)), NOON) == 5
    assert in_force((), NOON) is None


def test_the_buffer_is_told_as_it_is_before_the_bounds() -> None:
    found = sized(Need(3, 3, 0), Sizing(7, minimum=1, maximum=5))
    assert (found.wanted, found.buffer, found.minimum, found.maximum) == (5, 7, 1, 5)
    assert (found.cap, found.capped, found.gpu_hours_left) == (None, False, None)


# --- tolerance ---------------------------------------------------------------------------------


def ignored(wanted: int, streams: int, tolerance: float = 0.1) -> bool:
    """Whether an autoscaler with that tolerance leaves the number of streams as it is."""
    return abs(wanted / streams - 1) <= tolerance


@given(st.integers(1, 500), st.integers(1, 200), st.integers(0, 50))
def test_a_waiting_player_is_never_below_the_autoscalers_notice(taken: int, waiting: int, spare: int) -> None:
    need = Need(taken, taken, waiting, streams=taken)
    wanted = sized(need, Sizing(spare, tolerance=0.1, maximum=10_000)).wanted
    assert wanted >= taken + waiting + spare
    assert not ignored(wanted, taken)


def test_without_a_tolerance_or_a_player_who_waits_nothing_is_added() -> None:
    assert sized(Need(50, 50, 1, streams=50), Sizing()).wanted == 51
    assert sized(Need(50, 50, 0, streams=50), Sizing(2, tolerance=0.1)).wanted == 52
    assert sized(Need(50, 50, 1, streams=50), Sizing(tolerance=0.1)).wanted == 56
    assert sized(Need(50, 50, 1, streams=60), Sizing(tolerance=0.1)).wanted == 51


# --- budget ------------------------------------------------------------------------------------


def spent(hours: float, *, begin: str = "2026-11-24 01:00", now: float = NOON) -> Ledger:
    """Return the ledger of a fleet whose streams existed so many hours in all."""
    ledger = Ledger(at(begin))
    ledger.count(1, at(begin))
    ledger.count(0, at(begin) + hours * 3600)
    ledger.count(0, now)
    return ledger


def test_hours_that_are_left_must_last_for_all_streams() -> None:
    sizing = Sizing(1, budget=Budget(gpu_hours=10, timezone=BERLIN))
    found = sized(Need(3, 3, 9), sizing, ledger=spent(4))
    assert (found.wanted, found.cap, found.capped, found.gpu_hours_left) == (6, 6, True, 6.0)
    patient = Sizing(1, budget=Budget(gpu_hours=10, timezone=BERLIN, ahead=3 * 3600))
    assert sized(Need(1, 1, 9), patient, ledger=spent(4)).wanted == 2


def test_a_budget_that_suffices_says_nothing() -> None:
    found = sized(Need(3, 3, 0), Sizing(1, budget=Budget(gpu_hours=100, timezone=BERLIN)), ledger=spent(4))
    assert (found.wanted, found.capped, found.gpu_hours_left) == (4, False, 96.0)


def test_a_used_up_budget_leaves_players_and_the_minimum_alone() -> None:
    budget = Budget(gpu_hours=4, timezone=BERLIN)
    found = sized(Need(3, 3, 5), Sizing(1, budget=budget), ledger=spent(9))
    assert (found.wanted, found.cap, found.capped, found.gpu_hours_left) == (3, 0, True, 0.0)
    assert sized(Need(0, 0, 5), Sizing(1, minimum=2, budget=budget), ledger=spent(9)).wanted == 2


def test_streams_of_several_gpus_cost_as_many_hours() -> None:
    found = sized(
        Need(0, 0, 9), Sizing(gpus=2, budget=Budget(gpu_hours=20, timezone=BERLIN)), ledger=spent(4)
    )
    assert (found.cap, found.gpu_hours_left) == (6, 12.0)


def test_hours_are_those_of_the_day_where_the_budget_says() -> None:
    ledger = spent(2, begin="2026-11-23 23:00")
    for timezone, left in ((BERLIN, 9.0), ("UTC", 10.0), ("Asia/Tokyo", 8.0)):
        found = sized(Need(0, 0, 0), Sizing(budget=Budget(gpu_hours=10, timezone=timezone)), ledger=ledger)
        assert found.gpu_hours_left == left, timezone


def test_at_midnight_there_are_new_hours() -> None:
    sizing = Sizing(1, budget=Budget(gpu_hours=4, timezone=BERLIN))
    ledger = spent(9, now=at("2026-11-24 23:59"))
    assert sized(Need(0, 0, 3), sizing, at("2026-11-24 23:59"), ledger).wanted == 0
    assert sized(Need(0, 0, 3), sizing, at("2026-11-25 00:00"), ledger).wanted == 4


def test_a_schedule_bounds_streams_by_the_time() -> None:
    budget = Budget(schedule=(Row("0 8 * * *", 3, BERLIN), Row("0 18 * * *", 50, BERLIN)))
    assert sized(Need(1, 1, 9), Sizing(budget=budget)).wanted == 3
    assert sized(Need(1, 1, 9), Sizing(budget=budget), at("2026-11-24 19:00")).wanted == 10
    assert sized(Need(7, 7, 9), Sizing(budget=budget)).wanted == 7


@given(st.integers(1, 30), st.lists(st.integers(0, 40), min_size=96, max_size=96))
def test_a_fleet_that_obeys_never_uses_more_than_the_budget(hours: int, waiting: list[int]) -> None:
    sizing = Sizing(1, budget=Budget(gpu_hours=hours, timezone="UTC"))
    begin = 20_000 * 86_400.0
    ledger = Ledger(begin)
    for quarter, line in enumerate(waiting):
        now = begin + quarter * 900
        ledger.count(sized(Need(0, 0, line), sizing, now, ledger).wanted, now)
    assert ledger.since(begin, begin + 86_400) <= hours * 3600 + 1e-6


# --- ledger ------------------------------------------------------------------------------------


@given(st.lists(st.tuples(st.integers(0, 20), st.integers(0, 4000)), max_size=30))
def test_a_ledger_adds_up_streams_times_seconds(steps: list[tuple[int, int]]) -> None:
    now = begin = 20_000 * 86_400.0
    ledger, total, streams = Ledger(begin), 0.0, 0
    for count, seconds in steps:
        ledger.count(count, now)
        total += count * seconds
        now, streams = now + seconds, count
    if now - begin < 86_400:
        assert ledger.since(begin, now) == pytest.approx(total)
        assert sum(ledger.until(now).values()) == pytest.approx(total)
    assert ledger.streams == streams


def test_looking_at_a_ledger_moves_nothing() -> None:
    ledger = Ledger(0.0)
    ledger.count(2, 0.0)
    ledger.since(0.0, 5000.0)
    ledger.until(5000.0)
    assert (ledger.at, ledger.quarters) == (0.0, {})


def test_a_ledger_forgets_what_is_older_than_any_day() -> None:
    ledger = Ledger(0.0)
    ledger.count(1, 0.0)
    ledger.count(1, 10 * 86_400.0)
    assert len(ledger.quarters) <= 26 * 4 + 1


def test_what_another_counted_is_taken_over_where_it_is_more() -> None:
    ledger = Ledger(1800.0)
    ledger.quarters = {0: 5.0, 1: 7.0}
    ledger.restore({0: 9.0, 1: 2.0, 2: 1.0})
    assert ledger.quarters == {0: 9.0, 1: 7.0, 2: 1.0}
