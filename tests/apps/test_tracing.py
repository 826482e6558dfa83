"""Spans of a visit reach a collector in either protocol, under one trace; without one nothing is loaded."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from pixelstream.apps import tracing
from pixelstream.apps.tracing import Silent, make_tracer
from pixelstream.auth.lease import Lease, sign
from pixelstream.errors import SettingsError
from pixelstream.protocol.quality import PATH
from pixelstream.protocol.trace import Step, root_of, trace_of
from pixelstream.settings.base import parse
from pixelstream.settings.otel import Otel
from tests.support.collector import Span, collecting
from tests.support.matchmaking import KEYS, house
from tests.support.signalling import signalserver
from tests.support.sockets import DEADLINE
from tests.support.streams import LEASE_KEYS, FakeStream

TRACE, SPAN = "0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"
PROTOCOLS = ("http/protobuf", "http/json")


@pytest.fixture(autouse=True)
def _keys(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in KEYS.items():
        monkeypatch.setenv(name, value)


def named(spans: list[Span]) -> dict[str, Span]:
    return {str(span["name"]): span for span in spans}


@pytest.mark.parametrize("protocol", PROTOCOLS)
async def test_a_visit_is_told_step_by_step_under_its_own_trace(protocol: str, tmp_path: Path) -> None:
    headers = tmp_path / "headers"
    headers.write_text("x-api-key: secret\n")
    stream = FakeStream("s")
    async with collecting() as collector:
        otel = f"{{endpoint: '{collector.url}', protocol: {protocol}, headersFile: {headers}}}"
        async with house(stream, settings=f"otel: {otel}") as here:
            player = await here.visit("?handoff=1", headers={"traceparent": f"00-{TRACE}-{SPAN}-01"})
            notice = await player.matched()
            seat = await here.visit_url(f"{stream.url}/{notice['url']}")
            await seat.until(lambda _: bool(seat.messages))
            steps = b'{"queue":1,"seat":0.5,"signalling":0.25,"ice":0.25,"frame":0.5}'
            body = b'{"part":"start","age":2,"phases":' + steps + b"}"
            answer = await here.http.post(
                PATH, content=body, headers={"Authorization": f"Bearer {notice['lease']}"}
            )
            assert answer.status_code == 204
            stream.free(notice["session"])
            await here.until("/api/v1/usage", lambda found: bool(found["rows"]))
        wanted = {"visit", "queue", "seat", "signalling", "ice", "frame"}
        spans = named(await collector.until(lambda spans: wanted <= set(named(spans))))
    trace = trace_of(notice["session"])
    assert {span["traceId"] for span in spans.values()} == {trace}
    assert {span["service"] for span in spans.values()} == {"pixelstream-matchmaker"}
    assert spans["visit"]["spanId"] == root_of(trace)
    assert "parentSpanId" not in spans["visit"]
    assert {spans[name]["parentSpanId"] for name in wanted - {"visit"}} == {root_of(trace)}
    assert {link["traceId"] for link in spans["queue"]["links"]} == {TRACE}
    assert length(spans["ice"]) == pytest.approx(0.25, abs=1e-3)
    assert int(spans["signalling"]["endTimeUnixNano"]) == int(spans["ice"]["startTimeUnixNano"])
    assert collector.kinds == {"application/json" if protocol == "http/json" else "application/x-protobuf"}
    assert {seen["x-api-key"] for seen in collector.headers} == {"secret"}


def length(span: Span) -> float:
    return (int(span["endTimeUnixNano"]) - int(span["startTimeUnixNano"])) / 1e9


async def test_a_signalserver_tells_its_part_of_the_same_visit() -> None:
    now = int(time.time())
    lease = sign(Lease("v-1", "f", "s", 1, now, now + 3600), LEASE_KEYS)
    async with collecting() as collector:
        settings = f"stream: {{id: s, fleet: f}}\notel: {{endpoint: '{collector.url}'}}"
        async with signalserver(settings) as server:
            streamer = await server.streamer()
            player = await server.player(f"/s/{lease}/ws", to="A")
            await streamer.hears("playerConnected")
            await player.leaves()
            await streamer.hears("playerDisconnected")
        spans = named(await collector.until(lambda spans: "signalserver visit" in named(spans)))
    assert {"signalserver config", "signalserver subscribed"} <= set(spans)
    assert {span["traceId"] for span in spans.values()} == {trace_of("v-1")}
    assert {span["parentSpanId"] for span in spans.values()} == {root_of(trace_of("v-1"))}
    assert {span["service"] for span in spans.values()} == {"pixelstream-signalserver"}


async def test_shares_of_visits_are_the_same_at_every_service() -> None:
    sessions = [f"v-{n}" for n in range(400)]
    told: list[set[str]] = []
    for service in ("matchmaker", "signalserver"):
        async with collecting() as collector:
            tracer = make_tracer(Otel(endpoint=collector.url, sample_ratio=0.5), service)
            for session in sessions:
                tracer.tell(Step("queue", session, 1.0, 2.0))
            await tracer.close()
            told.append({span["traceId"] for span in collector.spans})
    assert told[0] == told[1]
    assert 120 < len(told[0]) < 280


async def test_a_collector_that_is_away_holds_nobody_up() -> None:
    tracer = make_tracer(Otel(endpoint="http://127.0.0.1:9", protocol="http/json"), "matchmaker")
    for n in range(10_000):
        tracer.tell(Step("queue", f"v-{n % 50}", 1.0, 2.0))
    exporter: Any = tracer
    assert len(exporter._exporter._processor._batch_processor._queue) <= 2048
    await tracer.close()


def test_without_a_collector_nothing_is_loaded() -> None:
    code = (
        "import sys, pixelstream.apps.matchmaker.app, pixelstream.apps.signalserver.app\n"
        "from pixelstream.apps.tracing import make_tracer, Silent\n"
        "from pixelstream.settings.otel import Otel\n"
        "assert isinstance(make_tracer(Otel(), 'matchmaker'), Silent)\n"
        "costly = ('opentelemetry.sdk', 'opentelemetry.exporter', 'requests', 'google')\n"
        "print([name for name in sys.modules if name.startswith(costly)])"
    )
    run = [sys.executable, "-c", code]
    done = subprocess.run(run, capture_output=True, text=True, timeout=6 * DEADLINE, check=True)
    assert done.stdout.strip() == "[]"


def test_packages_that_are_missing_are_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pixelstream.net.otlp", None)
    with pytest.raises(SettingsError, match=r"pixelstream\[otel\]"):
        make_tracer(Otel(endpoint="http://127.0.0.1:9"), "matchmaker")


@pytest.mark.parametrize("text", ["no colon", ": nothing"])
def test_headers_that_are_none_are_named_and_not_shown(text: str, tmp_path: Path) -> None:
    file = tmp_path / "headers"
    file.write_text(text)
    with pytest.raises(SettingsError) as caught:
        tracing.make_tracer(Otel(endpoint="http://127.0.0.1:9", headers_file=file), "matchmaker")
    assert "headersFile" in str(caught.value)
    assert "no colon" not in str(caught.value)


def test_it_is_off_unless_an_endpoint_is_named() -> None:
    assert isinstance(make_tracer(parse(Otel, ""), "matchmaker"), Silent)
