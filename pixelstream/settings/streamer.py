"""Settings of the synthetic streamer; the `config:` block of its chart, in the same order.

The trap: `count` multiplies sockets, not pictures, so it goes with mode `signalling` alone; a process
that sends video sends one stream, as Unreal does.
"""

from pathlib import Path
from typing import Annotated, Literal, Self, get_args

from pydantic import BeforeValidator, Field, model_validator

from pixelstream.settings.base import Log, Model, Name, Seconds, WsUrl
from pixelstream.settings.types import version_schema, version_text

_Profiles = Literal["4.26", "4.27", "5.0", "5.2", "5.5"]
Profile = Annotated[_Profiles, BeforeValidator(version_text), version_schema(*get_args(_Profiles))]
"""The generation of Unreal Engine whose streamer is imitated; each stands for all until the next."""

Mode = Literal["live", "clips", "signalling"]
"""`live` encodes on the spot, `clips` sends packets made once, `signalling` sends no media at all."""

Codec = Literal["h264", "vp8"]


class StreamerSettings(Model):
    """Everything that the synthetic streamer can be told.

    `session_linger` is how long a player whom a restarted signalserver does not mention again keeps his
    picture; `cache_dir` holds the packets of mode `clips` (default: the user's cache directory);
    `token_file` names the secret that its signalserver asks of streamers.
    """

    log: Log = Log()
    signalserver_url: WsUrl = "ws://127.0.0.1:8888"
    streamer_id: Name = "synthetic"
    profile: Profile = "5.5"
    mode: Mode = "live"
    codec: Codec = "h264"
    width: Annotated[int, Field(ge=320, le=1920, multiple_of=32)] = 1280
    height: Annotated[int, Field(ge=176, le=1088, multiple_of=2)] = 720
    fps: Annotated[int, Field(ge=5, le=60)] = 30
    title: Annotated[str, Field(max_length=40)] = "pixelstream"
    audio: Literal["tone", "silence", "none"] = "tone"
    session_linger: Annotated[Seconds, Field(ge=1, le=3600)] = 60.0
    cache_dir: Path | None = None
    token_file: Path | None = None
    count: Annotated[int, Field(ge=1, le=20000)] = 1

    @model_validator(mode="after")
    def _count_needs_signalling(self) -> Self:
        if self.count > 1 and self.mode != "signalling":
            raise ValueError('count above 1 needs mode "signalling": a process sends one stream of video')
        return self
