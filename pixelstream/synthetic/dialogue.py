"""What the streamer answers a player over the data channel, and which input it takes in.

Pure but for the clock passed in. The trap: a front end asks for settings and quality control only after
the protocol messages, and those only engines from 5.1 on send; older front ends just ask.
"""

from collections.abc import Callable
from typing import Final

import orjson

from pixelstream.protocol import playerdata
from pixelstream.protocol.playerdata import FromStreamer, Message, PlayerDataError, ToStreamer
from pixelstream.settings.streamer import StreamerSettings
from pixelstream.synthetic.encoder import bitrate
from pixelstream.synthetic.scene import Scene

MAX_FILLER: Final = 16 * 1024
"""Bytes that a latency test may ask the answer to be filled with."""


class Dialogue:
    """The streamer's side of one player's data channel.

    `send` takes a message for the player; `pressed` is called for input that the picture is to show at
    once, `key_wanted` when the player asks for a key picture, `now_ms` gives Unix time in milliseconds.
    """

    def __init__(
        self,
        settings: StreamerSettings,
        scene: Scene,
        *,
        send: Callable[[bytes], None],
        pressed: Callable[[], None],
        key_wanted: Callable[[], None],
        now_ms: Callable[[], int],
    ) -> None:
        self._settings = settings
        self._scene = scene
        self._send = send
        self._pressed = pressed
        self._key_wanted = key_wanted
        self._now_ms = now_ms
        self.bad = 0

    def opened(self, *, announce: bool) -> None:
        """Say what can be said over the channel, if the engine does that."""
        if announce:
            for message in playerdata.protocol_messages():
                self._send(message)

    def received(self, data: bytes) -> None:
        """Answer a message or take it in as input; one that is wrong is counted and dropped."""
        try:
            message = playerdata.decode(data)
        except PlayerDataError:
            self.bad += 1
            return
        if message is None:
            return
        answer = _ANSWERS.get(message.kind)
        if answer is not None:
            answer(self, message)
        elif self._scene.apply(message):
            self._pressed()
        if message.kind is ToStreamer.UI_INTERACTION:
            self._send(playerdata.encode_reply(FromStreamer.RESPONSE, str(message.values[0])))

    def give_settings(self, _: Message) -> None:
        """Answer with the initial settings."""
        settings = self._settings
        most = bitrate(settings.width, settings.height, settings.fps)
        self._send(playerdata.initial_settings(fps=settings.fps, min_bps=most // 10, max_bps=most))

    def give_quality_control(self, _: Message) -> None:
        """Answer that this player controls the quality; all do, since none can change it."""
        self._send(playerdata.encode_reply(FromStreamer.QUALITY_CONTROL_OWNERSHIP, 1))

    def give_key_picture(self, _: Message) -> None:
        """Ask the video for a key picture."""
        self._key_wanted()

    def echo(self, message: Message) -> None:
        """Send back what came."""
        self._send(playerdata.encode_reply(FromStreamer.TEST_ECHO, message.body))

    def time_picture(self, _: Message) -> None:
        """Answer a latency test: when it came and went, and that encoding takes no time to speak of."""
        now = self._now_ms()
        times = {"ReceiptTimeMs": now, "EncodeMs": 0, "CaptureToSendMs": 0, "TransmissionTimeMs": now}
        self._send(playerdata.encode_reply(FromStreamer.LATENCY_TEST, orjson.dumps(times).decode()))

    def time_channel(self, message: Message) -> None:
        """Answer a test of the channel itself, filled up as it asks for."""
        try:
            asked = orjson.loads(str(message.values[0]))
            filler = "A" * max(0, min(int(asked.get("FillResponseSize", 0)), MAX_FILLER))
            sequence = int(asked["Seq"])
        except (ValueError, KeyError, TypeError, AttributeError):
            self.bad += 1
            return
        now = self._now_ms()
        answer = {"Seq": sequence, "Filler": filler, "ReceivedTimestamp": now, "SentTimestamp": now}
        text = orjson.dumps(answer).decode()
        self._send(playerdata.encode_reply(FromStreamer.DATA_CHANNEL_LATENCY_TEST, text))


_ANSWERS: Final[dict[ToStreamer, Callable[[Dialogue, Message], None]]] = {
    ToStreamer.REQUEST_INITIAL_SETTINGS: Dialogue.give_settings,
    ToStreamer.REQUEST_QUALITY_CONTROL: Dialogue.give_quality_control,
    ToStreamer.IFRAME_REQUEST: Dialogue.give_key_picture,
    ToStreamer.TEST_ECHO: Dialogue.echo,
    ToStreamer.LATENCY_TEST: Dialogue.time_picture,
    ToStreamer.DATA_CHANNEL_LATENCY_TEST: Dialogue.time_channel,
}
