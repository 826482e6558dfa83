"""Whatever happens in whatever order: no double seat, no lost player, no lost place, no leaked seat."""

from __future__ import annotations

import random

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.support.interleaving import WEIGHTED, Interleaving

SEATS = st.lists(st.integers(1, 2), min_size=1, max_size=3).map(tuple)
STEPS = st.lists(st.tuples(st.sampled_from(WEIGHTED), st.integers(0, 59)), min_size=10, max_size=100)


@settings(max_examples=300, deadline=None, suppress_health_check=list(HealthCheck))
@given(seats=SEATS, steps=STEPS)
def test_any_interleaving_keeps_seats_players_and_places(
    seats: tuple[int, ...], steps: list[tuple[str, int]]
) -> None:
    run = Interleaving(seats)
    for step, n in steps:
        run.take(step, n)
    run.finish()


@pytest.mark.parametrize("block", range(4))
def test_long_interleavings_keep_them_too(block: int) -> None:
    for seed in range(block * 100, block * 100 + 100):
        choice = random.Random(seed)
        run = Interleaving(tuple(choice.randint(1, 2) for _ in range(choice.randint(1, 3))))
        try:
            for _ in range(150):
                run.take(choice.choice(WEIGHTED), choice.randrange(60))
            run.finish()
        except AssertionError as error:
            raise AssertionError(f"seed {seed}: {error}") from error
