"""The shared shell: health, errors, and the end of a real process on signals."""

from __future__ import annotations

import os
import signal
import subprocess
import sys

import httpx
import pytest
from prometheus_client import Counter

from pixelstream import __version__
from pixelstream.apps.service import create_app
from pixelstream.metrics.common import new_registry

PROGRAM = """
import asyncio, sys
from contextlib import asynccontextmanager
from pixelstream.apps.service import run
from pixelstream.settings.base import Log

class Service:
    async def drain(self):
        print("drain", flush=True)
        if sys.argv[1] == "stays":
            await asyncio.Event().wait()
        if sys.argv[1] == "fails":
            raise ValueError("no")

@asynccontextmanager
async def serving():
    print("up", flush=True)
    yield Service()
    print("down", flush=True)

run("sample", serving, log_settings=Log(), drain=float(sys.argv[2]))
"""


@pytest.fixture
def client() -> tuple[httpx.AsyncClient, list[str]]:
    reasons: list[str] = []
    registry = new_registry()
    Counter("seen", "Things seen", registry=registry).inc(3)
    app = create_app("sample", registry=registry, not_ready=lambda: reasons[0] if reasons else None)

    @app.get("/breaks")
    async def breaks() -> None:
        raise ValueError("secret words")

    transport = httpx.ASGITransport(app, raise_app_exceptions=False)
    return httpx.AsyncClient(transport=transport, base_url="http://sample"), reasons


async def test_health_names_service_and_version(client: tuple[httpx.AsyncClient, list[str]]) -> None:
    answer = await client[0].get("/healthz")
    assert answer.json() == {"status": "ok", "service": "sample", "version": __version__}


async def test_readiness_follows_the_service(client: tuple[httpx.AsyncClient, list[str]]) -> None:
    http, reasons = client
    assert (await http.get("/readyz")).status_code == 200
    reasons.append("no streamer")
    answer = await http.get("/readyz")
    assert (answer.status_code, answer.json()) == (503, {"detail": "no streamer"})


async def test_metrics_show_build_and_registry(client: tuple[httpx.AsyncClient, list[str]]) -> None:
    text = (await client[0].get("/metrics")).text
    assert f'pixelstream_build_info{{version="{__version__}"}} 1.0' in text
    assert "seen_total 3.0" in text


async def test_errors_are_json_without_inner_words(client: tuple[httpx.AsyncClient, list[str]]) -> None:
    answer = await client[0].get("/breaks")
    assert (answer.status_code, answer.json()) == (500, {"detail": "internal error"})
    missing = await client[0].get("/nowhere")
    assert (missing.status_code, missing.json()) == (404, {"detail": "Not Found"})


def start(mode: str, drain: float) -> subprocess.Popen[str]:
    process = subprocess.Popen(
        [sys.executable, "-c", PROGRAM, mode, str(drain)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONUNBUFFERED": "1"},
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "up\n"
    return process


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_drains_then_stops_with_0(number: signal.Signals) -> None:
    process = start("leaves", 30)
    process.send_signal(number)
    out, _ = process.communicate(timeout=20)
    assert (process.returncode, out) == (0, "drain\ndown\n")


def test_the_deadline_cuts_a_drain_short() -> None:
    process = start("stays", 0.05)
    process.send_signal(signal.SIGTERM)
    out, err = process.communicate(timeout=20)
    assert (process.returncode, out) == (0, "drain\ndown\n")
    assert "drain cut short" in err


def test_a_second_signal_ends_the_drain() -> None:
    process = start("stays", 3600)
    process.send_signal(signal.SIGTERM)
    assert process.stdout is not None
    assert process.stdout.readline() == "drain\n"
    process.send_signal(signal.SIGTERM)
    out, _ = process.communicate(timeout=20)
    assert (process.returncode, out) == (0, "down\n")


def test_a_failing_drain_is_told_and_still_ends_with_0() -> None:
    process = start("fails", 30)
    process.send_signal(signal.SIGTERM)
    _, err = process.communicate(timeout=20)
    assert process.returncode == 0
    assert "drain failed" in err


def test_sigusr1_begins_the_drain_and_sigterm_ends_the_service() -> None:
    process = start("leaves", 30)
    process.send_signal(signal.SIGUSR1)
    assert process.stdout is not None
    assert process.stdout.readline() == "drain\n"
    assert process.poll() is None
    process.send_signal(signal.SIGTERM)
    out, err = process.communicate(timeout=20)
    assert (process.returncode, out) == (0, "down\n")
    assert "drain cut short" not in err


def test_the_deadline_counts_from_sigusr1_on() -> None:
    process = start("stays", 0.01)
    process.send_signal(signal.SIGUSR1)
    assert process.stdout is not None
    assert process.stdout.readline() == "drain\n"
    process.send_signal(signal.SIGTERM)
    out, err = process.communicate(timeout=20)
    assert (process.returncode, out) == (0, "down\n")
    assert "drain cut short" in err
