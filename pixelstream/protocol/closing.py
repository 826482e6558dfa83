"""Close codes as the relay uses them, and reasons that fit a close frame.

The trap: Epic's front ends reconnect by themselves after any code but 1001, so 1001 is never sent to
a player; and Unreal up to 5.1 hangs up with 4000 or 4001 on a message it does not know.
"""

NORMAL = 1000
GOING_AWAY = 1001
"""Sent by browsers that leave the page; never sent to players, whose front ends would stay away."""
POLICY = 1008
"""The peer broke a rule, came without a right to, or had its time."""
KICKED = 1011
"""The streamer, or its operator, ended this player's visit."""
RESTART = 1012
"""The streamer is gone or the server ends; come back in a moment."""
TRY_LATER = 1013
"""No seat, no streamer, or draining: come back later."""
ENGINE_REFUSED = 4001
"""Unreal up to 4.27 closes with it on a message whose type it does not know."""

GOODBYES = frozenset({NORMAL, GOING_AWAY})
"""Codes of a browser that leaves on purpose; after any other one, the player may be back."""

MAX_REASON = 123
"""Bytes of a close frame's reason (RFC 6455, 5.5): 125 of a control frame, less the code."""


def fit(reason: str) -> str:
    """Cut a reason to what a close frame holds, at a character's end."""
    raw = reason.encode("utf-8", "replace")
    return raw[:MAX_REASON].decode("utf-8", "ignore")
