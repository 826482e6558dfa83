"""Settings of OpenTelemetry: where spans of visits go, if they go anywhere.

The trap: headers hold credentials of a collector, so they come from a file and never from settings.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field

from pixelstream.settings.base import HttpUrl, Model


class Otel(Model):
    """Export of spans by OTLP over HTTP; off without an `endpoint`.

    `endpoint` is the collector's base URL, as `http://collector:4318`; `/v1/traces` is added. `headersFile`
    has a line `name: value` for each header, such as its authorization. `sampleRatio` is the share of visits
    that are told; all services choose the same ones. It needs the extra `pixelstream[otel]`, which the image
    has.
    """

    endpoint: HttpUrl | None = None
    protocol: Literal["http/protobuf", "http/json"] = "http/protobuf"
    headers_file: Path | None = None
    sample_ratio: Annotated[float, Field(ge=0, le=1)] = 1.0
