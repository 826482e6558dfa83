"""Ports for the processes of one machine.

The trap: a port that was free when asked for may be taken when its service opens it. The ports here are
held open until all are chosen, so that at least no two of our own get the same one.
"""

from __future__ import annotations

import contextlib
import socket


def is_free(port: int, host: str = "127.0.0.1") -> bool:
    """Whether a TCP port can be listened on right now."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError:
            return False
    return True


def page_port(wanted: int, tries: int = 20) -> int:
    """`wanted`, or the next free port behind it, or any free one."""
    return next((port for port in range(wanted, wanted + tries) if is_free(port)), 0) or free_ports(1)[0]


def free_ports(count: int, host: str = "127.0.0.1") -> list[int]:
    """`count` different TCP ports that were free a moment ago."""
    with contextlib.ExitStack() as stack:
        sockets = [stack.enter_context(socket.socket()) for _ in range(count)]
        for one in sockets:
            one.bind((host, 0))
        return [int(one.getsockname()[1]) for one in sockets]
