"""A real run written down, and what the simulator makes of the same players: the check of one by the other.

Whoever drives a real fleet notes when players came, how long they played, and how long each stream took to
start; `replay` then gives waits and idle time to hold against those that were measured. The trap: where the
loops stood when players came isn't known, so the replay is the mean of many rounds, each with its own phases.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from statistics import fmean

from pixelstream.cli.simulator.model import Loop, Policy, Spread, Visit, World
from pixelstream.cli.simulator.run import simulate
from pixelstream.cli.simulator.streams import BUSY, IDLE, STARTING
from pixelstream.settings.base import Model
from pixelstream.settings.fleets import FleetSettings

ROUNDS = 40


class Player(Model):
    """One player: when it came, seconds since the run began, and how long it was on its seat."""

    arrival: float
    seconds: float


class Recording(Model):
    """A run of a real fleet.

    `seconds` is how long was measured. `starts` are times from a change of the number of replicas until
    players could be sent to the new stream, `stops` from such a change until a stream without players was
    gone; `join` is that from a match until the player is on its seat.
    `interval` and `scrape` are those of the autoscaler and of Prometheus. The fleet is at rest before it.
    """

    fleet: FleetSettings
    players: tuple[Player, ...]
    seconds: float
    starts: tuple[float, ...]
    stops: tuple[float, ...] = ()
    join: float = 0.5
    interval: float = 15.0
    scrape: float = 15.0


@dataclass(frozen=True, slots=True)
class Figures:
    """What is compared.

    Attributes:
        wait: mean seconds from coming to match.
        idle, starting, busy: seconds of streams in each phase.
    """

    wait: float
    idle: float
    starting: float
    busy: float

    def off(self, measured: Figures) -> dict[str, float]:
        """Return by how much each figure differs from the measured one, as a share of that."""
        return {
            name: abs(getattr(self, name) - real) / real if (real := getattr(measured, name)) else 0.0
            for name in ("wait", "idle", "starting", "busy")
        }


def replay(recording: Recording, loop: Loop | None = None, *, rounds: int = ROUNDS) -> Figures:
    """Let the players of a real run come to a simulated fleet.

    Args:
        recording: of the run; every player waited until it was seated.
        loop: the autoscaler's behaviour, if it isn't the chart's own; its intervals are the recording's.
        rounds: of which the mean is returned.
    """
    loop = replace(loop or Loop(), interval=recording.interval, scrape=recording.scrape)
    starts = Spread(0.0, measured=recording.starts)
    stops = Spread(0.0, measured=recording.stops)
    world = World(start=starts, stop=stops, patience=None, loop=loop, join=recording.join)
    visits = [Visit(player.arrival, player.seconds) for player in recording.players]
    policy = Policy("recorded", recording.fleet)
    runs = [
        simulate(sorted(visits), policy, world, span=(0.0, recording.seconds), seed=seed)
        for seed in range(rounds)
    ]
    return Figures(
        wait=fmean(run.mean_wait for run in runs),
        idle=fmean(run.seconds[IDLE] for run in runs),
        starting=fmean(run.seconds[STARTING] for run in runs),
        busy=fmean(run.seconds[BUSY] for run in runs),
    )
