"""What a stream's pod should carry, so that whoever removes pods leaves those with players alone.

The traps: none of these marks holds in every case, so all are set together: the deletion cost is read by
ReplicaSets alone, the label by the fleet's PodDisruptionBudget, and the two annotations by autoscalers of
nodes. And a stream that drains with a player on it is still taken: only an empty one may go first.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

STATE = "pixelstream.io/state"
"""Label that PodDisruptionBudgets select by."""
DELETION_COST = "controller.kubernetes.io/pod-deletion-cost"
"""Annotation by which a shrinking ReplicaSet chooses: the lowest goes first, none counts as 0 (KEP-2255)."""
SAFE_TO_EVICT = "cluster-autoscaler.kubernetes.io/safe-to-evict"
DO_NOT_DISRUPT = "karpenter.sh/do-not-disrupt"

EMPTY_AND_DRAINING = -1
"""Deletion cost of a stream that takes nobody any more: it goes before those that could be used."""


class PodState(StrEnum):
    """The word on the label."""

    FREE = "free"
    TAKEN = "taken"
    DRAINING = "draining"


class WriteResult(StrEnum):
    """What became of a write; one that failed is tried again, one for a pod that is gone is not."""

    WRITTEN = "written"
    FAILED = "failed"
    GONE = "gone"


@dataclass(frozen=True, slots=True)
class Marks:
    """What one pod should carry.

    Attributes:
        state: on its label.
        cost: of deleting it, against other pods of its fleet; its players, if it has any.
    """

    state: PodState
    cost: int

    def labels(self) -> Mapping[str, str | None]:
        """Labels by name."""
        return {STATE: self.state.value}

    def annotations(self) -> Mapping[str, str | None]:
        """Annotations by name; None for one that must not be there."""
        taken = self.state is PodState.TAKEN
        return {
            DELETION_COST: str(self.cost),
            SAFE_TO_EVICT: "false" if taken else None,
            DO_NOT_DISRUPT: "true" if taken else None,
        }


def marks_of(taken: int, *, draining: bool) -> Marks:
    """Return what the pod of a stream should carry that has `taken` players, seated, expected or away."""
    if taken > 0:
        return Marks(PodState.TAKEN, taken)
    return Marks(PodState.DRAINING, EMPTY_AND_DRAINING) if draining else Marks(PodState.FREE, 0)
