"""Values of the umbrella."""

from typing import Annotated

from pydantic import Field

from pixelstream.settings.base import Model
from pixelstream.settings.values.shapes import Global, Image, Library


class Component(Model, extra="allow"):
    """Values of a subchart, which that chart's own schema judges: one fault is told once."""


class Tests(Model):
    """What `helm test` runs."""

    image: Image
    deadline: Annotated[int, Field(ge=1)]


class PixelstreamValues(Model):
    """Values of the umbrella."""

    common: Library | None = None
    global_: Annotated[Global, Field(alias="global")]
    router: Component
    player: Component
    matchmaker: Component
    proxy: Component
    streamer: Component
    signalserver: Component
    turn: Component
    turn_api: Annotated[Component, Field(alias="turn-api")]
    telemetry: Component
    tests: Tests
