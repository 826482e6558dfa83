"""A running matchmaker, and players of it."""

from __future__ import annotations

import asyncio
import base64
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import httpx
import orjson

from pixelstream.apps.matchmaker.app import Matchmaker, serving
from pixelstream.net.dial import dial
from pixelstream.net.websocket import WebSocket
from pixelstream.settings.base import CONTROL_KEY_ENV, LEASE_KEYS_ENV, parse
from pixelstream.settings.matchmaker import MatchmakerSettings
from tests.support.sockets import DEADLINE, Recorder
from tests.support.streams import CONTROL_KEY, LEASE_KEYS, FakeStream, fake_streams

KEY_FILE = orjson.dumps(
    {"keys": [{"kid": "t", "k": base64.urlsafe_b64encode(LEASE_KEYS.by_kid["t"]).decode()}]}
).decode()
ADMIN = {"Authorization": f"Bearer {CONTROL_KEY}"}
KEYS = {CONTROL_KEY_ENV: CONTROL_KEY, LEASE_KEYS_ENV: KEY_FILE}


class House:
    """A matchmaker with its streams, and short words for what tests do with it."""

    def __init__(self, matchmaker: Matchmaker, streams: tuple[FakeStream, ...]) -> None:
        self.matchmaker = matchmaker
        self.streams = streams
        self.ws = f"ws://127.0.0.1:{matchmaker.listener.port}"
        self.http = httpx.AsyncClient(
            base_url=f"http://127.0.0.1:{matchmaker.listener.port}", timeout=DEADLINE, trust_env=False
        )
        self.players: list[Visitor] = []

    async def visit(self, query: str = "", **options: Any) -> Visitor:
        """Let a player come."""
        return await self.visit_url(f"{self.ws}/ws{query}", **options)

    async def visit_url(self, url: str, **options: Any) -> Visitor:
        """Let a player open the socket at `url`."""
        visitor = Visitor()
        visitor.ws = await dial(url, visitor, **options)
        self.players.append(visitor)
        return visitor

    async def get(self, path: str, status: int = 200) -> Any:
        answer = await self.http.get(path, headers=ADMIN)
        assert answer.status_code == status, answer.text
        return answer.json()

    async def until(self, path: str, condition: Callable[[Any], bool]) -> Any:
        """Read `path` until `condition` holds for it."""
        async with asyncio.timeout(DEADLINE):
            while not condition(found := await self.get(path)):  # noqa: ASYNC110 - HTTP can only be asked
                await asyncio.sleep(0.02)
        return found

    async def figures(self) -> dict[str, float]:
        """Read the metrics."""
        text = (await self.http.get("/metrics")).text
        pairs = (line.rsplit(" ", 1) for line in text.splitlines() if not line.startswith("#"))
        return {name: float(value) for name, value in pairs}

    async def until_drain(self) -> None:
        """Let a drain that was begun go as far as it can."""
        async with asyncio.timeout(DEADLINE):
            while not self.matchmaker.context.draining:  # noqa: ASYNC110 - one turn of the loop is enough
                await asyncio.sleep(0)

    async def until_figure(self, name: str, value: float) -> None:
        async with asyncio.timeout(DEADLINE):
            while (await self.figures()).get(name) != value:  # noqa: ASYNC110 - as above
                await asyncio.sleep(0.05)


class Visitor(Recorder):
    """A player's socket, with what it was told."""

    ws: WebSocket

    @property
    def told(self) -> list[dict[str, Any]]:
        return [orjson.loads(message) for message in self.messages]

    @property
    def notices(self) -> list[dict[str, Any]]:
        return [message for message in self.told if message.get("type") == "matchmaker"]

    @property
    def session(self) -> str:
        return str(self.notices[0]["session"])

    async def waiting(self, position: int | None = None) -> dict[str, Any]:
        """Wait until it is told that it waits, at `position` if one is given."""

        def fits(notice: dict[str, Any]) -> bool:
            return notice["queued"] is True and position in {None, notice["position"]}

        await self.until(lambda _: any(map(fits, self.notices)))
        return next(filter(fits, reversed(self.notices)))

    async def matched(self) -> dict[str, Any]:
        await self.until(lambda _: any(notice["matched"] for notice in self.notices))
        return next(notice for notice in self.notices if notice["matched"])

    async def seated(self) -> None:
        """Wait until its seat has spoken to it."""
        await self.until(lambda _: {"type": "config"} in self.told)

    async def ended(self) -> tuple[int, str]:
        await self.until(lambda _: bool(self.endings))
        return self.endings[0]


@asynccontextmanager
async def house(*streams: FakeStream, settings: str = "", link: bool = True) -> AsyncIterator[House]:
    """Run a matchmaker that knows `streams`; with `link`, their control links are open."""
    async with fake_streams(*streams):
        listed = [
            {"id": stream.name, "fleet": stream.fleet, "url": stream.url, "publicAddress": stream.url[5:]}
            for stream in streams
        ]
        known = f"streams: {orjson.dumps(listed).decode()}" if listed else ""
        text = f"listen: {{host: 127.0.0.1, port: 0}}\n{known}\n{settings}"
        async with serving(parse(MatchmakerSettings, text)) as matchmaker:
            found = House(matchmaker, streams)
            try:
                for stream in streams if link else ():
                    await stream.connect(found.ws)
                yield found
            finally:
                await found.http.aclose()
                for player in found.players:
                    player.ws.abort()
