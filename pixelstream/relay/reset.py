"""What happens between two players, so that none sees what the last one left behind.

Once the last seat of a stream that was used is free, all its seats are held until the streamer was told by
a message, by a call to its REST API, or was started again. The traps: a stream for several players at
once is only reset when all of them have left; and who is restarted must be seen to go: a streamer that
comes back on a new socket is taken for a fresh one only if its container's first check has asked, too,
where such checks ask at all.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Literal

from pixelstream.relay.ports import ControlRequest
from pixelstream.relay.vocabulary import ResetOutcome

if TYPE_CHECKING:
    from pixelstream.relay.peers import Streamer
    from pixelstream.relay.room import Room

Kind = Literal["none", "message", "rest", "restart"]
OnFailure = Literal["offer", "restart"]


@dataclass(frozen=True, slots=True)
class ResetPlan:
    """How a streamer is reset; durations are seconds.

    Attributes:
        kind: `none` frees a seat at once.
        message: what the streamer is sent, for `message`.
        acknowledgement: type of the message by which it says that it is done; "" waits for `settle`.
        request: what its REST API is asked, for `rest`.
        settle: how long a message without acknowledgement, or a call that went well, takes to work.
        deadline: how long a message or a call may take altogether.
        restart: how long a restart may take until the streamer is attached again.
        on_failure: whether a stream that was not reset in time is offered as it is, or restarted.
    """

    kind: Kind = "none"
    message: bytes = b""
    acknowledgement: str = ""
    request: ControlRequest | None = None
    settle: float = 0.0
    deadline: float = 30.0
    restart: float = 900.0
    on_failure: OnFailure = "restart"


class Stage(StrEnum):
    """What a reset waits for."""

    IDLE = "idle"
    TELLING = "telling"
    RESTARTING = "restarting"


class Reset:
    """The reset of one relay's streamer.

    Attributes:
        used: whether somebody has had a seat since the last reset.
        stage: what runs now.
        started: when a container's first check last asked; None if none ever did.
    """

    def __init__(self, plan: ResetPlan) -> None:
        self.plan = plan
        self.used = False
        self.stage = Stage.IDLE
        self.started: float | None = None
        self._begun = 0.0
        self._deadline = 0.0
        self._failed = False
        self._former: frozenset[Streamer] = frozenset()
        self._told: Streamer | None = None
        self._settled: float | None = None

    @property
    def restart_wanted(self) -> bool:
        """Whether the streamer's process is to end and start anew."""
        return self.stage is Stage.RESTARTING

    def begin(self, room: Room, now: float) -> None:
        """Hold all seats and start, if the last player has just left and there is something to do."""
        if self.plan.kind == "none" or not self.used or room.seats.taken or room.draining:
            return
        self.used, self._failed = False, False
        room.seats.held = room.seats.limit
        if self.plan.kind == "restart":
            self._restart(room, now)
        else:
            self.stage, self._told = Stage.TELLING, None
            self._deadline = now + self.plan.deadline
        self.advance(room, now)

    def advance(self, room: Room, now: float) -> None:
        """Let time do its work."""
        if self.stage is Stage.IDLE:
            return
        if self.stage is Stage.TELLING:
            if now < self._deadline:
                self._tell(room, now)
            done = self._settled is not None and now >= self._settled
        else:
            done = self._restarted(room)
        if done:
            self.finish(room, ResetOutcome.FAILED if self._failed else ResetOutcome.DONE)
        elif now >= self._deadline:
            self._give_up(room, now)

    def acknowledged(self, streamer: Streamer, now: float) -> None:
        """The streamer says that it is done."""
        if self.stage is Stage.TELLING and streamer is self._told:
            self._settled = now

    def answered(self, room: Room, now: float, *, well: bool) -> None:
        """The REST API answered, or did not: then it is asked again at the next tick."""
        if self.stage is Stage.TELLING and self.plan.kind == "rest":
            if well:
                self._settled = now + self.plan.settle
                self.advance(room, now)
            else:
                self._told = None

    def finish(self, room: Room, outcome: ResetOutcome) -> None:
        """Offer the seats again; a failure has been counted already."""
        if self.stage is Stage.IDLE:
            return
        if outcome is not ResetOutcome.FAILED:
            room.counts.resets[outcome] += 1
        self.stage, self._told, self._settled = Stage.IDLE, None, None
        self._former = frozenset()
        room.seats.held = 0
        room.host.changed()

    def _tell(self, room: Room, now: float) -> None:
        """Tell the streamer, and tell it anew if it is another one by now."""
        first = room.registry.first()
        if first is None or first is self._told:
            return
        self._told, self._settled = first, None
        if self.plan.kind == "rest":
            if self.plan.request is not None:
                room.host.reset(self.plan.request)
            return
        first.port.send(self.plan.message)
        if not self.plan.acknowledgement:
            self._settled = now + self.plan.settle

    def _restart(self, room: Room, now: float) -> None:
        self.stage, self._told, self._settled = Stage.RESTARTING, None, None
        self._former = frozenset(room.registry.engines())
        self._begun, self._deadline = now, now + self.plan.restart

    def _restarted(self, room: Room) -> bool:
        """Whether a streamer streams that came since, and none from before is left."""
        if self.started is not None and self.started < self._begun:
            return False
        engines = list(room.registry.engines())
        return self._former.isdisjoint(engines) and any(one.streaming for one in engines)

    def _give_up(self, room: Room, now: float) -> None:
        room.counts.resets[ResetOutcome.FAILED] += 1
        self._failed = True
        if self.plan.on_failure == "restart":
            self._restart(room, now)
        else:
            self.finish(room, ResetOutcome.FAILED)
