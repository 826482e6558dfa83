"""toxiproxy: TCP proxies that delay, hold back, cut and swallow on demand.

The trap: a toxic works on one direction; `timeout` without a time swallows bytes as long as it is there
and cuts the connections when it is taken away, as a wire that is dead both ways does.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx

from tests.faults.machine.processes import Replica

WAYS = ("upstream", "downstream")


class Toxics:
    """Speaks to one toxiproxy."""

    def __init__(self, replica: Replica) -> None:
        self.replica = replica
        base = f"http://127.0.0.1:{replica.port}"
        self._http = httpx.AsyncClient(base_url=base, timeout=10.0, trust_env=False)

    async def close(self) -> None:
        """Let go of the connection."""
        await self._http.aclose()

    async def proxy(self, name: str, port: int, to: int) -> None:
        """Make a proxy."""
        wanted = {"name": name, "listen": f"127.0.0.1:{port}", "upstream": f"127.0.0.1:{to}"}
        await self._call("POST", "/proxies", wanted)

    async def enable(self, name: str, *, enabled: bool) -> None:
        """Open or shut a proxy; to shut it cuts its connections."""
        await self._call("POST", f"/proxies/{name}", {"enabled": enabled})

    @asynccontextmanager
    async def poison(self, kind: str, *names: str, **attributes: int) -> AsyncIterator[None]:
        """Have a toxic in these proxies, in both directions, while the block runs."""
        made: list[str] = []
        try:
            for name in names:
                for way in WAYS:
                    body = {"name": f"{kind}-{way}", "type": kind, "stream": way, "attributes": attributes}
                    await self._call("POST", f"/proxies/{name}/toxics", body)
                    made.append(f"/proxies/{name}/toxics/{kind}-{way}")
            yield
        finally:
            for path in made:
                await self._call("DELETE", path, None)

    async def _call(self, method: str, path: str, body: dict[str, Any] | None) -> None:
        (await self._http.request(method, path, json=body)).raise_for_status()
