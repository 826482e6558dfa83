"""The control link between a signalserver and the matchmaker: its messages, text to message and back.

A websocket at `/control` of the matchmaker, opened by the signalserver with
`Authorization: Bearer <control key>`; each text frame is one JSON object with a `type`.

The trap: a stream's signalserver owns its seats, so `State` is whole and absolute and may be sent
at any time, while everything the matchmaker says is a wish. Unknown fields are ignored, because the
two ends are never upgraded in the same instant; an unknown `type` or a wrong field is an error.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from pixelstream.errors import PixelstreamError

PATH = "/control"
PING_INTERVAL = 10.0
"""Seconds between websocket pings, sent by both ends."""
SILENCE_LIMIT = 30.0
"""Seconds without a byte from the other end after which the link is closed: three pings."""
STATE_INTERVAL = 10.0
"""Seconds after which `State` is sent again though nothing has changed."""
MAX_MESSAGE = 1 << 20
"""Bytes of one message; a `State` of `MAX_SEATS` sessions fits."""
MAX_SEATS = 4096

Id = Annotated[str, Field(min_length=1, max_length=128)]
Word = Annotated[str, Field(max_length=256)]


class ControlError(PixelstreamError):
    """A message that the control link does not know; the link is closed with 1008 for it."""


class SeatState(StrEnum):
    """What a session on a seat does: yet to come, there, or gone without a goodbye."""

    RESERVED = "reserved"
    CONNECTED = "connected"
    AWAY = "away"


class RefusedReason(StrEnum):
    """Why a claim got no seat. `STALE`: its fence is below one that the stream has seen."""

    FULL = "full"
    DRAINING = "draining"
    NOT_READY = "not_ready"
    STALE = "stale"


class EndedReason(StrEnum):
    """Why a session's seat became free."""

    LEFT = "left"
    KICKED = "kicked"
    IDLE = "idle"
    EXPIRED = "expired"
    NO_SHOW = "no_show"
    STREAMER_LOST = "streamer_lost"
    DRAINED = "drained"
    RELEASED = "released"


class _Message(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore", allow_inf_nan=False)


class SeatedSession(_Message):
    """One session of a stream, as its signalserver knows it."""

    session: Id
    state: SeatState
    fence: Annotated[int, Field(ge=0)]


class State(_Message):
    """signalserver → matchmaker: everything about the stream, on every change and every 10 s.

    Attributes:
        seq: grows with each state of one `epoch`; a lower one is ignored.
        epoch: random for each start of the process.
        seats: players that the stream takes at once.
        taken: seats that are reserved, connected, away or held, players without a lease among them.
        resetting: those of the taken seats that nobody has while the streamer is reset between players.
        ready: a streamer is attached.
        draining: no claim will be granted any more.
        sessions: those of the taken seats that came by a claim or a lease.
    """

    type: Literal["state"] = "state"
    seq: Annotated[int, Field(ge=0)]
    epoch: Id
    stream: Id
    fleet: Id
    engine: Word = ""
    version: Word = ""
    seats: Annotated[int, Field(ge=0, le=MAX_SEATS)]
    taken: Annotated[int, Field(ge=0)]
    resetting: Annotated[int, Field(ge=0)] = 0
    ready: bool
    draining: bool
    sessions: Annotated[tuple[SeatedSession, ...], Field(max_length=MAX_SEATS)] = ()


class Granted(_Message):
    """signalserver → matchmaker: the claim's seat is reserved."""

    type: Literal["granted"] = "granted"
    claim: Id
    session: Id


class Refused(_Message):
    """signalserver → matchmaker: no seat for this claim."""

    type: Literal["refused"] = "refused"
    claim: Id
    session: Id
    reason: RefusedReason


class Ended(_Message):
    """signalserver → matchmaker: the session's seat is free. `seconds`: how long it was connected or away."""

    type: Literal["ended"] = "ended"
    session: Id
    reason: EndedReason
    seconds: Annotated[float, Field(ge=0)] = 0.0


class Claim(_Message):
    """matchmaker → signalserver: reserve one seat for `deadline` seconds.

    `fence` grows with every claim on a stream; the lease carries it, and a seat is only taken by
    the lease with the fence of its reservation.
    """

    type: Literal["claim"] = "claim"
    claim: Id
    session: Id
    fence: Annotated[int, Field(ge=0)]
    deadline: Annotated[float, Field(gt=0)]


class Release(_Message):
    """matchmaker → signalserver: cancel the session's reservation, or end the session.

    With a `fence` it means the seat of that fence alone, so that a late release of an old claim
    can't cost the session its new seat on the same stream.
    """

    type: Literal["release"] = "release"
    session: Id
    reason: Word = ""
    fence: Annotated[int, Field(ge=0)] | None = None


_M = TypeVar("_M")

FromSignalserver = State | Granted | Refused | Ended
FromMatchmaker = Claim | Release

_from_signalserver: TypeAdapter[FromSignalserver] = TypeAdapter(
    Annotated[FromSignalserver, Field(discriminator="type")]
)
_from_matchmaker: TypeAdapter[FromMatchmaker] = TypeAdapter(
    Annotated[FromMatchmaker, Field(discriminator="type")]
)


def parse_from_signalserver(data: bytes | str) -> FromSignalserver:
    """Read what a signalserver sent.

    Raises:
        ControlError: it is no message of the control link; the text names the first fault.
    """
    return _parse(_from_signalserver, data)


def parse_from_matchmaker(data: bytes | str) -> FromMatchmaker:
    """Read what the matchmaker sent.

    Raises:
        ControlError: it is no message of the control link; the text names the first fault.
    """
    return _parse(_from_matchmaker, data)


def encode(message: FromSignalserver | FromMatchmaker) -> str:
    """Text of one frame."""
    return message.model_dump_json()


def _parse(adapter: TypeAdapter[_M], data: bytes | str) -> _M:
    try:
        return adapter.validate_json(data)
    except ValidationError as error:
        fault = error.errors(include_url=False, include_input=False)[0]
        where = ".".join(str(part) for part in fault["loc"]) or "message"
        raise ControlError(f"{where}: {fault['msg']}") from None
