"""A simulated run: figures that can be worked out by hand, and the promises of the product in every run."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pixelstream.cli.simulator.arrivals import PATTERNS, made_up
from pixelstream.cli.simulator.model import Loop, Nodes, Policy, Spread, Visit, World
from pixelstream.cli.simulator.outcome import Outcome, best
from pixelstream.cli.simulator.recorded import Figures, Player, Recording, replay
from pixelstream.cli.simulator.run import simulate
from pixelstream.cli.simulator.streams import BUSY, IDLE, SPARE, STARTING
from pixelstream.settings.fleets import BudgetSettings, BufferSettings, FleetSettings
from pixelstream.settings.values.kubernetes import Behavior, ScalingRules

INSTANT = Loop(interval=1.0, scrape=0.0)
AT_ONCE = Behavior(scale_down=ScalingRules(stabilization_window_seconds=0))
WORLD = World(start=Spread(30.0), patience=None, loop=INSTANT, join=0.0)
HOUR = 3600.0


def run(fleet: FleetSettings, *visits: Visit, world: World = WORLD, span: float = 2 * HOUR) -> Outcome:
    return simulate(sorted(visits), Policy("p", fleet), world, span=(0.0, span))


def test_who_finds_a_free_stream_does_not_wait() -> None:
    found = run(FleetSettings(buffer=2), Visit(100.0, 600.0), Visit(100.0, 600.0))
    assert found.waits == [0.0, 0.0]
    assert found.seconds[BUSY] == pytest.approx(1200.0, abs=2.0)


def test_who_comes_to_an_empty_fleet_waits_for_a_decision_and_a_start() -> None:
    (waited,) = run(FleetSettings(buffer=0), Visit(100.0, 600.0)).waits
    assert 30.0 <= waited <= 31.0


def test_the_loops_of_a_real_cluster_add_their_intervals() -> None:
    world = replace(WORLD, loop=Loop(interval=15.0, scrape=15.0))
    runs = [
        simulate(
            [Visit(100.0, 60.0)], Policy("p", FleetSettings(buffer=0)), world, span=(0.0, HOUR), seed=seed
        )
        for seed in range(200)
    ]
    waits = [found.waits[0] for found in runs]
    assert min(waits) >= 30.0
    assert max(waits) <= 60.0
    assert sum(waits) / len(waits) == pytest.approx(45.0, abs=2.0)


def test_gpu_time_adds_up_to_streams_times_time() -> None:
    found = run(FleetSettings(buffer=1, minimum=3), Visit(600.0, 1200.0))
    assert found.hours() == pytest.approx(3 * 2.0, abs=0.01)
    assert found.hours(BUSY) == pytest.approx(1200 / HOUR, abs=0.01)
    assert found.hours(STARTING) == 0


def test_gpus_and_their_price_make_the_cost() -> None:
    found = run(FleetSettings(buffer=2, gpus=0.25, price_per_gpu_hour=4.0))
    assert found.hours(IDLE) == pytest.approx(2 * 2 * 0.25)
    assert found.cost == pytest.approx(4.0)


def test_a_fleet_shrinks_to_what_is_wanted_and_never_under_a_player() -> None:
    found = run(FleetSettings(buffer=0), Visit(0.0, 3000.0), *[Visit(1.0, 60.0)] * 9)
    assert found.most == 10
    assert len(found.waits) == 10
    assert found.seconds[BUSY] == pytest.approx(3000 + 9 * 60, abs=5.0)
    assert found.samples[-1].wanted == found.samples[-1].idle == 0


def test_players_without_patience_give_up_and_are_counted() -> None:
    hasty = replace(WORLD, patience=Spread(10.0))
    found = run(FleetSettings(buffer=0), Visit(100.0, 60.0), world=hasty)
    assert (found.waits, found.gave_up, found.abandoned) == ([], [10.0], 1.0)


def test_a_stream_costs_until_it_is_gone_and_seats_nobody_on_its_way() -> None:
    world = replace(WORLD, stop=Spread(20.0), loop=replace(INSTANT, behavior=AT_ONCE))
    found = run(FleetSettings(buffer=0), Visit(0.0, 60.0), Visit(105.0, 60.0), world=world)
    assert found.seconds[IDLE] == pytest.approx(2 * 20.0, abs=4.0)
    assert list(found.waits) == pytest.approx([30.5, 30.5], abs=0.6)


def test_nodes_take_time_and_money() -> None:
    nodes = Nodes(streams=4, start=Spread(200.0), idle=300.0)
    found = run(FleetSettings(buffer=0), Visit(100.0, 600.0), world=replace(WORLD, nodes=nodes))
    assert 230.0 <= found.waits[0] <= 232.0
    assert found.hours(STARTING) == pytest.approx(30 / HOUR, abs=0.001)
    spare = 3 * (230 + 660) + 200 + 4 * 300
    assert found.seconds[SPARE] == pytest.approx(spare, abs=300.0)


def test_warm_nodes_are_there_at_once() -> None:
    nodes = Nodes(streams=2, warm=1, start=Spread(200.0))
    found = run(FleetSettings(buffer=0), Visit(100.0, 600.0), world=replace(WORLD, nodes=nodes))
    assert found.waits[0] <= 31.0


def test_streams_of_several_seats_serve_as_many_players() -> None:
    found = run(FleetSettings(buffer=1), *[Visit(10.0, 60.0)] * 4, world=replace(WORLD, seats=4))
    assert found.waits == [0.0] * 4
    assert found.seconds[BUSY] == pytest.approx(60.0, abs=2.0)


def test_a_schedule_has_streams_ready_before_players_come() -> None:
    rows = ({"cron": "0 1 * * *", "streams": 5}, {"cron": "0 0 * * *", "streams": 0})
    buffer = BufferSettings.model_validate({"schedule": rows})
    crowd = [Visit(1.5 * HOUR, 300.0)] * 5
    assert max(run(FleetSettings(buffer=buffer), *crowd).waits) == 0.0
    assert min(run(FleetSettings(buffer=0), *crowd).waits) >= 30.0


def test_a_budget_is_not_exceeded_however_many_come() -> None:
    budget = BudgetSettings(gpu_hours_per_day=20.0)
    visits = made_up("steady", 100.0, 900.0, (0.0, 24 * HOUR))
    world = replace(WORLD, patience=Spread(120.0))
    found = run(FleetSettings(buffer=1, budget=budget), *visits, world=world, span=24 * HOUR)
    assert 19.0 < found.hours() <= 20.5
    assert found.capped > 6 * HOUR


def test_the_same_seed_makes_the_same_run_and_another_does_not() -> None:
    visits = made_up("burst", 200.0, 600.0, (0.0, 6 * HOUR))
    one, same, other = (
        simulate(visits, Policy("p", FleetSettings()), World(), span=(0.0, 6 * HOUR), seed=seed)
        for seed in (1, 1, 2)
    )
    assert one == same
    assert one.waits != other.waits


def test_more_buffer_costs_more_and_spares_waits() -> None:
    visits = made_up("daily", 200.0, 600.0, (0.0, 24 * HOUR))
    small, large = (
        simulate(visits, Policy("p", FleetSettings(buffer=spare)), World(), span=(0.0, 24 * HOUR))
        for spare in (0, 10)
    )
    assert large.mean_wait < small.mean_wait
    assert large.hours() > small.hours()
    assert best([small, large], goal=1000.0, abandoned=1.0) is small
    assert best([small, large], goal=1.0, abandoned=0.01) is large


@settings(max_examples=40, deadline=None)
@given(
    st.lists(st.tuples(st.floats(0, HOUR), st.floats(0, 600)), max_size=40),
    st.integers(0, 3),
    st.integers(1, 3),
    st.sampled_from([True, False]),
    st.integers(0, 5),
)
def test_every_player_is_seated_once_whatever_happens(
    came: list[tuple[float, float]],
    spare: int,
    seats: int,
    keda: bool,  # noqa: FBT001 - drawn
    seed: int,
) -> None:
    world = replace(WORLD, seats=seats, loop=Loop(keda=keda), nodes=Nodes(2, start=Spread(60.0, 120.0)))
    visits = sorted(Visit(at, seconds) for at, seconds in came)
    found = simulate(visits, Policy("p", FleetSettings(buffer=spare)), world, span=(0.0, 2 * HOUR), seed=seed)
    assert len(found.waits) == len(visits)
    assert found.seconds[BUSY] <= sum(visit.seconds + world.join for visit in visits) + 1e-6


def test_made_up_visits_follow_their_pattern() -> None:
    day = (0.0, 24 * HOUR)
    steady = made_up("steady", 500.0, 60.0, day)
    assert len(steady) == pytest.approx(12_000, rel=0.05)
    assert sum(visit.seconds for visit in steady) / len(steady) == pytest.approx(60.0, rel=0.05)
    evening = [visit for visit in made_up("daily", 500.0, 60.0, day) if 19 * HOUR <= visit.at < 21 * HOUR]
    morning = [visit for visit in made_up("daily", 500.0, 60.0, day) if 7 * HOUR <= visit.at < 9 * HOUR]
    assert len(evening) > 5 * len(morning)
    assert all(0 <= share(at * 600.0) <= 1 for share in PATTERNS.values() for at in range(144))


def test_visits_before_the_span_fill_the_fleet_and_are_not_counted() -> None:
    visits = [Visit(900.0, 1000.0), Visit(1010.0, 60.0)]
    found = simulate(visits, Policy("p", FleetSettings(buffer=0)), WORLD, span=(1000.0, HOUR))
    assert found.visits == len(found.waits) == 1
    assert found.seconds[BUSY] == pytest.approx(930 + 60, abs=3.0)


# --- the check against a real run ----------------------------------------------------------------


def test_a_recorded_run_replayed_gives_what_was_recorded() -> None:
    fleet = FleetSettings(buffer=1, maximum=50)
    starts = (20.0, 22.0, 25.0, 31.0)
    visits = made_up("steady", 120.0, 300.0, (0.0, 2 * HOUR), seed=5)
    world = World(start=Spread(0.0, measured=starts), patience=None, loop=Loop(scrape=5.0), join=0.5)
    real = simulate(visits, Policy("real", fleet), world, span=(0.0, 2 * HOUR), seed=99)
    players = tuple(Player(arrival=visit.at, seconds=visit.seconds) for visit in visits)
    recording = Recording(fleet=fleet, players=players, seconds=2 * HOUR, starts=starts, scrape=5.0)
    measured = Figures(real.mean_wait, *(real.seconds[phase] for phase in (IDLE, STARTING, BUSY)))
    off = replay(recording, rounds=10).off(measured)
    assert off["idle"] < 0.1
    assert off["busy"] < 0.02
    assert off["wait"] < 0.2


def test_differences_are_shares_of_what_was_measured() -> None:
    off = Figures(11.0, 90.0, 5.0, 100.0).off(Figures(10.0, 100.0, 5.0, 0.0))
    assert off == pytest.approx({"wait": 0.1, "idle": 0.1, "starting": 0.0, "busy": 0.0})
