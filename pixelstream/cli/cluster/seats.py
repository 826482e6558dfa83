"""What the release's matchmaker says: fleets, streams, those who wait.

It is reached by a port-forward, so neither an open port nor a NetworkPolicy is needed, and with the
release's own control key. The trap: both are gone while the matchmaker is being replaced; a reading that
fails says so and the next one begins anew.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import httpx

from pixelstream.auth.keys import SharedKeys
from pixelstream.cli.cluster.kubectl import Kubectl
from pixelstream.cli.cluster.parts import Object
from pixelstream.cli.cluster.place import ClusterError, Place

PORT = 3000
TIMEOUT = 5.0
"""Seconds that one answer has."""


@dataclass(frozen=True)
class Seats:
    """One reading of the matchmaker."""

    fleets: list[dict[str, Any]] = field(default_factory=list)
    streams: list[dict[str, Any]] = field(default_factory=list)
    waiting: list[dict[str, Any]] = field(default_factory=list)
    length: int = 0
    version: str = ""

    @property
    def free(self) -> int:
        """Streams that a player who came now would get."""
        return sum(fleet["available"] for fleet in self.fleets)

    @property
    def taken(self) -> int:
        """Seats that are reserved or taken."""
        return sum(fleet["taken"] for fleet in self.fleets)


class Reader:
    """The matchmaker's REST API at the end of a way to it."""

    def __init__(self, client: httpx.AsyncClient) -> None:
        self._client = client

    async def read(self) -> Seats:
        """Read everything.

        Raises:
            ClusterError: the matchmaker does not answer, or refuses the key.
        """
        fleets, streams = await self._get("fleets"), await self._get("streams")
        queue, health = await self._get("queue"), await self._get("health")
        return Seats(
            fleets=fleets["fleets"],
            streams=streams["streams"],
            waiting=queue["waiting"],
            length=queue["length"],
            version=health["version"],
        )

    async def _get(self, name: str) -> dict[str, Any]:
        try:
            answer = await self._client.get(f"/api/v1/{name}")
            found: dict[str, Any] = answer.raise_for_status().json()
        except (httpx.HTTPError, ValueError) as error:
            raise ClusterError(f"the matchmaker does not answer: {error or type(error).__name__}") from error
        return found


@asynccontextmanager
async def reader(kubectl: Kubectl, place: Place) -> AsyncIterator[Reader]:
    """A reader of the release's matchmaker.

    Raises:
        ClusterError: there is no matchmaker, no key, or no way to it.
    """
    selector = f"--selector={place.selector},app.kubernetes.io/name=matchmaker"
    deployments = await kubectl.items("deployments", selector)
    if not deployments:
        raise ClusterError(f"{place.release} has no matchmaker")
    key = SharedKeys.parse(await kubectl.secret(_keys(deployments[0]), "control-key"), "control-key").said
    async with (
        kubectl.forward(f"deployment/{deployments[0]['metadata']['name']}", PORT) as port,
        httpx.AsyncClient(
            base_url=f"http://127.0.0.1:{port}",
            headers={"Authorization": f"Bearer {key}"},
            timeout=TIMEOUT,
            trust_env=False,
        ) as client,
    ):
        yield Reader(client)


def _keys(deployment: Object) -> str:
    """Name of the Secret that the matchmaker's pods read their keys from, which may be the user's own."""
    for volume in deployment["spec"]["template"]["spec"]["volumes"]:
        if volume["name"] == "keys":
            return str(volume["secret"]["secretName"])
    raise ClusterError(f"{deployment['metadata']['name']} mounts no keys")
