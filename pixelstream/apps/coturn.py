"""coturn as a child process for one machine: its configuration, its start and its end.

The traps: the secret goes into a file that only we can read, since arguments show in every process
list; and coturn shares a taken UDP port without a word, so ports are tried before it starts.
"""

import asyncio
import shutil
import socket
import tempfile
from dataclasses import dataclass, replace
from ipaddress import ip_address
from pathlib import Path

import structlog

from pixelstream.errors import PixelstreamError
from pixelstream.net.stun import binding
from pixelstream.turn.pool import Relay

PROGRAM = "turnserver"
START = 10.0
"""Seconds that coturn has to answer its first STUN binding request."""
STOP = 3.0
"""Seconds that it has to end after SIGTERM."""
PROBE = 0.1
"""Seconds between binding requests while it starts."""

log = structlog.get_logger(__name__)


class CoturnError(PixelstreamError):
    """coturn can't be started; the text says what is missing or what it said."""


@dataclass(frozen=True, kw_only=True)
class CoturnPlan:
    """How coturn is to run.

    Attributes:
        secret: the `static-auth-secret` that turn-api signs with.
        host: address that it listens on and relays from.
        port: UDP and TCP port, 0 for a free one.
        tls: port of TLS, 0 for a free one; needs `certificate` and `key` (PEM files).
        realm: realm of its credentials.
        min_port: first port of relayed traffic.
        max_port: last port of relayed traffic.
        peers: addresses or ranges (`a-b`) that may be relayed to beside `host`; all others are denied.
    """

    secret: str
    host: str = "127.0.0.1"
    port: int = 0
    tls: int | None = None
    certificate: Path | None = None
    key: Path | None = None
    realm: str = "pixelstream"
    min_port: int = 49152
    max_port: int = 65535
    peers: tuple[str, ...] = ()


def render(plan: CoturnPlan, directory: Path) -> str:
    """Write coturn's configuration file for `plan` (ports chosen); its own files go to `directory`."""
    lines = [
        f"listening-ip={plan.host}",
        f"relay-ip={plan.host}",
        f"listening-port={plan.port}",
        f"min-port={plan.min_port}",
        f"max-port={plan.max_port}",
        f"realm={plan.realm}",
        "use-auth-secret",
        f"static-auth-secret={plan.secret}",
        "fingerprint",
        "stale-nonce=600",
        "no-cli",
        "no-dtls",
        "no-tlsv1",
        "no-tlsv1_1",
        "no-multicast-peers",
        "no-rfc5780",
        # What is allowed wins over what is denied, so this is a list of allowed peers only.
        *(f"allowed-peer-ip={peer}" for peer in (plan.host, *plan.peers)),
        "denied-peer-ip=0.0.0.0-255.255.255.255",
        "denied-peer-ip=::-ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff",
        f"pidfile={directory / 'turn.pid'}",
        f"userdb={directory / 'turndb'}",
        "log-file=stdout",
        "simple-log",
    ]
    if ip_address(plan.host).is_loopback:
        lines.append("allow-loopback-peers")
    if plan.tls is None:
        lines.append("no-tls")
    else:
        lines += [f"tls-listening-port={plan.tls}", f"cert={plan.certificate}", f"pkey={plan.key}"]
    return "\n".join(lines) + "\n"


