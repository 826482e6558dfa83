"""The lease: a signed token that is a session's right to its seat.

A compact JWS with HS256 (RFC 7515, RFC 7519), read by signalserver, proxy and turn-api without
asking anyone. Written on `hmac` of the standard library: a JWT library brings `cryptography`, which
costs every sidecar 8 MB. The trap: whoever holds a lease holds the seat, so it never stands in a
log; paths and queries go through `redact` first.
"""

from __future__ import annotations

import hmac
import re
from dataclasses import dataclass
from typing import Annotated, Any

import orjson
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from pixelstream.auth.keys import LeaseKeys
from pixelstream.auth.sealing import decode, encode, mac
from pixelstream.errors import LeaseError

__all__ = ["Lease", "LeaseKeys", "redact", "sign", "verify"]

MAX_TOKEN = 2048
"""Characters; a longer token is none of ours and isn't decoded."""
PARTS = 3

_IN_PATH = re.compile(r"(/s/)[^/?#\s]+")
_IN_QUERY = re.compile(r"(\b(?:lease|ticket)=)[^&#\s]*")


@dataclass(frozen=True, slots=True)
class Lease:
    """What a lease says.

    Attributes:
        session: id of the session (`sub`).
        fleet, stream: where its seat is.
        fence: grows with every claim on the stream; an older one is outrun.
        issued, expires: whole seconds since 1970 (`iat`, `exp`).
        user: the name that the edge authenticated, if it did (`usr`).
    """

    session: str
    fleet: str
    stream: str
    fence: int
    issued: int
    expires: int
    user: str | None = None


class _Claims(BaseModel):
    model_config = ConfigDict(strict=True)
    sub: Annotated[str, Field(min_length=1)]
    fleet: str
    stream: str
    fence: Annotated[int, Field(ge=0)]
    iat: int
    exp: int
    usr: str | None = None


def sign(lease: Lease, keys: LeaseKeys) -> str:
    """Return the token of `lease`, signed with the first of `keys`."""
    kid, key = keys.signing
    claims: dict[str, Any] = {
        "sub": lease.session,
        "fleet": lease.fleet,
        "stream": lease.stream,
        "fence": lease.fence,
        "iat": lease.issued,
        "exp": lease.expires,
    }
    if lease.user is not None:
        claims["usr"] = lease.user
    header = encode(orjson.dumps({"alg": "HS256", "typ": "JWT", "kid": kid}))
    signed = f"{header}.{encode(orjson.dumps(claims))}"
    return f"{signed}.{encode(mac(key, signed))}"


def verify(token: str, keys: LeaseKeys, now: float) -> Lease:
    """Return what `token` says, once it is known to be ours and in time.

    Args:
        token: the text of the lease.
        keys: any of them may have signed it.
        now: seconds since 1970.

    Raises:
        LeaseError: `malformed`, `unknown_key`, `forged` or `expired`.
    """
    parts = token.split(".") if len(token) <= MAX_TOKEN and token.isascii() else []
    if len(parts) != PARTS:
        raise LeaseError("malformed", "not three parts of base64url")
    header = _read_header(parts[0])
    key = keys.by_kid.get(str(header.get("kid")))
    if key is None:
        raise LeaseError("unknown_key", "it names a key that is not known here")
    signed = f"{parts[0]}.{parts[1]}"
    if not hmac.compare_digest(mac(key, signed), decode(parts[2])):
        raise LeaseError("forged", "the signature does not fit")
    lease = _read_claims(parts[1])
    if now >= lease.expires:
        raise LeaseError("expired", f"{now - lease.expires:.0f} s ago")
    return lease


def looks_like_lease(token: str) -> bool:
    """Whether a token is to be taken for a lease, good or bad, rather than for another secret."""
    return token.count(".") == PARTS - 1


def redact(path: str) -> str:
    """Return a path or URL with the lease or ticket in it masked, for logs and error texts."""
    return _IN_QUERY.sub(r"\1***", _IN_PATH.sub(r"\1***", path))


def _read_header(part: str) -> dict[str, Any]:
    try:
        header = orjson.loads(decode(part))
    except orjson.JSONDecodeError:
        header = None
    # The algorithm is never the token's choice: "none" and the asymmetric ones end here.
    if not isinstance(header, dict) or header.get("alg") != "HS256":
        raise LeaseError("malformed", "its header does not say HS256")
    return header


def _read_claims(part: str) -> Lease:
    try:
        claims = _Claims.model_validate_json(decode(part))
    except ValidationError:
        raise LeaseError("malformed", "its claims are not those of a lease") from None
    return Lease(
        session=claims.sub,
        fleet=claims.fleet,
        stream=claims.stream,
        fence=claims.fence,
        issued=claims.iat,
        expires=claims.exp,
        user=claims.usr,
    )
