"""Real media over loopback: a streamer and a player with a stub server between them."""


import pytest

from pixelstream.synthetic.player import Player
from tests.synthetic.conftest import streaming
from tests.synthetic.stub import Stub


@pytest.mark.parametrize("codec", ["h264", "vp8"])
async def test_a_live_picture_arrives_and_its_counter_runs(stub: Stub, codec: str) -> None:
    async with streaming(stub.streamer_url, codec=codec), Player(stub.player_url, decode=True) as player:
        first = await player.strip()
        later = await player.strip(lambda strip: strip.frame >= first.frame + 15)
        assert later.frame > first.frame
        assert player.video.codec == codec.upper()
