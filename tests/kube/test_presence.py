"""Streams by both their slices and their pods."""

from __future__ import annotations

import pytest

from pixelstream.kube.marked import Pod, read_pod
from pixelstream.kube.presence import REMEMBERED, Presence
from pixelstream.kube.streams import Stream
from tests.support import kubeapi

A = Stream("default", "10.0.0.1:3000", serving=True, terminating=False, uid="u-a")


def pod(uid: str, *, ready: bool = True, ending: bool = False, phase: str = "Running") -> Pod:
    fields = kubeapi.running_pod(uid, ready=ready, ending=ending, phase=phase)
    return read_pod({**fields, "metadata": {**fields["metadata"], "resourceVersion": "1"}})


def told(*steps: dict[str, Stream] | dict[str, Pod]) -> dict[str, Stream] | None:
    """Return the streams after these words, each of slices or of pods."""
    presence = Presence()
    for step in steps:
        if all(isinstance(one, Stream) for one in step.values()) and step:
            presence.take_slices({name: one for name, one in step.items() if isinstance(one, Stream)})
        else:
            presence.take_pods({name: one for name, one in step.items() if isinstance(one, Pod)})
    return presence.streams()


def test_nothing_is_told_before_slices_are_known() -> None:
    assert told({"a": pod("u-a")}) is None


def test_without_a_word_on_pods_slices_decide() -> None:
    assert told({"a": A}) == {"a": A}


def test_a_pod_that_nobody_has_seen_yet_is_not_gone() -> None:
    assert told({}, {"a": A}) == {"a": A}
    assert told({"a": A}, {"b": pod("u-b")}) == {"a": A}


def test_a_pod_that_was_seen_and_is_not_any_more_is_gone_whatever_slices_say() -> None:
    assert told({"a": A}, {"a": pod("u-a")}, {}) == {}
    assert told({"a": pod("u-a")}, {}, {"a": A}) == {}


def test_a_new_pod_of_the_same_name_is_another() -> None:
    new = Stream("default", "10.0.0.9:3000", serving=True, terminating=False, uid="u-new")
    assert told({"a": A}, {"a": pod("u-a")}, {"a": pod("u-new")}) == {}
    assert told({"a": A}, {"a": pod("u-a")}, {"a": pod("u-new")}, {"a": new}) == {"a": new}
    # The old one's slice is behind: what the new pod says is not about it.
    assert told({"a": pod("u-new", ready=False)}, {"a": A}) == {"a": A}


@pytest.mark.parametrize(
    ("said", "serving", "terminating"),
    [
        (pod("u-a", ready=False), False, False),
        (pod("u-a", ending=True), True, True),
        (pod("u-a"), True, False),
    ],
)
def test_the_word_that_keeps_players_away_counts(said: Pod, *, serving: bool, terminating: bool) -> None:
    found = told({"a": A}, {"a": said})
    assert found
    assert (found["a"].serving, found["a"].terminating) == (serving, terminating)


def test_a_pod_that_has_ended_is_gone_though_its_object_stays() -> None:
    assert told({"a": A}, {"a": pod("u-a", phase="Failed", ready=False)}) == {}


def test_a_slice_that_says_not_ready_is_believed_too() -> None:
    behind = Stream("default", A.address, serving=False, terminating=False, uid="u-a")
    assert told({"a": behind}, {"a": pod("u-a")}) == {"a": behind}


def test_what_is_remembered_of_pods_that_are_gone_is_bounded() -> None:
    presence = Presence()
    for n in range(3):
        presence.take_pods({str(i): pod(f"{n}-{i}") for i in range(REMEMBERED // 2)})
    presence.take_pods({})
    assert len(presence._gone) == REMEMBERED
