"""What pods carry of our marks now, and who wrote their deletion cost.

The trap: Karpenter, with its alpha gate PodDeletionCostManagement, writes that annotation itself and even
removes it from pods of a node that holds a pod not to be disrupted, as every taken stream is. Nothing tells
so but the annotation's author in `managedFields`, or that ours is gone.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from pixelstream.kube.client import Object
from pixelstream.matchmaking.marks import DELETION_COST, DO_NOT_DISRUPT, SAFE_TO_EVICT, STATE, Marks

OURS = "pixelstream"
"""What the API server calls us as an author: our User-Agent up to its slash."""
TEMPLATE = "kube-controller-manager"
"""Author of what a pod was made with, which is the Deployment's own word."""
ENDED = frozenset({"Failed", "Succeeded"})
"""Phases of a pod that will never run again."""
UNKNOWN = "somebody"
"""Whoever removed an annotation: the object no longer says."""


@dataclass(frozen=True, slots=True)
class Pod:
    """One pod, as far as marks go.

    Attributes:
        version: of the object; of two readings of one pod, the greater is newer.
        labels, annotations: those of ours that it has.
        author: who wrote the deletion cost, if not we and not its template.
        ready: it answers its readiness probe.
        ending: it has been told to end.
        over: all of it has ended, though the object is still there.
    """

    uid: str
    version: int = field(compare=False)
    labels: Mapping[str, str]
    annotations: Mapping[str, str]
    author: str | None = None
    ready: bool = True
    ending: bool = False
    over: bool = False

    @property
    def cost(self) -> str | None:
        """The deletion cost that it has."""
        return self.annotations.get(DELETION_COST)

    def carries(self, marks: Marks) -> bool:
        """Whether nothing of it would change."""
        wanted = [*_pairs(self.labels, marks.labels()), *_pairs(self.annotations, marks.annotations())]
        return all(found == value for found, value in wanted)


def read_pod(one: Object) -> Pod:
    """Read a pod."""
    meta = one["metadata"]
    annotations, status = meta.get("annotations") or {}, one.get("status") or {}
    return Pod(
        uid=meta.get("uid", ""),
        version=int(meta["resourceVersion"]),
        labels=_of(meta.get("labels") or {}, STATE),
        annotations=_of(annotations, DELETION_COST, SAFE_TO_EVICT, DO_NOT_DISRUPT),
        author=_author(meta) if DELETION_COST in annotations else None,
        ready=_ready(status),
        ending="deletionTimestamp" in meta,
        over=status.get("phase") in ENDED,
    )


def patch_of(uid: str, marks: Marks) -> Object:
    """Return the merge patch that has the pod carry `marks`; refused (409) if the name has a new pod."""
    metadata: Object = {"labels": dict(marks.labels()), "annotations": dict(marks.annotations())}
    return {"metadata": {**metadata, "uid": uid} if uid else metadata}


def overwriter(before: Pod | None, now: Pod) -> str | None:
    """Return who has overwritten the deletion cost between two readings of a pod, if somebody has.

    `before` is None for a pod that is new here; then only an author tells.
    """
    same = before is not None and before.uid == now.uid
    if same and before is not None and before.cost == now.cost:
        return None
    if now.author is None and same and now.cost is None:  # we never remove it
        return UNKNOWN
    return now.author


def _ready(status: Object) -> bool:
    """What the pod's conditions say; one that has none says nothing against it."""
    words = [one.get("status") for one in status.get("conditions") or () if one.get("type") == "Ready"]
    return words in ([], ["True"])


def _of(found: Mapping[str, str], *names: str) -> dict[str, str]:
    return {name: found[name] for name in names if name in found}


def _pairs(found: Mapping[str, str], wanted: Mapping[str, str | None]) -> list[tuple[str | None, str | None]]:
    return [(found.get(name), value) for name, value in wanted.items()]


def _author(meta: Object) -> str | None:
    for entry in meta.get("managedFields") or ():
        fields = (entry.get("fieldsV1") or {}).get("f:metadata") or {}
        manager = entry.get("manager") or UNKNOWN
        if f"f:{DELETION_COST}" in (fields.get("f:annotations") or {}) and manager not in {OURS, TEMPLATE}:
            return str(manager)
    return None
