"""The transcripts of each engine's profile, played over real sockets.

The pure relay is held to the same files in `tests/relay`; here the order on the wire, the close codes
and the subprotocols pass through everything that lies between.
"""

from __future__ import annotations

from pathlib import Path

import orjson
import pytest

from tests.support.http import fake_server
from tests.support.signalling import Peer, Server, signalserver
from tests.support.transcript import same

TRANSCRIPTS = sorted((Path(__file__).parents[2] / "data" / "transcripts").glob("*.txt"))
CONFIG = b'{"iceServers":[{"urls":["stun:192.0.2.1:3478"]}]}'


class Play:
    """One transcript on one server."""

    def __init__(self, server: Server) -> None:
        self.server = server
        self.actors: dict[str, Peer] = {}
        self.players: set[str] = set()
        self.ended: set[str] = set()

    async def line(self, line: str) -> None:
        words = line.split()
        rest = line.split(maxsplit=2)[2] if len(words) > 2 else ""
        if words[0] in {"streamer", "player", "sfu"}:
            await self.enter(words[0], words[1], words[3:])
        elif words[0] == "wait":
            relay, clock = self.server.relay, self.server.running.context.clock
            await self.barrier()
            relay.tick(clock() + float(words[1]))
        elif words[1] == "says":
            await self.actors[words[0]].sends(rest)
        elif words[1] == "hears":
            heard = await self.actors[words[0]].hears()
            assert same(orjson.loads(rest), heard), f"heard {heard}"
        elif words[1] == "closed":
            self.ended.add(words[0])
            assert await self.actors[words[0]].closed() == (int(words[2]), " ".join(words[3:]))
        else:
            await self.leave(words[0], int(words[2]))

    async def enter(self, role: str, name: str, words: list[str]) -> None:
        given = dict(word.split("=", 1) for word in words)
        offered = tuple(filter(None, given.get("subprotocols", "").split(",")))
        self.actors[name] = await self.server.open(
            role, f"/any/path?{given.get('query', '')}", subprotocols=offered
        )
        assert self.actors[name].connection.subprotocol == (offered[0] if offered else None)
        if role == "player":
            self.players.add(name)

    async def leave(self, name: str, code: int) -> None:
        self.ended.add(name)
        everybody = self.server.running.context.relay.registry
        before = len(everybody.streamers) + len(everybody.players)
        await (self.actors[name].breaks() if code == 1006 else self.actors[name].leaves(code))
        await self.server.until(lambda: len(everybody.streamers) + len(everybody.players) < before)

    async def barrier(self) -> None:
        """Everything said so far has been dealt with, and nobody heard more than was told."""
        for name in self.players - self.ended:
            await self.actors[name].quiet()


def options(lines: list[str]) -> str:
    given = next((line.split()[1:] for line in lines if line.startswith("options ")), [])
    chosen = dict(word.split("=", 1) for word in given)
    assert set(chosen) <= {"profile"}, "this player of transcripts knows no other option"
    return f"engine: '{chosen.get('profile', 'auto')}'"


def read(path: Path) -> list[str]:
    return [line for line in path.read_text().splitlines() if line.strip() and not line.startswith("#")]


@pytest.mark.parametrize("path", TRANSCRIPTS, ids=lambda path: path.stem)
async def test_the_wire_goes_as_written(path: Path) -> None:
    lines = read(path)
    async with fake_server(CONFIG) as turn_api:
        settings = f"stream: {{seats: 10}}\nice: {{turnApi: '{turn_api.url}'}}"
        async with signalserver(settings, streamers=options(lines)) as server:
            play = Play(server)
            for line in lines:
                if not line.startswith("options "):
                    try:
                        await play.line(line)
                    except (AssertionError, TimeoutError) as error:
                        raise AssertionError(f"{path.name}: {line}: {error!r}") from error
            await play.barrier()
