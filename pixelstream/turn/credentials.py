"""Credentials that coturn accepts without being told of them: its "TURN REST API".

With `use-auth-secret` a user name is `<expiry>:<caller>` and its password the base64 of
HMAC-SHA1(secret, user name) (draft-uberti-behave-turn-rest-00). The trap: coturn splits at the first
colon and reads any digits there as the expiry, so a caller's name must hold no colon.
"""

import base64
import hmac
import re
from dataclasses import dataclass

MAX_CALLER = 128
"""Characters; coturn cuts user names at 512 bytes, and logs show them."""

_CALLER = re.compile(rf"[A-Za-z0-9][A-Za-z0-9._~-]{{0,{MAX_CALLER - 1}}}")


@dataclass(frozen=True, slots=True)
class Credentials:
    """A user name with its password, good until `expires` (seconds since the epoch)."""

    username: str
    credential: str
    expires: int


def is_caller(name: str) -> bool:
    """Whether `name` may stand in a user name: letters, digits and `._~-`, a letter or digit first."""
    return _CALLER.fullmatch(name) is not None


def issue(secret: bytes, caller: str, *, now: float, lifetime: float) -> Credentials:
    """Make credentials for `caller` that end `lifetime` seconds after `now` (seconds since the epoch).

    Raises:
        ValueError: the caller's name can't stand in a user name.
    """
    if not is_caller(caller):
        raise ValueError(f"a caller's name has 1 to {MAX_CALLER} letters, digits and ._~-")
    expires = int(now + lifetime)
    username = f"{expires}:{caller}"
    digest = hmac.digest(secret, username.encode(), "sha1")
    return Credentials(username, base64.b64encode(digest).decode(), expires)
