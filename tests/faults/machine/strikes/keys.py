"""The keys of leases rotated as an operator does it: the new one verifies, then signs, then the old one goes.

The trap: a session whose lease was signed with the old key must have been given a new lease before that
key goes; leases are renewed at half their life, which is short on this ground, and no sooner.
"""

from __future__ import annotations

import asyncio
import base64
import json
import secrets
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import httpx

from tests.faults.fault import Fault, Unexpected
from tests.faults.machine.ground import Machine
from tests.faults.machine.parts import LEASE
from tests.faults.machine.processes import Replica

FOLLOWED = 20.0
"""Seconds that services may take to follow a file, and more."""
RENEWED = LEASE + 15.0
POLL = 0.2
GAUGE = "pixelstream_lease_keys "


async def rotate(ground: Machine) -> None:
    """Let a new key verify, then sign; who has an old lease comes back with it, who is new gets a new one."""
    file = Path(ground.keys.file("lease-keys"))
    if len(_read(file)) > 1:
        await _drop_old(ground)
    old = _read(file)
    new = {"kid": secrets.token_hex(4), "k": base64.urlsafe_b64encode(secrets.token_bytes(32)).decode()}
    await _follow(ground, [*old, new])
    await _follow(ground, [new, *old])
    ground.cut_some()
    for _ in range(3):
        await ground.visit()


async def retire(ground: Machine) -> None:
    """Take away the old key once every session has a lease of the new one; then all come back."""
    file = Path(ground.keys.file("lease-keys"))
    if len(_read(file)) < 2:
        await rotate(ground)
    await _drop_old(ground)
    for player in ground.players:
        player.cut()
    await ground.visit()


async def _drop_old(ground: Machine) -> None:
    newest = _read(Path(ground.keys.file("lease-keys")))[0]
    await _until(lambda: _all_have(ground, newest["kid"]), RENEWED, "not all leases were renewed")
    await _follow(ground, [newest])


async def _follow(ground: Machine, keys: list[dict[str, str]]) -> None:
    """Write the file as the kubelet does, in one move, and wait until every service has read it."""
    file = Path(ground.keys.file("lease-keys"))
    fresh = file.with_suffix(".new")
    fresh.touch(mode=0o600)
    fresh.write_text(json.dumps({"keys": keys}), encoding="utf-8")
    before = {one.name: _taken_over(ground, one) for one in _who_verify(ground)}
    fresh.replace(file)

    async def all_have() -> bool:
        return all(_taken_over(ground, one) > before[one.name] for one in _who_verify(ground))

    await _until(all_have, FOLLOWED, "not all services followed the keys")
    for replica in _who_verify(ground):
        if await _known(replica) != len(keys):
            raise Unexpected(f"{replica.name} does not say that it has {len(keys)} keys")


def _who_verify(ground: Machine) -> list[Replica]:
    kinds = ("matchmaker", "edge", "gate")
    return [*(one for kind in kinds for one in ground.replicas[kind]), *ground.streams.values()]


def _taken_over(ground: Machine, replica: Replica) -> int:
    log = ground.processes.log_of(replica).read_bytes()
    return sum(b"key file taken over" in line and b"lease-keys" in line for line in log.splitlines())


async def _known(replica: Replica) -> int:
    async with httpx.AsyncClient(trust_env=False) as http:
        text = (await http.get(f"http://127.0.0.1:{replica.port}/metrics")).text
    return int(float(next(line for line in text.splitlines() if line.startswith(GAUGE)).split()[1]))


async def _all_have(ground: Machine, kid: str) -> bool:
    return all([await session.key_of_lease() == kid for session in ground.sessions])


async def _until(true: Callable[[], Awaitable[bool]], within: float, otherwise: str) -> None:
    try:
        async with asyncio.timeout(within):
            while not await true():  # noqa: ASYNC110 - services can only be asked
                await asyncio.sleep(POLL)
    except TimeoutError:
        raise Unexpected(f"{otherwise} within {within:.0f} s") from None


def _read(file: Path) -> list[dict[str, str]]:
    found: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
    return list(found["keys"])


ROTATED: tuple[Fault[Machine], ...] = (Fault("keys-rotated", "rotation of the signing key", rotate, short=1),)
RETIRED: tuple[Fault[Machine], ...] = (
    Fault("key-retired", "the old signing key taken away", retire, short=1),
)
