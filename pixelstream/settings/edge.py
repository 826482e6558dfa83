"""Settings of the edge: page, router and proxy in one, for one machine."""

from pathlib import Path
from typing import Annotated

from pydantic import Field, model_validator

from pixelstream.settings.base import HttpUrl, Listen, Log, Model, Name, Port, WsUrl


class EdgeListen(Listen):
    """Where browsers find the page."""

    port: Port = 8080


class EdgeStream(Model):
    """A stream that a lease may name, and its signalserver's address for players."""

    id: Name
    url: WsUrl


class EdgeSettings(Model):
    """Everything that the edge can be told."""

    listen: EdgeListen = EdgeListen()
    log: Log = Log()
    page_dir: Path
    matchmaker_url: HttpUrl = "http://127.0.0.1:3000"
    lease_keys_file: Path | None = None
    streams: Annotated[tuple[EdgeStream, ...], Field(max_length=10_000)] = ()

    @model_validator(mode="after")
    def _each_stream_once(self) -> "EdgeSettings":
        ids = [stream.id for stream in self.streams]
        if twice := sorted({name for name in ids if ids.count(name) > 1}):
            raise ValueError(f"streams: each id may be given once, not so {', '.join(twice)}")
        return self
