"""The turn chart's script around a real coturn: told to end, it stays as long as somebody is relayed."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from pixelstream.apps.coturn import CoturnPlan, render, with_ports
from pixelstream.net.stun import binding
from pixelstream.turn.credentials import issue
from tests.charts.helm import objects, of_kind, template
from tests.support.turn import Allocation

DEADLINE = 30.0
NEWER = """#!/bin/sh
# A coturn that can drain: it tells so, and turns the signal into what it would do at its last allocation.
if [ "$1" = --help ]; then echo "    --drain-min-allocations=<number>"; exit; fi
echo "$@" > FOLDER/arguments
trap 'echo drained > FOLDER/drained; exit 0' USR1
while :; do sleep 0.1; done
"""


OLDER = f"""#!{sys.executable}
import signal, socket, sys
if sys.argv[1] != "--help":
    one = socket.socket(type=socket.SOCK_DGRAM)
    for port in range(49152, 65536):
        try:
            one.bind(("127.0.0.1", port))
        except OSError:
            continue
        break
    print("one port", flush=True)
    signal.pause()
"""


def program(folder: Path, text: str) -> Path:
    """Return a folder with a `turnserver` that is to go before the system's."""
    programs = folder / "bin"
    programs.mkdir()
    file = programs / "turnserver"
    file.write_text(text.replace("FOLDER", str(folder)))
    file.chmod(0o755)
    return programs


def script(folder: Path, **drain: Any) -> Path:
    """Write the chart's script with its files in `folder`."""
    values = {"turn": {"drain": {"settle": 0, **drain}}}
    (config,) = [
        it
        for it in of_kind(objects(template(values=values)), "ConfigMap")
        if it["metadata"]["name"] == "px-turn"
    ]
    file = folder / "run.sh"
    file.write_text(config["data"]["run.sh"].replace("/run/turn", str(folder)))
    return file


class Running:
    """The script's process and its relay."""

    def __init__(self, process: asyncio.subprocess.Process, plan: CoturnPlan) -> None:
        self.process = process
        self.plan = plan

    def allocation(self, caller: str) -> Allocation:
        made = issue(b"north", caller, now=time.time(), lifetime=600)
        url = f"turn:{self.plan.host}:{self.plan.port}?transport=udp"
        return Allocation(url, made.username, made.credential)

    async def says(self, words: str) -> str:
        """Read its log up to a line that has some words."""
        assert self.process.stdout is not None
        async with asyncio.timeout(DEADLINE):
            while words not in (line := (await self.process.stdout.readline()).decode()):
                assert line, "it ended"
        return line

    async def ends(self) -> int:
        assert self.process.stdout is not None
        async with asyncio.timeout(DEADLINE):
            await self.process.stdout.read()
            return await self.process.wait()


@asynccontextmanager
async def running(folder: Path, programs: Path | None = None, **drain: Any) -> AsyncIterator[Running]:
    plan = with_ports(CoturnPlan(secret="north"))
    (folder / "turnserver.conf").write_text(render(plan, folder))
    path = f"{programs}:{os.environ['PATH']}" if programs else os.environ["PATH"]
    process = await asyncio.create_subprocess_exec(
        "sh",
        script(folder, **drain),
        env={**os.environ, "PATH": path},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
        start_new_session=True,
    )
    try:
        yield Running(process, plan)
    finally:
        if process.returncode is None:
            os.killpg(process.pid, signal.SIGKILL)
            await process.wait()


async def answers(relay: Running) -> None:
    async with asyncio.timeout(DEADLINE):
        while not await binding(relay.plan.host, relay.plan.port, 0.1):
            assert relay.process.returncode is None


async def test_a_relayed_session_plays_on_through_the_drain_until_it_leaves(tmp_path: Path) -> None:
    async with running(tmp_path) as relay:
        await answers(relay)
        async with relay.allocation("player") as player, relay.allocation("streamer") as streamer:
            player.send(b"opens the permission", streamer.address)
            relay.process.send_signal(signal.SIGTERM)
            assert "allocations: 2, drain by wait" in await relay.says("told to end")
            for number in range(50):
                streamer.send(b"%d" % number, player.address)
                assert (await player.receive())[0] == b"%d" % number
            async with relay.allocation("late"):  # whom turn-api told of it just before
                pass
            assert relay.process.returncode is None
        assert await relay.ends() == 0


async def test_without_an_allocation_it_ends_once_its_time_to_settle_is_over(tmp_path: Path) -> None:
    async with running(tmp_path, settle=1) as relay:
        await answers(relay)
        relay.process.send_signal(signal.SIGTERM)
        await relay.says("told to end")
        async with relay.allocation("late") as late:
            assert late.address
        assert await relay.ends() == 0


async def test_a_few_allocations_may_be_too_few_to_wait_for(tmp_path: Path) -> None:
    async with running(tmp_path, program(tmp_path, OLDER), minAllocations=1) as relay:
        await relay.says("one port")
        relay.process.send_signal(signal.SIGTERM)
        assert "allocations: 1, drain by wait" in await relay.says("told to end")
        assert await relay.ends() == 0


async def test_one_that_ends_by_itself_is_told_as_a_failure(tmp_path: Path) -> None:
    async with running(tmp_path, program(tmp_path, "#!/bin/sh\n[ $1 = --help ] || exit 7\n")) as relay:
        assert await relay.ends() == 7


async def test_a_coturn_that_can_drain_is_told_to_and_how_far(tmp_path: Path) -> None:
    async with running(tmp_path, program(tmp_path, NEWER), minAllocations=3) as relay:
        async with asyncio.timeout(DEADLINE):
            while not (tmp_path / "arguments").exists():  # noqa: ASYNC110 - written by another process
                await asyncio.sleep(0.01)
        relay.process.send_signal(signal.SIGTERM)
        assert "drain by signal" in await relay.says("told to end")
        assert await relay.ends() == 0
    assert (tmp_path / "drained").read_text() == "drained\n"
    assert "--drain-min-allocations=3" in (tmp_path / "arguments").read_text()
