"""Through a real coturn."""

import time

from aioice.ice import get_host_addresses

from pixelstream.apps.coturn import Coturn, CoturnPlan
from pixelstream.protocol.playerdata import ToStreamer
from pixelstream.synthetic.player import Player
from pixelstream.turn.credentials import issue
from tests.synthetic.conftest import streaming
from tests.synthetic.stub import Stub

SECRET = "a-secret-of-this-test"


async def test_a_player_who_may_use_nothing_but_the_relay_plays(stub: Stub) -> None:
    plan = CoturnPlan(secret=SECRET, peers=tuple(get_host_addresses(use_ipv4=True, use_ipv6=False)))
    async with Coturn(plan) as relay:
        given = issue(SECRET.encode(), "a-session", now=time.time(), lifetime=600)
        url = f"{relay.host}:{relay.udp}"
        server = {
            "urls": [f"stun:{url}", f"turn:{url}?transport=udp", f"turn:{url}?transport=tcp"],
            "username": given.username,
            "credential": given.credential,
        }
        stub.options = {"iceServers": [server], "iceTransportPolicy": "relay"}
        async with streaming(stub), Player(stub.player_url, relay_only=True, decode=True) as player:
            await player.frames(10)
            assert player.peer.pair[0] == "relay"
            await player.input(ToStreamer.KEY_DOWN, 65, 0)
            await player.strip(lambda strip: strip.inputs == 1)
            assert await player.peer.lost_packets() == 0
