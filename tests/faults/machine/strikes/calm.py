"""No fault at all: what the gaps are that this machine makes by being busy."""

from __future__ import annotations

from tests.faults.fault import Fault
from tests.faults.machine.ground import Machine


async def nothing(ground: Machine) -> None:
    """Let somebody come and go."""
    await ground.visit()


FAULTS: tuple[Fault[Machine], ...] = (Fault("none", "nothing, to compare with", nothing),)
