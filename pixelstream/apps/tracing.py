"""Spans of visits for OpenTelemetry, if the settings name a collector; else nothing, and nothing is loaded.

A visit's trace is its session's (`pixelstream.protocol.trace`), and its first span's id follows from that, so
services tell of one visit without having spoken of it. The traps: the SDK costs 9 MB and a thread, hence the
late import; and a collector that is away must cost nothing, so spans wait in a bounded queue and are dropped
beyond it.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Protocol

import structlog

from pixelstream.errors import SettingsError
from pixelstream.protocol.trace import Step

if TYPE_CHECKING:
    from pixelstream.net.otlp import Exporter
    from pixelstream.settings.otel import Otel

CLOSING = 3.0
"""Seconds that the last spans have to get out when a service ends."""
log = structlog.get_logger(__name__)


class Tracer(Protocol):
    """Takes steps of visits."""

    def tell(self, step: Step) -> None:
        """Make a span of a step; never blocks."""

    async def close(self) -> None:
        """Send what waits, within a deadline."""


class Silent:
    """A tracer that tells nobody."""

    def tell(self, step: Step) -> None:
        """See `Tracer.tell`."""

    async def close(self) -> None:
        """See `Tracer.close`."""


class Exporting:
    """A tracer that exports."""

    def __init__(self, exporter: Exporter) -> None:
        self._exporter = exporter

    def tell(self, step: Step) -> None:
        """See `Tracer.tell`."""
        self._exporter.tell(step)

    async def close(self) -> None:
        """See `Tracer.close`."""
        try:
            async with asyncio.timeout(CLOSING):
                await asyncio.to_thread(self._exporter.close, CLOSING)
        except TimeoutError:
            log.warning("last spans not sent")


def make_tracer(settings: Otel, service: str) -> Tracer:
    """Make what the settings ask for.

    Raises:
        SettingsError: they ask for an export, and its packages are not installed or its headers not readable.
    """
    if settings.endpoint is None:
        return Silent()
    try:
        from pixelstream.net.otlp import Exporter  # noqa: PLC0415 - see above
    except ImportError as error:
        words = f"otel.endpoint: {error.name} is not installed; pip install 'pixelstream[otel]'"
        raise SettingsError(service, [words]) from None
    log.info("spans are exported", endpoint=settings.endpoint, protocol=settings.protocol)
    return Exporting(
        Exporter(
            service,
            endpoint=settings.endpoint,
            protocol=settings.protocol,
            headers=_headers(settings, service),
            ratio=settings.sample_ratio,
        )
    )


def _headers(settings: Otel, service: str) -> dict[str, str]:
    file = settings.headers_file
    if file is None:
        return {}
    try:
        lines = [line for line in file.read_text(encoding="utf-8").splitlines() if line.strip()]
    except (OSError, UnicodeDecodeError):
        raise SettingsError(service, [f"otel.headersFile: {file} cannot be read"]) from None
    pairs = [line.partition(":") for line in lines]
    if not all(name.strip() and colon for name, colon, _ in pairs):
        words = f"otel.headersFile: {file} must have a line `name: value` for each header"
        raise SettingsError(service, [words])
    return {name.strip(): value.strip() for name, _, value in pairs}
