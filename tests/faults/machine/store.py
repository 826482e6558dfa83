"""The shared store with a stand-in and a Sentinel, which makes the stand-in the primary when that is gone.

The trap: a server that is started again must know whether it is the primary now, or it stands beside
the real one with an empty store until the Sentinel corrects it; so the Sentinel is asked first. None of
them keeps anything on disk: what is lost on the way is lost.
"""

from __future__ import annotations

import asyncio
import shutil
from pathlib import Path
from typing import Any

from valkey.asyncio import Valkey
from valkey.exceptions import ValkeyError

from tests.faults.fault import Unexpected
from tests.faults.machine.front import HOST
from tests.faults.machine.processes import Processes, Replica

NAME = "primary"
POLL = 0.05
PATIENCE = 30.0
SENTINEL = """port {port}
bind {host}
dir {folder}
sentinel monitor {name} {host} {primary} 1
sentinel down-after-milliseconds {name} 2000
sentinel failover-timeout {name} 5000
sentinel parallel-syncs {name} 1
"""


class Store:
    """Two servers and a Sentinel."""

    def __init__(self, folder: Path, processes: Processes, ports: list[int]) -> None:
        self._folder, self._processes = folder, processes
        self._program = shutil.which("valkey-server") or shutil.which("redis-server") or "valkey-server"
        self.servers = [Replica(f"store-{n + 1}", (), port) for n, port in enumerate(ports[:2])]
        self.sentinel = Replica("sentinel", (), ports[2])
        self.url = f"valkey+sentinel://{HOST}:{ports[2]}/{NAME}"

    async def open(self) -> None:
        """Start all three."""
        await self._serve(self.servers[0], None)
        await self._serve(self.servers[1], self.servers[0])
        file = self._folder / "sentinel.conf"
        values = {"port": self.sentinel.port, "host": HOST, "folder": self._folder, "name": NAME}
        file.write_text(SENTINEL.format(primary=self.servers[0].port, **values), encoding="utf-8")
        self.sentinel.argv = (self._program, str(file), "--sentinel")
        await self._processes.start(self.sentinel)
        await self._answers(self.sentinel)
        await self.whole()

    async def primary(self) -> Replica:
        """The server that writes go to, as the Sentinel sees it."""
        _, port = await self._ask(self.sentinel, "SENTINEL", "GET-MASTER-ADDR-BY-NAME", NAME)
        return next(server for server in self.servers if server.port == int(port))

    async def kill(self, *servers: Replica) -> None:
        """End servers at once."""
        for server in servers:
            await self._processes.kill(server)

    async def start(self) -> None:
        """Start those that don't run, as what the Sentinel takes them for."""
        primary = await self.primary()
        for server in sorted(self.servers, key=lambda one: one is not primary):
            if not server.running:
                await self._serve(server, None if server is primary else primary)

    async def whole(self) -> None:
        """Wait until the stand-in could take over."""
        await self.start()
        await self._until(self._has_a_stand_in, "the store has no stand-in")

    async def moved(self, away_from: Replica) -> None:
        """Wait until another server is the primary."""

        async def moved() -> bool:
            primary = await self.primary()
            return primary is not away_from and (await self._role(primary))[0] == "master"

        await self._until(moved, "the Sentinel made no other server the primary")

    async def _has_a_stand_in(self) -> bool:
        primary = await self.primary()
        role = await self._role(primary)
        known = await self._ask(self.sentinel, "SENTINEL", "REPLICAS", NAME)
        good = [one for one in known if "down" not in _field(one, "flags")]
        return bool(role[0] == "master" and role[2] and good)

    async def _role(self, server: Replica) -> list[Any]:
        found: list[Any] = await self._ask(server, "ROLE")
        return found

    async def _serve(self, server: Replica, primary: Replica | None) -> None:
        more = ("--replicaof", HOST, str(primary.port)) if primary else ()
        quick = ("--repl-diskless-sync-delay", "0", "--repl-ping-replica-period", "1")
        kept = ("--save", "", "--appendonly", "no", "--dir", str(self._folder))
        where = ("--port", str(server.port), "--bind", HOST)
        server.argv = (self._program, *where, *kept, *quick, *more)
        await self._processes.start(server)
        await self._answers(server)

    async def _answers(self, server: Replica) -> None:
        async def answers() -> bool:
            return bool(await self._ask(server, "PING"))

        await self._until(answers, f"{server.name} does not answer")

    async def _until(self, true: Any, otherwise: str) -> None:
        try:
            async with asyncio.timeout(PATIENCE):
                while not await _quietly(true):  # noqa: ASYNC110 - servers can only be asked
                    await asyncio.sleep(POLL)
        except TimeoutError:
            raise Unexpected(otherwise) from None

    @staticmethod
    async def _ask(server: Replica, *words: str) -> Any:
        client: Any = Valkey(host=HOST, port=server.port, decode_responses=True, socket_timeout=2.0)
        try:
            return await client.execute_command(*words)
        finally:
            await client.aclose()


async def _quietly(true: Any) -> bool:
    try:
        return bool(await true())
    except (ValkeyError, OSError, TimeoutError):
        return False


def _field(one: Any, name: str) -> str:
    if isinstance(one, dict):
        return str(one.get(name, ""))
    return str(dict(zip(one[::2], one[1::2], strict=True)).get(name, ""))
