"""What a pod should carry, given its stream's state."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pixelstream.matchmaking.marks import (
    DELETION_COST,
    DO_NOT_DISRUPT,
    SAFE_TO_EVICT,
    STATE,
    Marks,
    PodState,
    marks_of,
)


@pytest.mark.parametrize(
    ("taken", "draining", "expected"),
    [
        (0, False, Marks(PodState.FREE, 0)),
        (1, False, Marks(PodState.TAKEN, 1)),
        (6, False, Marks(PodState.TAKEN, 6)),
        (0, True, Marks(PodState.DRAINING, -1)),
        (1, True, Marks(PodState.TAKEN, 1)),  # as long as somebody plays there, drain or no drain
    ],
)
def test_players_decide_and_then_the_drain(taken: int, *, draining: bool, expected: Marks) -> None:
    assert marks_of(taken, draining=draining) == expected


def test_a_taken_stream_forbids_its_removal_in_every_way() -> None:
    marks = marks_of(2, draining=False)
    assert marks.labels() == {STATE: "taken"}
    assert marks.annotations() == {DELETION_COST: "2", SAFE_TO_EVICT: "false", DO_NOT_DISRUPT: "true"}


@pytest.mark.parametrize("draining", [False, True])
def test_without_players_both_annotations_of_autoscalers_are_removed(*, draining: bool) -> None:
    annotations = marks_of(0, draining=draining).annotations()
    assert annotations[SAFE_TO_EVICT] is None
    assert annotations[DO_NOT_DISRUPT] is None


@given(st.integers(1, 1000), st.booleans(), st.booleans())
def test_no_empty_stream_outlives_a_taken_one(taken: int, draining: bool, other: bool) -> None:  # noqa: FBT001
    assert marks_of(taken, draining=draining).cost > marks_of(0, draining=other).cost
    assert marks_of(0, draining=True).cost < marks_of(0, draining=False).cost
