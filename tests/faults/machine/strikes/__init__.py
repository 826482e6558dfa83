"""What is done to the ground of one machine: one module for each part of it that is struck."""

from __future__ import annotations

from tests.faults.fault import Fault
from tests.faults.machine.ground import Machine
from tests.faults.machine.strikes import (
    calm,
    clocks,
    keys,
    lines,
    links,
    matchmakers,
    relays,
    stores,
    streams,
    ways,
)

FAULTS: tuple[Fault[Machine], ...] = (
    *calm.FAULTS,
    *keys.ROTATED,
    *lines.FAULTS,
    *matchmakers.FAULTS,
    *stores.FAULTS,
    *ways.FAULTS,
    *streams.FAULTS,
    *relays.FAULTS,
    *links.FAULTS,
    *clocks.FAULTS,
    *keys.RETIRED,  # last: by now every session has a lease of the new key
)
