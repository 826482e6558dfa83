"""One player at the streamer, from `playerConnected` or his offer to `playerDisconnected`.

Messages are taken one by one from a bounded queue, as answers and candidates come before the connection
they belong to is ready. The trap: a player who never answers would keep his connection for ever, hence
the deadline on everything before `connected`; afterwards the connection's own checks tell of his end.
"""

import asyncio
import time
from collections.abc import Callable
from typing import Any, Final

import structlog

from pixelstream.synthetic import ice
from pixelstream.synthetic.dialogue import Dialogue
from pixelstream.synthetic.peer import Peer
from pixelstream.synthetic.studio import Studio

CONNECT_PATIENCE: Final = 30.0
"""Seconds from the first message to the established connection."""

MAX_WAITING: Final = 128
"""Messages of one player that may wait; more are dropped."""

_LOG = structlog.get_logger()


class Visit:
    """A player at the streamer.

    `send` takes signalling messages for him; `changed` is called when he has connected and when it is over.
    """

    def __init__(
        self,
        player: str,
        studio: Studio,
        *,
        offers: bool,
        send: Callable[[dict[str, Any]], None],
        changed: Callable[["Visit"], None],
    ) -> None:
        self.player = player
        self.connected = self.negotiated = self.over = False
        self._studio = studio
        self.offers = offers
        self._send = send
        self._changed = changed
        self._messages: asyncio.Queue[dict[str, Any] | None] = asyncio.Queue(MAX_WAITING)
        self._task = asyncio.create_task(self._run(), name=f"player {player}")

    def put(self, message: dict[str, Any] | None) -> None:
        """Take in a signalling message of this player; None ends the visit."""
        try:
            self._messages.put_nowait(message)
        except asyncio.QueueFull:
            _LOG.warning("too many messages of a player wait", player=self.player)

    async def stop(self) -> None:
        """End the visit and wait until it has let go of everything."""
        self._task.cancel()
        await asyncio.wait([self._task], timeout=10)

    async def _run(self) -> None:
        peer: Peer | None = None
        try:
            async with asyncio.timeout(CONNECT_PATIENCE) as deadline:
                ready = await self._studio.take(offers=self.offers)
                peer = ready.peer
                self._wire(peer, deadline)
                if self.offers:
                    self._send({"type": "offer", "sdp": ready.offer})
                await self._serve(peer)
        except TimeoutError:
            _LOG.warning("a player did not connect in time", player=self.player)
        except Exception as error:  # noqa: BLE001 - aiortc raises all sorts on a strange SDP
            _LOG.warning("a player's connection failed", player=self.player, error=repr(error))
        finally:
            self.connected, self.over = False, True
            if peer is not None:
                self._studio.release(peer)
            self._changed(self)

    def _wire(self, peer: Peer, deadline: asyncio.Timeout) -> None:
        video = self._studio.video
        dialogue = Dialogue(
            self._studio.settings,
            self._studio.scene,
            send=peer.send,
            pressed=video.pressed,
            key_wanted=lambda: video.keyframe(peer.video),
            now_ms=lambda: time.time_ns() // 1_000_000,
        )
        peer.on_data = dialogue.received
        peer.on_open = lambda: dialogue.opened(announce=self._studio.traits.announces_protocol)
        peer.on_key_wanted = lambda: video.keyframe(peer.video)
        peer.on_state = lambda state: self._state_changed(state, deadline)

    def _state_changed(self, state: str, deadline: asyncio.Timeout) -> None:
        if state == "connected":
            self.connected = True
            deadline.reschedule(None)
            self._changed(self)
        elif state in {"failed", "closed"}:
            self.put(None)

    async def _serve(self, peer: Peer) -> None:
        while (message := await self._messages.get()) is not None:
            if message["type"] == "iceCandidate":
                candidate = ice.candidate(message.get("candidate"))
                if candidate is not None:
                    peer.add_candidate(candidate)
            elif message["type"] == "answer":
                await peer.take_answer(str(message.get("sdp")))
            elif message["type"] == "offer":
                self.negotiated = True
                self._send({"type": "answer", "sdp": await peer.answer(str(message.get("sdp")))})
