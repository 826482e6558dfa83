"""What a seat's address and the close of its socket say, read as our page reads them.

The trap: most codes mean "come back", which costs nothing; only what the page would not come back from
counts as a loss.
"""

from __future__ import annotations

import base64
import json
import re

_GONE = re.compile(
    r"\bidle\b|inactiv|time is (over|up)|another connection|kick|released|removed|too many messages"
    r"|drain|server ends|\bfull\b|seat is taken|expired|outrun|stale|streamer",
    re.IGNORECASE,
)
NORMAL, POLICY, KICKED, PAGE_GONE = 1000, 1008, 1011, 4000


def loss(code: int | None, reason: str) -> str | None:
    """Why this close frame ends the session, or None if the page would just come back."""
    final = code in {NORMAL, POLICY, PAGE_GONE} or (code == KICKED and reason)
    if final or (code is not None and _GONE.search(reason)):
        return f"its seat's socket was closed with {code} {reason!r}"
    return None


def key_of(url: str) -> str:
    """The id of the key that signed the lease in a seat's address."""
    head = url.partition("/s/")[2].partition(".")[0]
    return str(json.loads(base64.urlsafe_b64decode(head + "=" * (-len(head) % 4)))["kid"])
