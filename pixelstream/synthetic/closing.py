"""How to end an aiortc connection for good, at whatever moment.

The trap: a connection closed while it is being made goes on in a task that nobody holds. That task may
start senders and timers after they were stopped, which then run for ever, or fail with an exception that
nobody fetches. So what can be stopped is stopped twice, and that one exception is not shouted about.
"""

import asyncio
from typing import Any, Final

import structlog
from aiortc import RTCPeerConnection
from aiortc.exceptions import InvalidStateError

CLOSE_PATIENCE: Final = 5.0
"""Seconds that closing may take."""

SETTLE_SECONDS: Final = 0.2
"""Time for what was under way to fail; it takes a few turns of the loop."""

_CONNECTING: Final = "RTCPeerConnection.__connect"
_LOG = structlog.get_logger()


async def close_for_good(connection: RTCPeerConnection) -> None:
    """Close a connection and all that it may still start; returns in any case, with a warning at worst."""
    try:
        async with asyncio.timeout(CLOSE_PATIENCE):
            await connection.close()
            await asyncio.sleep(SETTLE_SECONDS)
            for transceiver in connection.getTransceivers():
                await transceiver.stop()
                await transceiver.sender.transport.transport._connection.close()  # noqa: SLF001 - its checks
            if connection.sctp is not None:
                await connection.sctp.stop()
    except TimeoutError:
        _LOG.warning("a peer connection does not close")


def hush(loop: asyncio.AbstractEventLoop) -> None:
    """Let the loop pass over exceptions of connections closed in the making, unless it has a handler."""
    if loop.get_exception_handler() is None:
        loop.set_exception_handler(_pass_over)


def _pass_over(loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
    coroutine = getattr(context.get("future"), "get_coro", lambda: None)()
    expected = isinstance(context.get("exception"), (InvalidStateError, ConnectionError))
    if expected and getattr(coroutine, "__qualname__", "") == _CONNECTING:
        _LOG.debug("connection closed in the making", error=str(context["exception"]))
    else:
        loop.default_exception_handler(context)
