"""What turn-api answers opens relays of a real coturn, and nothing else does."""

from __future__ import annotations

import ssl
import time
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest
from aioice.stun import TransactionFailed

from pixelstream.apps.coturn import Coturn, CoturnPlan
from pixelstream.apps.turnapi.app import serving
from pixelstream.settings.turnapi import RelayEntry, Sources, TurnApiListen, TurnApiSettings
from pixelstream.turn.credentials import issue
from tests.support.turn import Allocation, self_signed

SECRET = "a-secret-of-this-test"


@pytest.fixture
def certificate(tmp_path: Path) -> tuple[Path, Path]:
    return self_signed(tmp_path)


@pytest.fixture
async def answer(certificate: tuple[Path, Path], tmp_path: Path) -> AsyncIterator[tuple[list[str], str, str]]:
    """Urls, user name and password, from a turn-api in front of a coturn with TLS."""
    secret = tmp_path / "secret"
    secret.write_text(SECRET)
    plan = CoturnPlan(secret=SECRET, tls=0, certificate=certificate[0], key=certificate[1])
    async with Coturn(plan) as relay:
        entry = RelayEntry(host=relay.host, udp=relay.udp, tcp=relay.tcp, tls=relay.tls)
        settings = TurnApiSettings(
            listen=TurnApiListen(host="127.0.0.1", port=0),
            turn_secret_file=secret,
            sources=Sources(static=(entry,)),
        )
        async with serving(settings) as service, httpx.AsyncClient() as client:
            config = (await client.get(f"http://127.0.0.1:{service.listener.port}/?session=s-1")).json()
            [server] = config["iceServers"]
            yield server["urls"], server["username"], server["credential"]


def trust(certificate: tuple[Path, Path]) -> ssl.SSLContext:
    return ssl.create_default_context(cafile=str(certificate[0]))


async def test_the_answer_opens_a_relay_over_every_transport(
    answer: tuple[list[str], str, str], certificate: tuple[Path, Path]
) -> None:
    urls, username, credential = answer
    assert [url.partition(":")[0] for url in urls] == ["stun", "turn", "turn", "turns"]
    async with Allocation(urls[1], username, credential) as peer:
        for url in urls[1:]:
            async with Allocation(url, username, credential, trust(certificate)) as own:
                assert own.address[0] == "127.0.0.1"
                peer.send(b"opens the permission", own.address)
                own.send(url.encode(), peer.address)
                assert await peer.receive() == (url.encode(), own.address)


def expired() -> tuple[str, str]:
    made = issue(SECRET.encode(), "s-1", now=time.time() - 120, lifetime=60)
    return made.username, made.credential


def forged_secret() -> tuple[str, str]:
    made = issue(b"another-secret", "s-1", now=time.time(), lifetime=60)
    return made.username, made.credential


def prolonged() -> tuple[str, str]:
    made = issue(SECRET.encode(), "s-1", now=time.time() - 120, lifetime=60)
    return made.username.replace(str(made.expires), str(made.expires + 3600)), made.credential


def another_caller() -> tuple[str, str]:
    made = issue(SECRET.encode(), "s-1", now=time.time(), lifetime=60)
    return made.username.replace("s-1", "s-2"), made.credential


@pytest.mark.parametrize("made", [expired(), forged_secret(), prolonged(), another_caller()])
@pytest.mark.parametrize("transport", [1, 2])
async def test_expired_and_forged_credentials_open_nothing(
    answer: tuple[list[str], str, str], made: tuple[str, str], transport: int
) -> None:
    with pytest.raises(TransactionFailed) as refused:
        await Allocation(answer[0][transport], *made).__aenter__()
    assert refused.value.response.error_code == 401
