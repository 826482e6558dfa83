"""kubectl, asked for JSON and for a way to a Service.

kubectl rather than a client library: it knows every way of signing in that a kubeconfig can name. The
trap: a port-forward prints its port only once it listens, and goes on until it is ended.
"""

from __future__ import annotations

import asyncio
import base64
import contextlib
import json
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from pixelstream.cli.cluster.place import ClusterError, Place, program

DEADLINE = 30.0
"""Seconds that one command has."""
FORWARDING = re.compile(rb"Forwarding from 127\.0\.0\.1:(\d+)")


class Kubectl:
    """kubectl of one place."""

    def __init__(self, place: Place) -> None:
        self._start = [program("kubectl"), "--namespace", place.namespace]
        if place.kubeconfig is not None:
            self._start += ["--kubeconfig", str(place.kubeconfig)]
        if place.context:
            self._start += ["--context", place.context]

    async def __call__(self, *words: str) -> str:
        """Run kubectl; returns what it prints.

        Raises:
            ClusterError: it failed, or said nothing within `DEADLINE`.
        """
        process = await self._spawn(*words)
        try:
            async with asyncio.timeout(DEADLINE):
                out, err = await process.communicate()
        except TimeoutError:
            raise ClusterError(f"kubectl {words[0]}: no answer within {DEADLINE:.0f} s") from None
        finally:
            await _end(process)
        if process.returncode:
            raise ClusterError(f"kubectl {words[0]}: {err.decode(errors='replace').strip()}")
        return out.decode(errors="replace")

    async def items(self, kinds: str, *words: str) -> list[dict[str, Any]]:
        """Objects of one or more kinds (`pods,services`).

        Raises:
            ClusterError: they can't be read.
        """
        found: list[dict[str, Any]] = json.loads(await self("get", kinds, *words, "--output=json"))["items"]
        return found

    async def secret(self, name: str, key: str) -> str:
        """One key of a Secret.

        Raises:
            ClusterError: there is no such Secret, or it lacks that key.
        """
        data = json.loads(await self("get", "secret", name, "--output=json")).get("data") or {}
        if key not in data:
            raise ClusterError(f"the Secret {name} lacks {key}")
        return base64.b64decode(data[key]).decode().strip()

    @asynccontextmanager
    async def forward(self, target: str, port: int) -> AsyncIterator[int]:
        """A port of this machine that leads to a port of a Service or pod (`service/x`).

        Raises:
            ClusterError: it does not listen within `DEADLINE`.
        """
        process = await self._spawn("port-forward", "--address=127.0.0.1", target, f":{port}")
        try:
            yield await _listening(process, target)
        finally:
            await _end(process)

    async def _spawn(self, *words: str) -> asyncio.subprocess.Process:
        pipe = asyncio.subprocess.PIPE
        return await asyncio.create_subprocess_exec(*self._start, *words, stdout=pipe, stderr=pipe)


async def _listening(process: asyncio.subprocess.Process, target: str) -> int:
    out, err = process.stdout, process.stderr
    if out is None or err is None:
        raise ClusterError(f"no way to {target}: kubectl was started without pipes")
    try:
        async with asyncio.timeout(DEADLINE):
            async for line in out:
                if found := FORWARDING.search(line):
                    return int(found[1])
            words = (await err.read()).decode(errors="replace").strip()
    except TimeoutError:
        words = f"no answer within {DEADLINE:.0f} s"
    raise ClusterError(f"no way to {target}: {words}")


async def _end(process: asyncio.subprocess.Process) -> None:
    if process.returncode is None:
        with contextlib.suppress(ProcessLookupError):
            process.kill()
        await process.wait()
