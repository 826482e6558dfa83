"""The streamer as a process of its own: it ends when told to, in every mode."""

import asyncio
import signal
import sys

import pytest

from pixelstream.synthetic.player import Player
from tests.synthetic.stub import Stub

PROGRAM = """
import sys
from pixelstream.settings.streamer import StreamerSettings
from pixelstream.synthetic.streamer import run
run(StreamerSettings(signalserver_url=sys.argv[1], mode=sys.argv[2], width=320, height=180))
"""


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
@pytest.mark.parametrize("mode", ["live", "signalling"])
async def test_it_says_goodbye_and_ends_with_0(stub: Stub, mode: str, number: signal.Signals) -> None:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", PROGRAM, stub.streamer_url, mode, stderr=asyncio.subprocess.PIPE
    )
    try:
        await stub.until(lambda: stub.streamer_id, 30)
        if mode == "live":
            async with Player(stub.player_url) as player:
                await player.frames(3)
                process.send_signal(number)
                await player.until(lambda: player.peer.state == "closed", "the end of the picture")
        else:
            process.send_signal(number)
        _, said = await asyncio.wait_for(process.communicate(), 20)
        assert process.returncode == 0
        assert stub.streamer_closes == [1000]
        assert b"Traceback" not in said
        assert b"signalling connected" in said
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
