"""Values of a fleet's GPUs, and of what keeps GPU nodes warm.

The trap: which of these keys a mode needs is judged by the chart's own faults, in words; here only their
shapes are, so that a fleet may be written in part.
"""

from typing import Annotated, Literal

from pydantic import Field, WithJsonSchema

from pixelstream.settings.base import Model
from pixelstream.settings.values.kubernetes import Count
from pixelstream.settings.values.shapes import Image

_MEMORY = r"^([1-9][0-9]*(Mi|Gi))?$"
_CPU = r"^[0-9]*m?$"

Memory = Annotated[str, Field(pattern=_MEMORY)]
"""Memory of a GPU, such as `6Gi`; empty says nothing."""

Cpu = Annotated[
    Annotated[str, Field(pattern=_CPU)] | Count,
    WithJsonSchema({"type": ["integer", "string"], "minimum": 0, "pattern": _CPU}),
]
"""CPU of a node, such as `15` or `15500m`; empty says nothing."""

Profile = Annotated[str, Field(pattern=r"^([1-9][0-9]*g\.[1-9][0-9]*gb([+-][a-z]+(\.all)?)*)?$")]
"""A MIG profile as NVIDIA writes it, such as `1g.24gb+gfx`."""

ResourceName = Annotated[str, Field(pattern=r"^([a-z0-9.-]+/[A-Za-z0-9._-]+)?$")]
"""An extended resource of nodes, such as `nvidia.com/gpu`."""


class Gpu(Model):
    """How the streams of a fleet get at a GPU."""

    mode: Literal["none", "dedicated", "shared", "mig", "dra", "label"]
    model: str
    count: Annotated[int, Field(ge=1, le=16)]
    resource: ResourceName
    profile: Profile
    device_class: Annotated[str, Field(min_length=1)]
    expression: str
    streams: Annotated[int, Field(ge=1, le=64)]
    memory: Memory
    device_memory: Memory
    label: Annotated[str, Field(min_length=1)]
    node_cpu: Cpu


class Warm(Model):
    """What keeps nodes ready for streams that are not there yet."""

    pre_pull: bool
    placeholders: Count
    priority_class_name: str
    image: Image
