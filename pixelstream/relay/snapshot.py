"""The relay's state as the control link reports it: whole, never as a difference."""

from __future__ import annotations

from dataclasses import dataclass

from pixelstream.protocol.control import SeatedSession
from pixelstream.relay.room import Room


@dataclass(frozen=True, slots=True)
class Snapshot:
    """Fields of `pixelstream.protocol.control.State` that a relay knows.

    `engine` is the profile that the first streamer is taken for.
    """

    engine: str
    seats: int
    taken: int
    resetting: int
    ready: bool
    draining: bool
    sessions: tuple[SeatedSession, ...]


def take(room: Room) -> Snapshot:
    """Read the state of a relay."""
    first = next(room.registry.engines(), None)
    return Snapshot(
        engine=(first.profile if first else room.chosen).name,
        seats=room.seats.limit,
        taken=room.seats.taken,
        resetting=room.seats.held,
        ready=room.registry.first() is not None,
        draining=room.draining,
        sessions=tuple(
            SeatedSession(session=seat.session, state=seat.state, fence=seat.fence) for seat in room.seats
        ),
    )
