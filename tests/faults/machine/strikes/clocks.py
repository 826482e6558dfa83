"""A matchmaker whose clock is wrong: its leases admit as others do, and the room stays one."""

from __future__ import annotations

from pathlib import Path

from tests.faults.fault import Fault, Unexpected
from tests.faults.machine.ground import Machine
from tests.faults.machine.processes import Replica

LEASE = 900
"""Seconds of its leases: longer than its clock is wrong, as they are by far where nobody shortens them."""
VISITS = 4
"""So many that the wrong clock gives at least one of them its lease."""


def _faked(replica: Replica, offset: str) -> Replica:
    found = next(Path("/usr/lib").glob("*/faketime/libfaketime.so.1"), None)
    if found is None:
        raise Unexpected("libfaketime is missing; Debian's package is called faketime")
    quiet = {"FAKETIME_DONT_FAKE_MONOTONIC": "1", "DONT_FAKE_MONOTONIC": "1"}
    replica.env = {**replica.env, "LD_PRELOAD": str(found), "FAKETIME": offset, **quiet}
    return replica


async def off(ground: Machine) -> None:
    """Replace one replica by one that is 5 min ahead, that by one 5 min behind, that by a good one."""
    for offset in ("+300s", "-300s", None):
        old = ground.replicas["matchmaker"][0]
        fresh = _faked(ground.parts.matchmaker(LEASE), offset) if offset else ground.make("matchmaker")
        await ground.add("matchmaker", fresh)
        ground.hide("matchmaker", old)
        await ground.processes.stop(old)
        ground.replicas["matchmaker"].reverse()
        ground.cut_some()
        for _ in range(VISITS if offset else 1):
            await ground.visit()


FAULTS: tuple[Fault[Machine], ...] = (Fault("clock-off", "clock of one matchmaker 5 min off", off, short=1),)
