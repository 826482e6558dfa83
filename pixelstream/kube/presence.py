"""Which streams are there, by what both their EndpointSlices and their pods say.

Slices name streams and their addresses; pods are sooner to tell that one is to end, not ready, or gone. The
traps: neither watch is ahead for good, so a pod counts as gone only once it was seen and then not any more,
never because nobody has seen it yet; and a pod's name may come back, its uid never does.
"""

from __future__ import annotations

from dataclasses import replace

from pixelstream.kube.marked import Pod
from pixelstream.kube.podwatch import Pods
from pixelstream.kube.streams import Stream, Streams

REMEMBERED = 10_000
"""Pods that are gone and of which a late slice may still tell."""


class Presence:
    """What was told last of either kind.

    Without a word on pods, as where we may not read them, slices alone decide.
    """

    def __init__(self) -> None:
        self._slices: Streams | None = None
        self._pods: Pods = {}
        self._gone: dict[str, None] = {}

    def take_slices(self, streams: Streams) -> None:
        """Take over the streams of all slices."""
        self._slices = streams

    def take_pods(self, pods: Pods) -> None:
        """Take over all pods."""
        alive = {pod.uid for pod in pods.values() if not pod.over}
        ended = [pod.uid for pod in pods.values() if pod.over]
        for uid in [pod.uid for pod in self._pods.values() if pod.uid not in alive] + ended:
            self._gone[uid] = None
        while len(self._gone) > REMEMBERED:
            del self._gone[next(iter(self._gone))]
        self._pods = pods

    def streams(self) -> dict[str, Stream] | None:
        """Return the streams that there are; None before the first word of slices."""
        if self._slices is None:
            return None
        return {
            name: _narrowed(stream, self._pods.get(name))
            for name, stream in self._slices.items()
            if not stream.uid or stream.uid not in self._gone
        }


def _narrowed(stream: Stream, pod: Pod | None) -> Stream:
    """Join the words on one stream: the one that keeps players away counts."""
    if pod is None or (stream.uid and pod.uid != stream.uid):
        return stream
    serving, terminating = stream.serving and pod.ready, stream.terminating or pod.ending
    if (serving, terminating) == (stream.serving, stream.terminating):
        return stream
    return replace(stream, serving=serving, terminating=terminating)
