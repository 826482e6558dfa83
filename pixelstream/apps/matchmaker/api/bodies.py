"""A bound for what a request may carry.

The trap: FastAPI reads a body whole before any route of ours is asked, so the bound stands in its way, not
in a route; and it counts what comes, since a length need not be told.
"""

from __future__ import annotations

from fastapi import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

MAX_BODY = 64 * 1024
"""Bytes; a request for a session has a few hundred."""


class BoundedBodies:
    """ASGI middleware that answers 413 to a request whose body is longer than `MAX_BODY`."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on."""
        left = MAX_BODY

        async def bounded() -> Message:
            nonlocal left
            message = await receive()
            left -= len(message.get("body", b""))
            if left < 0:
                raise HTTPException(413, f"a body may have {MAX_BODY} bytes")
            return message

        await self._app(scope, bounded, send)
