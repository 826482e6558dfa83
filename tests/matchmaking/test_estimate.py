"""The estimate is None while nothing was measured, and right on average afterwards."""

from __future__ import annotations

import heapq
import itertools
import random
from collections.abc import Callable
from statistics import median

import pytest

from pixelstream.matchmaking.estimate import KEPT, MIN_LENGTHS, Forecast, History, forecast


def played(*lengths: float, every: float = 10.0) -> History:
    history = History(0.0)
    for n, length in enumerate(lengths, 1):
        history.add(n * every, length)
    return history


def test_nothing_measured_is_nothing_said() -> None:
    assert forecast(History(0.0), [5.0], 10.0).wait(1) is None


def test_few_sessions_say_only_how_often_a_seat_falls_free() -> None:
    history = played(30.0, 40.0, 50.0)
    assert forecast(history, [1.0], 30.0).wait(3) == pytest.approx((3 - 1 / 3) * 10)


def test_one_seat_with_sessions_of_one_length_is_free_when_the_length_is_over() -> None:
    history = played(*[300.0] * 10, every=300.0)
    assert forecast(history, [200.0], 3200.0).wait(1) == pytest.approx(100, abs=10)
    assert forecast(history, [200.0], 3200.0).wait(3) == pytest.approx(700, abs=20)


def test_the_estimate_grows_with_the_position_beyond_any_horizon() -> None:
    found = forecast(played(*range(10, 100, 5)), [1.0, 2.0], 200.0)
    waits = [found.wait(position) for position in range(1, 2000)]
    assert all(a is not None and b is not None and a < b for a, b in itertools.pairwise(waits))


def test_sessions_of_no_length_break_nothing() -> None:
    found = forecast(played(*[0.0] * MIN_LENGTHS), [0.0], 60.0)
    assert found.wait(1) is not None


def test_a_forecast_without_a_rate_is_silent_beyond_its_end() -> None:
    assert Forecast(1.0, (0.0, 1.0), 0.0).wait(5) is None


def test_history_is_bounded_and_its_beginning_moves_with_it() -> None:
    history = played(*[1.0] * (KEPT + 50))
    assert len(history.played) == len(history.releases) == KEPT
    assert history.since == 500.0


def exponential(choice: random.Random) -> float:
    return choice.expovariate(1 / 300)


def limited(choice: random.Random) -> float:
    return min(600.0, choice.expovariate(1 / 300))


def uniform(choice: random.Random) -> float:
    return choice.uniform(60, 600)


def two_kinds(choice: random.Random) -> float:
    return 20.0 if choice.random() < 0.5 else 600.0


@pytest.mark.parametrize("draw", [exponential, limited, uniform, two_kinds])
@pytest.mark.parametrize(("seats", "position"), [(4, 10), (50, 5), (50, 100)])
def test_half_of_the_players_wait_less_than_predicted_and_half_more(
    draw: Callable[[random.Random], float], seats: int, position: int
) -> None:
    ratios = simulate(draw, seats, position)
    assert 0.75 <= median(ratios) <= 1.25


def simulate(draw: Callable[[random.Random], float], seats: int, position: int) -> list[float]:
    """Keep all seats taken and ask for the same place again and again: predicted ÷ actual."""
    choice, history, now = random.Random(1), History(0.0), 0.0
    begun = dict.fromkeys(range(seats), 0.0)
    ends = [(draw(choice), seat) for seat in begun]
    heapq.heapify(ends)
    asked: dict[int, tuple[float, float]] = {}
    ratios: list[float] = []
    for count in range(700):
        now, seat = heapq.heappop(ends)
        history.add(now, now - begun[seat])
        if count - position in asked:
            predicted, when = asked[count - position]
            ratios.append(predicted / max(now - when, 0.001))
        begun[seat] = now
        heapq.heappush(ends, (now + draw(choice), seat))
        if count >= 100 and count % 6 == 0:  # a forecast costs a millisecond
            ages = [now - start for start in begun.values()]
            asked[count] = (forecast(history, ages, now).wait(position) or 0.0, now)
    return ratios
