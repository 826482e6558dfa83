"""Ports for the processes of one machine.

The trap: a port that was free when asked for may be taken when its service opens it. The ports here are
held open until all are chosen, so that at least no two of our own get the same one.
"""

from __future__ import annotations

import contextlib
import errno
import socket

LOCALHOST = ("127.0.0.1", "::1")
"""What browsers take "localhost" for, the second one first."""
NO_SUCH_ADDRESS = (errno.EADDRNOTAVAIL, errno.EAFNOSUPPORT)


def is_free(port: int, host: str = "127.0.0.1") -> bool:
    """Whether we may listen on a TCP port right now; true as well where `host` is no address of ours."""
    try:
        with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind((host, port))
    except OSError as error:
        return error.errno in NO_SUCH_ADDRESS
    return True


def page_port(wanted: int, tries: int = 20) -> int:
    """`wanted`, or the next port behind it that is free on all of localhost, or any free one."""
    for port in range(wanted, wanted + tries):
        if all(is_free(port, host) for host in LOCALHOST):
            return port
    return free_ports(1)[0]


def free_ports(count: int, host: str = "127.0.0.1") -> list[int]:
    """`count` different TCP ports that were free a moment ago."""
    with contextlib.ExitStack() as stack:
        sockets = [stack.enter_context(socket.socket()) for _ in range(count)]
        for one in sockets:
            one.bind((host, 0))
        return [int(one.getsockname()[1]) for one in sockets]
