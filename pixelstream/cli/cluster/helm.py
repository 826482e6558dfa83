"""Helm through pyhelm3: install or upgrade, uninstall, test, and what a release was made of.

The trap: Helm's own waiting says nothing while it waits, so nothing here waits for pods; see
`rollout`. Helm 3 and Helm 4 both serve.
"""

from __future__ import annotations

import logging
import subprocess
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pixelstream import __version__
from pixelstream.cli.cluster.place import ClusterError, Place, program
from pixelstream.cli.cluster.values import Values

PUBLISHED = "oci://ghcr.io/pixelstream/charts/pixelstream"
"""The released chart, for whoever has no checkout."""
CHECKOUT = Path(__file__).parents[3] / "charts" / "pixelstream"
BUSY = "another operation"


@dataclass(frozen=True)
class Revision:
    """A revision of the release: its number, Helm's word for its state, and the chart's version."""

    number: int
    status: str
    version: str


class Helm:
    """Helm of one place.

    Raises:
        ClusterError: Helm, or the Python package that drives it, is missing.
    """

    def __init__(self, place: Place) -> None:
        self._place = place
        library = _library()
        executable = program("helm")
        self._command = library.Command(
            executable=executable, kubeconfig=place.kubeconfig, kubecontext=place.context or None
        )
        try:
            self._client = library.Client(self._command, executable=executable)
        except (subprocess.CalledProcessError, ValueError) as error:
            raise ClusterError(f"{executable}: does not say which Helm it is") from error
        self.version = str(self._client.version)

    async def deploy(self, chart: str, values: Values, *, create_namespace: bool = True) -> Revision:
        """Install the release, or upgrade it to exactly these values. Does not wait for pods.

        Raises:
            ClusterError: Helm refused; the text is what the chart or the API server said.
        """
        async with self._told():
            ref, version = _chart(chart)
            found = await self._client.get_chart(ref, version=version)
            made = await self._client.install_or_upgrade_release(
                self._place.release,
                found,
                values,
                namespace=self._place.namespace,
                create_namespace=create_namespace,
                reset_values=True,
            )
            return await _revision(made)

    async def current(self) -> Revision | None:
        """The release as it is; None if there is none.

        Raises:
            ClusterError: the cluster can't be asked.
        """
        place = self._place
        async with self._told():
            try:
                made = await self._client.get_current_revision(place.release, namespace=place.namespace)
            except _library().ReleaseNotFoundError:
                return None
            return await _revision(made)

    async def undeploy(self, *, seconds: float) -> None:
        """Uninstall the release with its hooks, and wait so many seconds at most for its objects to go.

        Raises:
            ClusterError: Helm refused, or something did not go in time.
        """
        place = self._place
        async with self._told():
            await self._client.uninstall_release(
                place.release, namespace=place.namespace, wait=True, timeout=f"{seconds:.0f}s"
            )

    async def test(self, *, seconds: float) -> str:
        """Run `helm test`; returns the logs of its pods.

        Raises:
            ClusterError: a test failed; the text holds its log.
        """
        place = self._place
        words = [
            "test",
            place.release,
            "--namespace",
            place.namespace,
            "--logs",
            "--timeout",
            f"{seconds:.0f}s",
        ]
        async with self._told():
            return bytes(await self._command.run(words)).decode(errors="replace")

    async def values(self) -> Values:
        """All values of the release, the chart's own included.

        Raises:
            ClusterError: there is no such release.
        """
        place = self._place
        async with self._told():
            found: Values = await self._command.get_values(
                place.release, computed=True, namespace=place.namespace
            )
            return found

    @asynccontextmanager
    async def _told(self) -> AsyncIterator[None]:
        """Turn what Helm says into words of ours."""
        try:
            yield
        except _library().Error as error:
            out = error.stdout.decode(errors="replace") if error.returncode else ""
            raise ClusterError(_words(str(error), out, self._place)) from error


def default_chart() -> str:
    """The chart of this checkout, else the released one."""
    return str(CHECKOUT) if (CHECKOUT / "Chart.yaml").is_file() else PUBLISHED


def _chart(chart: str) -> tuple[str | Path, str | None]:
    """What Helm is asked for: an address and the version that goes with this program, or a path."""
    if chart.startswith("oci://"):
        return chart, __version__
    path = Path(chart).resolve()
    if not path.exists():
        raise ClusterError(f"{chart}: no such chart")
    return path, None


def _words(error: str, out: str, place: Place) -> str:
    text = error.strip().removeprefix("Error: ")
    if BUSY in text:
        return (
            f"{place.release}: another deployment of it is under way, or was cut off. Wait for it; if there "
            f"is none, `helm rollback {place.release} --namespace {place.namespace}`, or undeploy it"
        )
    return "\n".join(part for part in (f"helm: {text}", out.strip()) if part)


async def _revision(made: Any) -> Revision:
    metadata = await made.chart_metadata()
    return Revision(made.revision, str(made.status.value), str(metadata.version))


def _library() -> Any:
    try:
        import pyhelm3 as library  # noqa: PLC0415 - an optional dependency
    except ImportError as error:
        raise ClusterError("pyhelm3 is missing: pip install 'pixelstream[deploy]'") from error
    # Its warnings say of each failure what the error says as well.
    logging.getLogger("pyhelm3").setLevel(logging.CRITICAL)
    return library
