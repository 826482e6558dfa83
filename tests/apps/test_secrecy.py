"""After a visit, and after each way of being turned away, no service's log has a lease or a key in it."""

from __future__ import annotations

import base64
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import orjson
import yaml
from websockets.asyncio.client import connect
from websockets.exceptions import InvalidStatus

from pixelstream.auth.keys import LeaseKeys
from pixelstream.auth.lease import Lease, sign
from pixelstream.cli.stack.plan import Options
from pixelstream.cli.stack.ports import free_ports
from pixelstream.cli.stack.run import Stack, running
from tests.apps.test_edge import altered
from tests.apps.test_rotation import Scene
from tests.support.edge import key_text
from tests.support.signalling import Peer

SOME = 16
"""Characters of a secret that must not stand anywhere; less than any of them has."""


def leases(text: str) -> Iterator[tuple[str, str]]:
    """One lease for each way in which it may be wrong."""
    keys, now = LeaseKeys.parse(text), int(time.time())

    def made(keys: LeaseKeys = keys, **changes: Any) -> str:
        claims = {"session": "x-1", "fleet": "default", "stream": "stream-1", "fence": 1}
        return sign(Lease(**{**claims, "issued": now, "expires": now + 60, **changes}), keys)

    yield "malformed", "e30." + made().partition(".")[2]
    yield "unknown_key", made(LeaseKeys.parse(key_text("other")))
    yield "forged", altered(made())
    yield "expired", made(expires=now - 1)
    yield "foreign", made(fleet="other")
    yield "outrun", made(fence=0)


async def told(url: str) -> str:
    """What a player hears who is turned away, by HTTP or by a close frame."""
    try:
        async with connect(url, compression=None) as connection:
            return (await Peer(connection).closed())[1]
    except InvalidStatus as refused:
        return (refused.response.body or b"").decode()


async def turned_away(scene: Scene, code: str, token: str) -> None:
    """Show a lease that is no good to everyone who reads leases, and hold them to their words."""
    seat = service_url(scene.stack, "stream-1", "ws")
    assert f"lease {code}" in await told(f"{seat}/s/{token}/ws")
    words = await told(f"{scene.page}/s/{token}/ws?renew=1")
    assert f"lease {code}" in words
    async with connect(f"{scene.page}/ws?lease={token}", compression=None) as waiting:
        await Peer(waiting).hears()
    api = await scene.http.get(f"{scene.page.replace('ws', 'http', 1)}/s/{token}/api/level")
    assert f"lease {code}" in api.json()["detail"]
    turn_api = service_url(scene.stack, "turn-api", "http")
    answer = await scene.http.get(f"{turn_api}/", headers={"Authorization": f"Bearer {token}"})
    if code in {"foreign", "outrun"}:  # the seat's matter alone: turn-api serves every stream
        assert answer.status_code == httpx.codes.OK
    else:
        assert answer.json()["detail"].startswith(f"lease {code}: ")


def service_url(stack: Stack, name: str, scheme: str) -> str:
    ready = stack.plan.services[name].ready or ""
    return scheme + ready.rpartition("/")[0].removeprefix("http")


def parts(token: str) -> set[str]:
    """What of a lease must not be seen: any third of it that is long enough to be told."""
    return {part[:SOME] for part in token.split(".")[1:] if len(part) >= SOME} | {token[-SOME:]}


async def test_no_log_has_a_lease_or_a_key_in_it() -> None:
    options = Options(
        streams=1, port=free_ports(1)[0], mode="clips", width=320, height=180, log_level="debug"
    )
    secret: set[str] = set()
    async with running(options, lambda _: None) as stack:
        scene = Scene(stack)
        path = await scene.matched()
        secret |= parts(path.split("/")[2])
        async with scene.seated(path) as player:
            await player.hears("config")
            await scene.http.get(f"{scene.page.replace('ws', 'http', 1)}{path.removesuffix('ws')}api/level")
            for code, token in leases(scene.leases.read_text()):
                # One that is outrun is of the session that has the seat.
                session = token if code != "outrun" else older(path, scene.leases.read_text())
                secret |= parts(session)
                await turned_away(scene, code, session)
            await player.leaves()
        secret |= keys_of(stack)
        await scene.http.aclose()
        logs = {file.name: file.read_text() for file in sorted(stack.supervisor.logs.iterdir())}
    assert {"edge.log", "matchmaker.log", "turn-api.log", "stream-1.log"} <= logs.keys()
    for name, text in logs.items():
        assert text, f"{name} is empty"
        assert [one for one in secret if one in text] == [], name


def older(path: str, text: str) -> str:
    """A lease of the session that `path` is of, with a fence that the seat has left behind."""
    claims = orjson.loads(decoded(path.split("/")[2].split(".")[1]))
    now = int(time.time())
    lease = Lease(claims["sub"], claims["fleet"], claims["stream"], claims["fence"] - 1, now, now + 60)
    return sign(lease, LeaseKeys.parse(text))


def decoded(part: str) -> bytes:
    return base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))


def keys_of(stack: Stack) -> set[str]:
    """The beginnings of all keys of a stack."""
    settings = yaml.safe_load(Path(stack.plan.services["turn-api"].argv[-1]).read_text())
    key = orjson.loads(Path(settings["leaseKeysFile"]).read_text())["keys"][0]["k"]
    texts = [Path(settings[name]).read_text() for name in ("controlKeyFile", "turnSecretFile")]
    return {text.strip()[:SOME] for text in (*texts, key)}
