"""One maker at a time: file locks between processes that share the cache.

Trap: the lock is held by an open file, so a killed holder frees it; the file itself stays.
"""

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager

from tests.cluster.node.paths import LOCKS


@contextmanager
def lock(name: str) -> Iterator[None]:
    """Hold the lock of that name; waits for another process that builds the same thing."""
    LOCKS.mkdir(parents=True, exist_ok=True)
    with (LOCKS / name).open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield
