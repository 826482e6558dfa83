"""What is read of pods, what is sent to them, and who else writes there."""

from __future__ import annotations

import pytest

from pixelstream.kube.marked import UNKNOWN, Pod, overwriter, patch_of, read_pod
from pixelstream.matchmaking.marks import DELETION_COST, DO_NOT_DISRUPT, SAFE_TO_EVICT, STATE, marks_of
from tests.support.kubeapi import Object, pod

FREE, TAKEN = marks_of(0, draining=False), marks_of(1, draining=False)


def read(one: Object, version: int = 7) -> Pod:
    one["metadata"]["resourceVersion"] = str(version)
    return read_pod(one)


def test_of_a_pod_only_our_marks_are_kept() -> None:
    found = pod("u", "3", app="x", **{STATE: "free"})
    found["metadata"]["annotations"] |= {"other": "y", SAFE_TO_EVICT: "false"}
    assert read(found) == Pod("u", 7, {STATE: "free"}, {DELETION_COST: "3", SAFE_TO_EVICT: "false"})


def test_a_pod_without_labels_and_annotations_carries_nothing() -> None:
    found = read_pod({"metadata": {"uid": "u", "resourceVersion": "1"}})
    assert not found.carries(FREE)
    assert not found.carries(TAKEN)


def test_a_pod_carries_marks_when_nothing_would_change() -> None:
    found = read(pod("u", "0", **{STATE: "free"}))
    assert found.carries(FREE)
    assert not found.carries(TAKEN)
    kept = pod("u", "0", **{STATE: "free"})
    kept["metadata"]["annotations"][DO_NOT_DISRUPT] = "true"
    assert not read(kept).carries(FREE)


def test_a_patch_names_the_pod_it_is_for_and_removes_what_must_go() -> None:
    assert patch_of("u", FREE) == {
        "metadata": {
            "uid": "u",
            "labels": {STATE: "free"},
            "annotations": {DELETION_COST: "0", SAFE_TO_EVICT: None, DO_NOT_DISRUPT: None},
        }
    }


@pytest.mark.parametrize("author", ["", "pixelstream", "kube-controller-manager"])
def test_our_own_writing_and_the_pods_template_are_no_overwriting(author: str) -> None:
    assert overwriter(None, read(pod("u", "1", author))) is None
    assert overwriter(read(pod("u", "0")), read(pod("u", "1", author))) is None


def test_another_author_is_known_at_first_sight() -> None:
    assert overwriter(None, read(pod("u", "-5", "karpenter"))) == "karpenter"


def test_another_author_counts_once_for_each_value() -> None:
    ours, theirs, again = (
        read(pod("u", "1")),
        read(pod("u", "9", "karpenter")),
        read(pod("u", "8", "karpenter")),
    )
    assert overwriter(ours, theirs) == "karpenter"
    assert overwriter(theirs, read(pod("u", "9", "karpenter", more="x"))) is None
    assert overwriter(theirs, again) == "karpenter"


def test_a_cost_that_vanished_was_removed_by_somebody() -> None:
    assert overwriter(read(pod("u", "1")), read(pod("u"))) == UNKNOWN
    assert overwriter(read(pod("u")), read(pod("u"))) is None
    assert overwriter(read(pod("u", "1")), read(pod("v"))) is None  # another pod of that name
