"""The model of the autoscaler does what Kubernetes documents of the real one."""

from dataclasses import replace

import pytest

from pixelstream.cli.simulator.autoscaler import Autoscaler
from pixelstream.cli.simulator.model import Loop
from pixelstream.settings.values.kubernetes import Behavior, ScalingPolicy, ScalingRules

NO_WINDOW = ScalingRules(stabilization_window_seconds=0)
FREE = Loop(behavior=Behavior(scale_down=NO_WINDOW))


def scaler(loop: Loop = FREE, minimum: int = 0, maximum: int = 1000) -> Autoscaler:
    return Autoscaler(loop, minimum, maximum)


def rules(kind: str, value: int, period: int = 15, select: str | None = None) -> ScalingRules:
    policy = ScalingPolicy(type=kind, value=value, period_seconds=period)  # type: ignore[arg-type]
    return ScalingRules(stabilization_window_seconds=0, policies=(policy,), select_policy=select)  # type: ignore[arg-type]


def test_replicas_become_the_value_because_the_target_is_an_average_of_one() -> None:
    assert scaler().decide(0.0, 13.0, 10) == 13
    assert scaler().decide(0.0, 4.0, 10) == 4
    assert scaler().decide(0.0, 2.5, 10) == 3


def test_it_comes_from_zero_and_goes_there() -> None:
    assert scaler().decide(0.0, 1.0, 0) == 1
    assert scaler().decide(0.0, 0.0, 3) == 0


def test_it_stays_within_its_bounds() -> None:
    assert scaler(minimum=2).decide(0.0, 0.0, 3) == 2
    assert scaler(maximum=5).decide(0.0, 9.0, 3) == 5


@pytest.mark.parametrize(("value", "replicas"), [(109, 100), (110, 100), (111, 111), (91, 100), (89, 89)])
def test_a_tolerance_hides_differences(value: float, replicas: int) -> None:
    assert scaler(replace(FREE, tolerance=0.1)).decide(0.0, value, 100) == replicas


def test_a_tolerance_of_the_behavior_wins() -> None:
    behavior = Behavior(scale_up=ScalingRules(tolerance=0.0), scale_down=NO_WINDOW)
    found = scaler(Loop(tolerance=0.1, behavior=behavior))
    assert found.decide(0.0, 101, 100) == 101
    assert found.decide(15.0, 91, 100) == 100


def test_growth_is_bounded_by_the_larger_of_four_and_double_unless_told_else() -> None:
    assert scaler().decide(0.0, 100.0, 1) == 5
    assert scaler().decide(0.0, 100.0, 10) == 20


def test_a_period_counts_what_was_added_within_it() -> None:
    found = scaler(Loop(behavior=Behavior(scale_up=rules("Pods", 3, period=30), scale_down=NO_WINDOW)))
    assert found.decide(0.0, 100.0, 1) == 4
    assert found.decide(15.0, 100.0, 4) == 4
    assert found.decide(30.0, 100.0, 4) == 7


def test_shrinking_is_bounded_by_its_policies() -> None:
    assert scaler(Loop(behavior=Behavior(scale_down=rules("Pods", 2)))).decide(0.0, 0.0, 10) == 8
    assert scaler(Loop(behavior=Behavior(scale_down=rules("Percent", 30)))).decide(0.0, 0.0, 10) == 7
    assert (
        scaler(Loop(behavior=Behavior(scale_down=rules("Pods", 2, select="Disabled")))).decide(0.0, 0.0, 9)
        == 9
    )


def test_the_smallest_of_several_bounds_can_be_asked_for() -> None:
    both = ScalingRules(
        stabilization_window_seconds=0,
        select_policy="Min",
        policies=(
            ScalingPolicy(type="Pods", value=2, period_seconds=15),
            ScalingPolicy(type="Percent", value=50, period_seconds=15),
        ),
    )
    assert scaler(Loop(behavior=Behavior(scale_up=both))).decide(0.0, 100.0, 10) == 12
    assert scaler(Loop(behavior=Behavior(scale_down=both))).decide(0.0, 0.0, 10) == 8


def test_a_peak_is_remembered_for_the_window_of_shrinking() -> None:
    found = scaler(Loop(behavior=Behavior(scale_down=ScalingRules(stabilization_window_seconds=60))))
    assert found.decide(0.0, 10.0, 10) == 10
    assert [found.decide(at, 2.0, 10) for at in (15.0, 30.0, 45.0)] == [10, 10, 10]
    assert found.decide(60.0, 2.0, 10) == 2


def test_a_window_of_growth_takes_the_lowest_advice_in_it() -> None:
    slow = Behavior(scale_up=ScalingRules(stabilization_window_seconds=60), scale_down=NO_WINDOW)
    found = scaler(Loop(behavior=slow))
    assert found.decide(0.0, 10.0, 10) == 10
    assert found.decide(15.0, 18.0, 10) == 10
    assert found.decide(61.0, 18.0, 10) == 18


def test_keda_takes_the_fleet_from_zero_and_back_after_its_cooldown() -> None:
    found = scaler(replace(FREE, keda=True, cooldown=60.0))
    assert found.decide(0.0, 3.0, 0) == 0
    assert found.poll(5.0, 3.0, 0) == 1
    assert found.decide(15.0, 3.0, 1) == 3
    assert found.decide(30.0, 0.0, 3) == 1
    assert found.poll(40.0, 0.0, 1) == 1
    assert found.poll(65.0, 0.0, 1) == 0


def test_without_keda_nothing_polls() -> None:
    assert scaler().poll(0.0, 3.0, 0) == 0
