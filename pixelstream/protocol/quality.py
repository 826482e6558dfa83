"""What a player's page reports of its session: numbers and words of a list, and nothing else.

`POST /api/v1/quality` with the lease as bearer; seconds everywhere. The trap: the page is somebody else's
machine, so nothing here is believed further than a histogram, and there is no field that could carry an
address, a name or a text.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, ValidationError
from pydantic.alias_generators import to_camel

from pixelstream.errors import PixelstreamError

PATH = "/api/v1/quality"
MAX_REPORT = 1024
"""Bytes; a full one has 300."""
DAY = 86_400.0


class Part(StrEnum):
    """Which report it is: the first one, at the first picture; one of those in between; the last."""

    START = "start"
    WHILE = "while"
    END = "end"


class VisitPhase(StrEnum):
    """The steps to a picture, one after the other.

    `QUEUE`: waiting for a stream. `SEAT`: from the match to the seat's open socket. `SIGNALLING`: to the
    answer. `ICE`: to a path for the media. `FRAME`: to the first picture.
    """

    QUEUE = "queue"
    SEAT = "seat"
    SIGNALLING = "signalling"
    ICE = "ice"
    FRAME = "frame"


class Candidate(StrEnum):
    """The most roundabout end of the path (RFC 8445, 5.1.1); `UNKNOWN` where the browser doesn't tell."""

    HOST = "host"
    SRFLX = "srflx"
    PRFLX = "prflx"
    RELAY = "relay"
    UNKNOWN = "unknown"


class PlayerDrop(StrEnum):
    """Why a session ended against its player's will."""

    KICKED = "kicked"
    MOVED = "moved"
    IDLE = "idle"
    TIME_UP = "time_up"
    STREAM_LOST = "stream_lost"
    DRAINED = "drained"
    SEAT_FULL = "seat_full"
    LEASE_OVER = "lease_over"
    REFUSED = "refused"
    NO_SEAT = "no_seat"
    NO_CONFIG = "no_config"
    NO_OFFER = "no_offer"
    NO_PATH = "no_path"
    NO_PICTURE = "no_picture"
    OTHER = "other"


class IceFailure(StrEnum):
    """Why there was no path.

    `RELAY_UNREACHABLE`: relays were offered and none answered. `RELAY_MISSING`: only relays were allowed and
    none was offered. `NO_CANDIDATES`: the browser found no address of its own. `NO_PATH`: there were
    candidates, and no pair of them worked. `LOST`: the path stood, and broke.
    """

    RELAY_UNREACHABLE = "relay_unreachable"
    RELAY_MISSING = "relay_missing"
    NO_CANDIDATES = "no_candidates"
    NO_PATH = "no_path"
    LOST = "lost"


class QualityError(PixelstreamError):
    """A report that is none."""


Duration = Annotated[float, Field(ge=0, le=DAY)]


class Report(BaseModel):
    """One report.

    Attributes:
        age: seconds since the session's match.
        phases: how long each step took; told once, with the first report or with the last.
        first_frame: seconds from the match to the first picture; told once as well.
        candidate, rtt, fps: of the moment.
        freezes: since the report before.
        drop: why the session ended, if its player did not end it.
        ice: why there was no path, since the report before.
    """

    model_config = ConfigDict(
        extra="forbid", frozen=True, alias_generator=to_camel, allow_inf_nan=False, strict=True
    )

    part: Annotated[Part, Field(strict=False)]
    age: Annotated[float, Field(ge=0, le=30 * DAY)]
    phases: Annotated[dict[Annotated[VisitPhase, Field(strict=False)], Duration], Field(max_length=5)] = {}
    first_frame: Duration | None = None
    candidate: Annotated[Candidate, Field(strict=False)] | None = None
    rtt: Annotated[float, Field(ge=0, le=60)] | None = None
    fps: Annotated[float, Field(ge=0, le=1000)] | None = None
    freezes: Annotated[int, Field(ge=0, le=10_000)] = 0
    drop: Annotated[PlayerDrop, Field(strict=False)] | None = None
    ice: Annotated[IceFailure, Field(strict=False)] | None = None


def parse_report(data: bytes) -> Report:
    """Read a report.

    Raises:
        QualityError: it is too long, or not what a page says; the text names the field, never its value.
    """
    if len(data) > MAX_REPORT:
        raise QualityError(f"a report has at most {MAX_REPORT} bytes")
    try:
        return Report.model_validate_json(data)
    except ValidationError as error:
        faults = error.errors(include_url=False, include_input=False, include_context=False)
        # A key is the sender's text: the model's own fields alone are named.
        known = {to_camel(name) for name in Report.model_fields}
        names = sorted({str(fault["loc"][0]) for fault in faults if fault["loc"]} & known)
        raise QualityError(f"not a report: {', '.join(names) or 'its shape'} can't be so") from None
