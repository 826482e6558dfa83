"""The ticket: a waiting player's right to its place in the line, at whichever matchmaker it comes back to.

Signed with the keys of leases, but no lease: it names no seat, and what verifies leases doesn't take it.
The trap: whoever has it has the place, so it stands in no log; it is good for a moment after the last
notice only, and always by the clock of the room, never by that of the machine that reads it.
"""

from __future__ import annotations

import hmac
from dataclasses import dataclass
from typing import Annotated

import orjson
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from pixelstream.auth.keys import LeaseKeys
from pixelstream.auth.sealing import decode, encode, mac
from pixelstream.errors import LeaseError

KIND = "ticket1"
MAX_TICKET = 1024
"""Characters; a longer one is none of ours."""
PARTS = 4


@dataclass(frozen=True, slots=True)
class Ticket:
    """What a ticket says.

    Attributes:
        session, fleet: who waits, and for what.
        joined: when it came: its place in the line; seconds of the room's clock.
        expires: until when the place is kept for it, by the same clock.
        user: the name that the edge had authenticated, if it had.
    """

    session: str
    fleet: str
    joined: float
    expires: float
    user: str | None = None


class _Claims(BaseModel):
    model_config = ConfigDict(strict=True, extra="forbid", allow_inf_nan=False)
    sub: Annotated[str, Field(min_length=1, max_length=128)]
    fleet: Annotated[str, Field(min_length=1, max_length=63)]
    ord: float
    exp: float
    usr: str | None = None


def sign_ticket(ticket: Ticket, keys: LeaseKeys) -> str:
    """Return the text of `ticket`, signed with the first of `keys`: `ticket1.<kid>.<claims>.<mac>`."""
    kid, key = keys.signing
    claims: dict[str, object] = {
        "sub": ticket.session,
        "fleet": ticket.fleet,
        "ord": ticket.joined,
        "exp": ticket.expires,
    }
    if ticket.user is not None:
        claims["usr"] = ticket.user
    # A key's id may have points in it, so it goes in base64url as well.
    signed = f"{KIND}.{encode(kid.encode())}.{encode(orjson.dumps(claims))}"
    return f"{signed}.{encode(mac(key, signed))}"


def verify_ticket(text: str, keys: LeaseKeys, now: float) -> Ticket:
    """Return what a ticket says, once it is known to be ours and in time.

    Args:
        text: the ticket.
        keys: any of them may have signed it.
        now: seconds of the room's clock.

    Raises:
        LeaseError: `malformed`, `unknown_key`, `forged` or `expired`.
    """
    parts = text.split(".") if len(text) <= MAX_TICKET and text.isascii() else []
    if len(parts) != PARTS or parts[0] != KIND:
        raise LeaseError("malformed", "not a ticket")
    key = keys.by_kid.get(decode(parts[1]).decode(errors="replace"))
    if key is None:
        raise LeaseError("unknown_key", "it names a key that is not known here")
    if not hmac.compare_digest(mac(key, ".".join(parts[:3])), decode(parts[3])):
        raise LeaseError("forged", "the signature does not fit")
    try:
        claims = _Claims.model_validate_json(decode(parts[2]))
    except ValidationError:
        raise LeaseError("malformed", "its claims are not those of a ticket") from None
    if now >= claims.exp:
        raise LeaseError("expired", f"{now - claims.exp:.0f} s ago")
    return Ticket(claims.sub, claims.fleet, claims.ord, claims.exp, claims.usr)
