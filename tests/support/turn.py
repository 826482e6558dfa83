"""A small TURN client on aioice, and a certificate for a TURN server on loopback."""

from __future__ import annotations

import asyncio
import datetime as dt
import ipaddress
import ssl
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Self
from urllib.parse import urlsplit

from aioice.turn import create_turn_endpoint
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

DEADLINE = 10.0


class Inbox(asyncio.DatagramProtocol):
    """Keeps what comes through an allocation, and its errors."""

    def __init__(self) -> None:
        self.got: asyncio.Queue[tuple[bytes, Any]] = asyncio.Queue()
        self.errors: asyncio.Queue[Exception] = asyncio.Queue()
        self.lost = asyncio.Event()

    def datagram_received(self, data: bytes, addr: Any) -> None:
        self.got.put_nowait((data, addr))

    def error_received(self, exc: Exception) -> None:
        self.errors.put_nowait(exc)

    def connection_lost(self, exc: Exception | None) -> None:
        self.lost.set()


@dataclass
class Allocation:
    """An allocation at a relay, from a url of an RTCConfiguration; raises what aioice raises.

    `async with` gives it back at the end.
    """

    url: str
    username: str
    credential: str
    trust: ssl.SSLContext | None = None

    async def __aenter__(self) -> Self:
        scheme, _, rest = self.url.partition(":")
        parts = urlsplit(f"//{rest}")
        async with asyncio.timeout(DEADLINE):
            self._transport, self.inbox = await create_turn_endpoint(
                Inbox,
                (parts.hostname or "", parts.port or 3478),
                self.username,
                self.credential,
                ssl=self.trust if scheme == "turns" else None,
                transport=parts.query.removeprefix("transport="),
            )
        self.address = self._transport.get_extra_info("sockname")
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._transport.close()
        async with asyncio.timeout(DEADLINE):
            await self.inbox.lost.wait()

    def send(self, data: bytes, peer: Any) -> None:
        """Send through the relay to `peer`."""
        self._transport.sendto(data, peer)

    async def receive(self) -> tuple[bytes, Any]:
        """Wait for the next datagram and whom it is from."""
        async with asyncio.timeout(DEADLINE):
            return await self.inbox.got.get()

    async def refusal(self) -> Exception:
        """Wait for the error that sending earned."""
        async with asyncio.timeout(DEADLINE):
            return await self.inbox.errors.get()


def self_signed(directory: Path, address: str = "127.0.0.1") -> tuple[Path, Path]:
    """Write a certificate for `address` and its key; return their files."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, address)])
    now = dt.datetime.now(dt.UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(hours=1))
        .not_valid_after(now + dt.timedelta(days=1))
        .add_extension(
            x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address(address))]), critical=False
        )
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    pem = serialization.Encoding.PEM
    files = directory / "turn.crt", directory / "turn.key"
    files[0].write_bytes(certificate.public_bytes(pem))
    plain = serialization.NoEncryption()
    files[1].write_bytes(key.private_bytes(pem, serialization.PrivateFormat.PKCS8, plain))
    return files