class Coturn:
    """A running coturn; `async with Coturn(plan) as relay` starts and ends it.

    Attributes:
        plan: what runs, with the ports that were chosen.
    """

    def __init__(self, plan: CoturnPlan) -> None:
        self.plan = plan
        self._process: asyncio.subprocess.Process | None = None
        self._directory: tempfile.TemporaryDirectory[str] | None = None
        self._reader: asyncio.Task[None] | None = None
        self._said: list[str] = []

    async def __aenter__(self) -> Relay:
        """Start it; the relay is what callers are told."""
        await self.start()
        return self.relay

    async def __aexit__(self, *_: object) -> None:
        """End it."""
        await self.stop()

    @property
    def relay(self) -> Relay:
        """This coturn as the pool holds it."""
        return Relay(self.plan.host, self.plan.port, self.plan.port, self.plan.tls)

    @property
    def running(self) -> bool:
        """Whether the process lives."""
        return self._process is not None and self._process.returncode is None

    async def start(self) -> None:
        """Start it and wait until it answers.

        Raises:
            CoturnError: it isn't installed, a port is taken, or it ended or stayed silent.
        """
        if any(character.isspace() for character in self.plan.secret):
            raise CoturnError("the TURN secret must have no blanks: each line of coturn's file is an option")
        program = shutil.which(PROGRAM)
        if program is None:
            raise CoturnError(f"{PROGRAM} isn't installed: the package is called coturn")
        self.plan = with_ports(self.plan)
        self._directory = tempfile.TemporaryDirectory(prefix="pixelstream-coturn-")
        directory = Path(self._directory.name)
        config = directory / "turn.conf"
        config.touch(mode=0o600)
        config.write_text(render(self.plan, directory), encoding="utf-8")
        self._process = await asyncio.create_subprocess_exec(
            program,
            "-c",
            str(config),
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
            start_new_session=True,  # Ctrl-C on the terminal is ours to pass on, in our order
        )
        self._reader = asyncio.create_task(self._read(self._process))
        try:
            await self._answers()
        except BaseException:
            await self.stop()
            raise
        log.info("coturn answers", host=self.plan.host, port=self.plan.port, tls=self.plan.tls)

    async def watch(self) -> None:
        """Wait until it ends by itself.

        Raises:
            CoturnError: always, with its last words.
        """
        if self._process is not None:
            await self._process.wait()
        raise CoturnError(f"coturn ended by itself: {self._last_words()}")

    async def stop(self) -> None:
        """End it: SIGTERM, then SIGKILL after `STOP` seconds. Does nothing when it doesn't run."""
        if self._process is not None and self._process.returncode is None:
            self._process.terminate()
            try:
                async with asyncio.timeout(STOP):
                    await self._process.wait()
            except TimeoutError:
                self._process.kill()
                await self._process.wait()
        if self._reader is not None:
            await self._reader
        if self._directory is not None:
            self._directory.cleanup()
        self._process = self._reader = self._directory = None

    async def _read(self, process: asyncio.subprocess.Process) -> None:
        """Keep its output flowing; the last lines say why it ended."""
        stdout = process.stdout
        while stdout is not None and (chunk := await stdout.read(4096)):
            self._said = [*self._said, *chunk.decode(errors="replace").splitlines()][-20:]

    def _last_words(self) -> str:
        return " | ".join(self._said[-5:])

    async def _answers(self) -> None:
        try:
            async with asyncio.timeout(START):
                while not await binding(self.plan.host, self.plan.port, PROBE):
                    if not self.running:
                        raise CoturnError(f"coturn ended at once: {self._last_words()}")
        except TimeoutError:
            raise CoturnError(f"coturn answered nothing on UDP port {self.plan.port} in {START} s") from None


def with_ports(plan: CoturnPlan) -> CoturnPlan:
    """Return `plan` with free ports in place of zeros.

    Raises:
        CoturnError: a port that was asked for is taken.
    """
    port = _free(plan.host, plan.port, udp=True)
    tls = None if plan.tls is None else _free(plan.host, plan.tls, udp=False)
    return replace(plan, port=port, tls=tls)


def _free(host: str, port: int, *, udp: bool) -> int:
    """Return a port that TCP (and UDP) can have on `host`; the one asked for unless that is 0."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    for _ in range(20):  # the number that TCP got may be taken in UDP
        with (
            socket.socket(family, socket.SOCK_STREAM) as tcp,
            socket.socket(family, socket.SOCK_DGRAM) as dgram,
        ):
            # Connections of an earlier coturn that wait to be forgotten don't take its port.
            tcp.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                tcp.bind((host, port))
                if udp:
                    dgram.bind((host, tcp.getsockname()[1]))
            except OSError as error:
                if port:
                    raise CoturnError(
                        f"port {port} on {host} can't be had for coturn: {error.strerror}"
                    ) from None
                continue
            return int(tcp.getsockname()[1])
    raise CoturnError(f"no port on {host} is free in both UDP and TCP")
