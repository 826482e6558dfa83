"""coturn as a child: it starts, answers, denies what it should, says why it can't, and ends."""

from __future__ import annotations

import socket
import stat
import time
from dataclasses import replace
from pathlib import Path

import pytest
from aioice.stun import TransactionFailed

from pixelstream.apps.coturn import Coturn, CoturnError, CoturnPlan, render, with_ports
from pixelstream.net.stun import binding
from pixelstream.turn.credentials import issue
from tests.support.turn import Allocation

PLAN = CoturnPlan(secret="north")


def allocation(url: str, caller: str = "a") -> Allocation:
    made = issue(b"north", caller, now=time.time(), lifetime=60)
    return Allocation(url, made.username, made.credential)


async def test_it_answers_once_it_is_started_and_leaves_nothing_behind() -> None:
    coturn = Coturn(PLAN)
    async with coturn as relay:
        assert relay.host == "127.0.0.1"
        assert relay.udp == relay.tcp != 0
        assert await binding(relay.host, relay.udp or 0, 1.0)
        directory = Path(coturn._directory.name) if coturn._directory else Path()
        assert stat.S_IMODE((directory / "turn.conf").stat().st_mode) == 0o600
    assert not directory.exists()
    assert not await binding(relay.host, relay.udp or 0, 0.05)
    await coturn.stop()


async def test_the_relays_of_two_players_reach_each_other() -> None:
    async with Coturn(PLAN) as relay:
        url = f"turn:{relay.host}:{relay.udp}?transport=udp"
        async with allocation(url, caller="a") as one, allocation(url, caller="b") as other:
            other.send(b"opens the permission", one.address)
            one.send(b"hello", other.address)
            assert await other.receive() == (b"hello", one.address)


@pytest.mark.parametrize("peer", ["10.0.0.1", "192.168.1.1", "169.254.169.254", "8.8.8.8", "224.0.0.251"])
async def test_no_other_peer_is_relayed_to(peer: str) -> None:
    async with Coturn(PLAN) as relay, allocation(f"turn:{relay.host}:{relay.udp}?transport=udp") as one:
        one.send(b"hello", (peer, 5000))
        refusal = await one.refusal()
        assert isinstance(refusal, TransactionFailed)
        assert refusal.response.error_code == 403


async def test_a_peer_that_the_plan_names_is_allowed() -> None:
    plan = replace(PLAN, peers=("10.0.0.0-10.0.0.255",))
    async with Coturn(plan) as relay, allocation(f"turn:{relay.host}:{relay.udp}?transport=udp") as one:
        # coturn answers in order, so the refusal of the last is the end of both.
        one.send(b"hello", ("10.0.0.1", 5000))
        one.send(b"hello", ("10.0.1.1", 5000))
        assert isinstance(await one.refusal(), TransactionFailed)
        assert one.inbox.errors.empty()


async def test_a_missing_program_is_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(CoturnError, match="package is called coturn"):
        await Coturn(PLAN).start()


async def test_a_program_that_ends_at_once_is_quoted(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    program = tmp_path / "turnserver"
    program.write_text("#!/bin/sh\necho no such realm\nexit 1\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    coturn = Coturn(PLAN)
    with pytest.raises(CoturnError, match="no such realm"):
        await coturn.start()
    assert not coturn.running


def test_a_taken_port_is_named() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as taken:
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]
        with pytest.raises(CoturnError, match=f"port {port} on 127.0.0.1"):
            with_ports(replace(PLAN, port=port))


async def test_a_secret_that_would_add_options_is_refused() -> None:
    with pytest.raises(CoturnError, match="no blanks"):
        await Coturn(replace(PLAN, secret="a\nno-auth")).start()


def test_loopback_peers_are_allowed_on_loopback_only() -> None:
    assert "allow-loopback-peers" in render(PLAN, Path("/run/x"))
    assert "allow-loopback-peers" not in render(replace(PLAN, host="192.0.2.1"), Path("/run/x"))
