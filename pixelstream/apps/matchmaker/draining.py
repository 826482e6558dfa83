"""The end of a matchmaker: its links and its waiting players go to the others, and joined ones play on.

Pages come back with their tickets and keep their places. Unmodified front ends have none: as long as the
store is shared they wait on here, are seated from here, and the end waits for them. The trap: a room in
memory ends with its process, and its successor has the links; so then all who wait must go.
"""

from __future__ import annotations

from pixelstream.apps.matchmaker.control import ControlLinks
from pixelstream.apps.matchmaker.followers import Followers
from pixelstream.apps.matchmaker.player import Stage
from pixelstream.apps.matchmaker.players import WaitingRoom
from pixelstream.matchmaking.model import Way
from pixelstream.store.base import Store

BUSY = (Stage.JOINING, Stage.JOINED, Stage.HANDED)


async def drain(store: Store, room: WaitingRoom, links: ControlLinks, followers: Followers) -> None:
    """Send away who can go on elsewhere; return when nobody is left who can't.

    Cancelled, it tells those who wait still to connect again.
    """
    await store.drain()
    followers.close()
    await links.send_away()
    stay: tuple[Stage, ...] = (*BUSY, Stage.WAITING)
    gone: tuple[Way, ...] = (Way.HANDOFF,)
    if store.kind == "memory":
        stay, gone = BUSY, tuple(Way)
    try:
        await room.send_away(*gone)
        while room.count(*stay):
            await room.wait_for_leave()
            await room.send_away(*gone)  # whoever came back to the line from a failed join
    finally:
        await room.send_away(*Way)
