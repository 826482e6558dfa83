"""Where the relays come from, behind one interface: each source runs until it is cancelled.

The trap: a list that can't be used, or a cluster that can't be asked, must change nothing. That is why
a file is JSON and not YAML: no prefix of a JSON object is one, while half of a YAML list may be a
shorter list.
"""

import asyncio
from collections.abc import Iterable, Sequence
from functools import partial
from pathlib import Path
from typing import Protocol

import orjson

from pixelstream.errors import SettingsError
from pixelstream.kube import access
from pixelstream.kube.client import Client
from pixelstream.kube.relays import RelayWatch
from pixelstream.metrics.turnapi import Source
from pixelstream.settings.base import MAX_FILE, check
from pixelstream.settings.turnapi import FileSource, KubernetesSource, RelayEntry, RelayFile, Sources
from pixelstream.turn.pool import Relay

CONFIRM = 5.0
"""Seconds between two words that a cluster's list is still right."""


class Sink(Protocol):
    """Who wants to know of relays."""

    def update(self, source: Source, relays: Sequence[Relay]) -> None:
        """Take a whole good list, changed or confirmed."""

    def fault(self, source: Source, words: str) -> None:
        """Learn that the source has no usable list now; the last good one stays."""


class RelaySource(Protocol):
    """One source of relays."""

    name: Source

    async def run(self, sink: Sink) -> None:
        """Tell `sink` of every list and every fault, until cancelled."""


class StaticRelays:
    """The relays that the settings name."""

    name = Source.STATIC

    def __init__(self, entries: Iterable[RelayEntry]) -> None:
        self._relays = [to_relay(entry) for entry in entries]

    async def run(self, sink: Sink) -> None:
        """Publish the list, once."""
        sink.update(self.name, self._relays)


class FileRelays:
    """The relays that a JSON file names (`RelayFile`), read again every interval.

    The whole text is compared, not its time stamp: two writes may share one.
    """

    name = Source.FILE

    def __init__(self, settings: FileSource) -> None:
        self._path = settings.path
        self._interval = settings.interval

    async def run(self, sink: Sink) -> None:
        """Publish or confirm the list at every look; a fault is told once, until the file changes."""
        seen: bytes | str | None = None
        relays: list[Relay] | None = None
        while True:
            found = await asyncio.to_thread(_read, self._path)
            if found != seen:
                seen, relays = found, self._parse(found, sink)
            if relays is not None:
                sink.update(self.name, relays)
            await asyncio.sleep(self._interval)

    def _parse(self, found: bytes | str, sink: Sink) -> list[Relay] | None:
        try:
            if isinstance(found, str):
                raise SettingsError(str(self._path), [found])  # noqa: TRY301 - one way out for all faults
            entries = check(RelayFile, _loads(found, self._path), str(self._path)).relays
        except SettingsError as error:
            sink.fault(self.name, str(error))
            return None
        return [to_relay(entry) for entry in entries]


class KubernetesRelays:
    """Coturn's pods, followed in a cluster.

    Raises:
        SettingsError: there is no way to the API server.
    """

    name = Source.KUBERNETES

    def __init__(self, settings: KubernetesSource) -> None:
        self._settings = settings
        self._access = access.find()

    async def run(self, sink: Sink) -> None:
        """Publish every list, and confirm the last while the watch is on."""
        client = Client(self._access)
        wanted = self._settings
        watch = RelayWatch(
            client,
            wanted.namespace,
            wanted.selector,
            address=wanted.address,
            annotation=wanted.address_annotation,
        )
        last: list[list[Relay]] = []

        def take(relays: list[Relay]) -> None:
            last[:] = [relays]
            sink.update(self.name, relays)

        async def confirm() -> None:
            while True:
                await asyncio.sleep(CONFIRM)
                if last and watch.current:
                    sink.update(self.name, last[0])

        try:
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(confirm())
                await watch.run(take, partial(sink.fault, self.name))
        finally:
            await client.close()


def sources_of(settings: Sources) -> list[RelaySource]:
    """Return the sources that the settings ask for.

    Raises:
        SettingsError: there is no way to the API server that one needs.
    """
    found: list[RelaySource] = [StaticRelays(settings.static)]
    if settings.kubernetes:
        found.append(KubernetesRelays(settings.kubernetes))
    if settings.file:
        found.append(FileRelays(settings.file))
    return found


def to_relay(entry: RelayEntry) -> Relay:
    """Turn an entry of the settings into what the pool holds."""
    return Relay(**entry.model_dump())


def _read(path: Path) -> bytes | str:
    """Return the file's bytes, or words for why there are none."""
    try:
        with path.open("rb") as file:
            text = file.read(MAX_FILE + 1)
    except OSError as error:
        return f"cannot be read: {error.strerror}"
    return text if len(text) <= MAX_FILE else f"is larger than {MAX_FILE} bytes"


def _loads(text: bytes, path: Path) -> object:
    try:
        return orjson.loads(text)
    except orjson.JSONDecodeError as error:
        raise SettingsError(str(path), [f"not valid JSON, perhaps half written: {error}"]) from None
