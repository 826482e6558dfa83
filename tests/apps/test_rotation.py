"""Keys are replaced step by step under processes that run, while players hold sessions: nobody loses one."""

from __future__ import annotations

import asyncio
import base64
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import orjson
import pytest
import pytest_asyncio
import yaml
from websockets.asyncio.client import connect
from websockets.exceptions import InvalidStatus

from pixelstream.auth import rotation
from pixelstream.cli.stack.plan import Options
from pixelstream.cli.stack.ports import free_ports
from pixelstream.cli.stack.run import Stack, running
from tests.support.signalling import Peer

pytestmark = pytest.mark.asyncio(loop_scope="module")

DEADLINE = 30.0
HOLDERS = ("edge", "matchmaker", "turn-api", "stream-1", "stream-2")
"""Services that know the keys of leases."""


class Scene:
    """A stack of real processes, its key files, and the way in for players."""

    def __init__(self, stack: Stack) -> None:
        self.stack = stack
        self.http = httpx.AsyncClient(trust_env=False)
        service = stack.plan.services["stream-1"]
        settings = yaml.safe_load(Path(service.argv[-1]).read_text())
        self.leases = Path(settings["leaseKeysFile"])
        self.control = Path(settings["controlKeyFile"])

    @property
    def page(self) -> str:
        return self.stack.plan.page.replace("http", "ws", 1).rstrip("/").replace("localhost", "127.0.0.1")

    def step(self, file: Path, change: Callable[[rotation.Ring], rotation.Ring]) -> rotation.Ring:
        """Change a key file as an operator does, all at once."""
        ring = change(rotation.read(file.read_text(), str(file)))
        fresh = file.with_suffix(".new")
        fresh.write_text(ring.text)
        fresh.rename(file)
        return ring

    async def metric(self, service: str, series: str) -> float:
        ready = self.stack.plan.services[service].ready or ""
        text = (await self.http.get(ready.rpartition("/")[0] + "/metrics")).text
        return float(next(line for line in text.splitlines() if line.startswith(f"{series} ")).split()[1])

    async def known(self, number: int) -> None:
        """Wait until every service knows so many keys of leases."""
        for service in HOLDERS:
            await until(self._knows(service, number))

    def _knows(self, service: str, number: int) -> Callable[[], Awaitable[bool]]:
        async def knows() -> bool:
            return await self.metric(service, "pixelstream_lease_keys") == number

        return knows

    async def taken_over(self, file: Path, times: int) -> None:
        """Wait until every service that has the file has said so, often enough."""
        for service in ("matchmaker", "turn-api", "stream-1", "stream-2"):
            await self.logged(service, lambda log: taken(log, file) >= times)

    async def logged(self, service: str, says: Callable[[bytes], bool]) -> None:
        """Wait until the log of a service says something."""
        log = self.stack.supervisor.log_of(self.stack.plan.services[service])

        async def said() -> bool:
            return says(await asyncio.to_thread(log.read_bytes))

        await until(said)

    async def matched(self) -> str:
        """Wait for a seat as our page does, and return its path."""
        async with asyncio.timeout(DEADLINE), connect(f"{self.page}/ws?handoff=1") as ws:
            async for text in ws:
                notice = orjson.loads(text)
                if notice.get("matched"):
                    return f"/{notice['url']}"
        raise AssertionError("the waiting room hung up")

    @asynccontextmanager
    async def seated(self, path: str) -> AsyncIterator[Peer]:
        async with connect(f"{self.page}{path}?renew=1", compression=None) as connection:
            yield Peer(connection)

    async def refused(self, path: str) -> tuple[int, str]:
        with pytest.raises(InvalidStatus) as told:
            async with self.seated(path):
                pass
        return told.value.response.status_code, (told.value.response.body or b"").decode()


async def until(holds: Callable[[], Awaitable[bool]]) -> None:
    async with asyncio.timeout(DEADLINE):
        while not await holds():  # noqa: ASYNC110 - another process has no event of ours
            await asyncio.sleep(0.05)


