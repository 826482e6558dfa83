"""Waiting for a release: its components come up one by one, then a stream is free.

The trap: a fleet scaled to zero, or whose streams are all taken, has no free stream and is in order; only
a fleet that should have streams and shows none is waited for.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from pixelstream.cli.cluster.kubectl import Kubectl
from pixelstream.cli.cluster.parts import WORKLOADS, Object, Part, blocked, crashed, parts, reasons
from pixelstream.cli.cluster.place import ClusterError, Place
from pixelstream.cli.cluster.seats import Seats, reader

INTERVAL = 1.0
"""Seconds between two readings."""

MAX_LOGS = 3
"""Containers whose logs are read."""
LOG_LINES = 4

Shown = Callable[[list[Part], str], None]


@dataclass
class Outcome:
    """How it ended.

    Attributes:
        ready: whether all components serve and no stream is missing.
        why: one line for each thing that isn't ready.
        seats: what the matchmaker last said; None if it never answered.
    """

    ready: bool = False
    why: list[str] = field(default_factory=list)
    seats: Seats | None = None


async def wait(kubectl: Kubectl, place: Place, *, seconds: float, shown: Shown) -> Outcome:
    """Wait until the release serves, telling `shown` of each change.

    Returns after `seconds` at the latest, with the reasons if something isn't ready.

    Raises:
        ClusterError: the cluster can't be asked.
    """
    until = time.monotonic() + seconds
    outcome = Outcome()
    while True:
        found = parts(await _workloads(kubectl, place))
        missing = [part for part in found if not part.done]
        shown(found, "" if missing else "waiting for a free stream")
        if found and not missing:
            outcome = await _seated(kubectl, place, found)
            if outcome.ready:
                shown(found, words(outcome.seats))
                return outcome
        if time.monotonic() >= until:
            outcome.why = [*await why(kubectl, place), *outcome.why]
            return outcome
        await asyncio.sleep(INTERVAL)


async def why(kubectl: Kubectl, place: Place) -> list[str]:
    """What of the release isn't ready, and why.

    Raises:
        ClusterError: the cluster can't be asked.
    """
    workloads = await _workloads(kubectl, place)
    pods = await kubectl.items("pods", f"--selector={place.selector}")
    events = await kubectl.items("events", "--field-selector=type=Warning")
    found = [*blocked(workloads), *reasons(pods, events), *await _last_words(kubectl, pods)]
    told = " ".join(found)
    short = [part for part in parts(workloads) if not part.done and part.name not in told]
    return [*found, *(f"{part.name}: {part.ready} of {part.wanted} are ready" for part in short)]


def words(seats: Seats | None) -> str:
    """What there is to say of the streams, in one line."""
    if seats is None or not seats.streams:
        return "no stream is wanted now"
    if not seats.free:
        return f"all {len(seats.streams)} streams are taken"
    return f"{seats.free} of {len(seats.streams)} streams are free"


async def _seated(kubectl: Kubectl, place: Place, found: list[Part]) -> Outcome:
    """Whether those who come would be seated."""
    if not any(part.component == "matchmaker" for part in found):
        return Outcome(ready=True)
    try:
        async with reader(kubectl, place) as matchmaker:
            seats = await matchmaker.read()
    except ClusterError as error:
        return Outcome(why=[str(error)])
    wanted = sum(part.wanted for part in found if part.component == "streamer")
    taken = sum(stream["taken"] >= stream["seats"] > 0 for stream in seats.streams)
    if seats.free or not wanted or taken >= wanted:
        return Outcome(ready=True, seats=seats)
    states = ", ".join(f"{stream['id']} is {stream['state']}" for stream in seats.streams)
    return Outcome(why=[f"no stream is free: {states or 'the matchmaker sees none'}"], seats=seats)


async def _last_words(kubectl: Kubectl, pods: list[Object]) -> list[str]:
    """What the first few containers that ended by themselves had logged last."""
    ended = [(pod["metadata"]["name"], *container) for pod in pods for container in crashed(pod)]
    found: dict[str, None] = {}  # several pods may have said the same
    for pod, container, again in ended[:MAX_LOGS]:
        words = [pod, f"--container={container}", f"--previous={again}".lower(), f"--tail={LOG_LINES}"]
        with contextlib.suppress(ClusterError):  # the container may have been cleared away by now
            lines = (await kubectl("logs", *words)).splitlines()
            found |= dict.fromkeys(f"  {container}: {line}" for line in lines)
    return list(found)


async def _workloads(kubectl: Kubectl, place: Place) -> list[Object]:
    return await kubectl.items(WORKLOADS, f"--selector={place.selector}")