def taken(log: bytes, file: Path) -> int:
    entries = [orjson.loads(line) for line in log.splitlines() if line.startswith(b"{")]
    return sum(one["event"] == "key file taken over" and one["file"] == str(file) for one in entries)


def kid(path: str) -> str:
    head = path.split("/")[2].split(".", 1)[0]
    return str(orjson.loads(base64.urlsafe_b64decode(head + "=" * (-len(head) % 4)))["kid"])


@pytest_asyncio.fixture(loop_scope="module")
async def scene() -> AsyncIterator[Scene]:
    options = Options(streams=2, port=free_ports(1)[0], mode="clips", width=320, height=180)
    async with running(options, lambda _: None) as stack:
        scene = Scene(stack)
        yield scene
        await scene.http.aclose()


def has_relay(config: dict[str, Any]) -> bool:
    servers = config["peerConnectionOptions"]["iceServers"]
    return any("username" in server for server in servers)


async def comes_back(scene: Scene, peer: Peer, path: str) -> None:
    """Let a player break off and rejoin: it is still the first player of its stream."""
    await peer.breaks()
    async with scene.seated(path) as again:
        await again.hears("config")
        await again.quiet()
        await again.breaks()


async def test_keys_of_leases_are_replaced_under_players(scene: Scene) -> None:
    path = await scene.matched()
    async with scene.seated(path) as stays:
        await stays.hears("config")
        scene.step(scene.leases, lambda ring: rotation.add(ring, "keys", new_id="new"))
        await scene.known(2)
        # Told with the keys of the moment: the first still signs.
        assert kid(path) == kid(f"/s/{(await stays.hears('lease'))['lease']}/ws") == "local"

        scene.step(scene.leases, lambda ring: rotation.promote(ring, "new", "keys"))
        renewed = f"/s/{(await stays.hears('lease'))['lease']}/ws"
        assert kid(renewed) == "new"
        await scene.taken_over(scene.leases, 2)
        other = await scene.matched()
        assert kid(other) == "new"
        async with scene.seated(other) as second:
            await second.hears("config")
            await comes_back(scene, second, other)

            scene.step(scene.leases, lambda ring: rotation.retire(ring, "local", "keys"))
            await scene.known(1)
            await stays.hears("lease")
            await stays.quiet()
            status, words = await scene.refused(path)
            assert status == 403
            assert "lease unknown_key" in words
            await comes_back(scene, stays, renewed)


async def test_the_control_key_is_replaced_under_links_and_players(scene: Scene) -> None:
    old = scene.control.read_text()
    path = await scene.matched()
    async with scene.seated(path) as stays:
        assert has_relay(await stays.hears("config"))
        ring = scene.step(scene.control, lambda ring: rotation.add(ring, "key"))
        await scene.taken_over(scene.control, 1)
        ring = scene.step(scene.control, lambda _: rotation.promote(ring, ring.ids[1], "key"))
        await scene.taken_over(scene.control, 2)
        ring = scene.step(scene.control, lambda _: rotation.retire(ring, ring.ids[1], "key"))
        await scene.taken_over(scene.control, 3)
        await stays.quiet()
        # The matchmaker and turn-api know the new key alone now, and every stream says it.
        other = await scene.matched()
        async with scene.seated(other) as second:
            assert has_relay(await second.hears("config"))
            await second.leaves()
        url = scene.stack.plan.matchmaker + "/api/v1/streams"
        answers = [
            (await scene.http.get(url, headers={"Authorization": f"Bearer {key}"})).status_code
            for key in (old.strip(), ring.text)
        ]
        assert answers == [401, 200]
        await comes_back(scene, stays, path)


async def test_a_broken_file_costs_nobody_anything(scene: Scene) -> None:
    path = await scene.matched()
    async with scene.seated(path) as stays:
        await stays.hears("config")
        good = scene.leases.read_text()
        scene.leases.write_text(good[:-9])
        await scene.logged("edge", lambda log: b"key file not usable" in log)
        await comes_back(scene, stays, path)
        scene.leases.write_text(good)
