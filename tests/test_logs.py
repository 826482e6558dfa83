"""Logs are lines of JSON, masked, cheap when off, and take in what libraries say."""

from __future__ import annotations

import io
import logging
from collections.abc import Iterator
from typing import Any

import orjson
import pytest
import structlog

from pixelstream import logs
from pixelstream.protocol.trace import trace_of


@pytest.fixture(autouse=True)
def _restore() -> Iterator[None]:
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield
    root.handlers = handlers
    root.setLevel(level)
    structlog.reset_defaults()


def written(stream: io.BytesIO) -> list[dict[str, Any]]:
    return [orjson.loads(line) for line in stream.getvalue().splitlines()]


def test_a_line_has_event_level_service_and_time() -> None:
    out = io.BytesIO()
    logs.setup("sample", stream=out, final=False)
    structlog.get_logger("x").info("player joined", player="101")
    (line,) = written(out)
    assert line.pop("timestamp").endswith("Z")
    assert line == {"event": "player joined", "level": "info", "player": "101", "service": "sample"}


def test_levels_below_the_chosen_one_are_off() -> None:
    out = io.BytesIO()
    logs.setup("sample", "warning", stream=out, final=False)
    structlog.get_logger().info("quiet")
    structlog.get_logger().warning("loud")
    assert [line["event"] for line in written(out)] == ["loud"]


def test_leases_are_masked_wherever_they_stand() -> None:
    out = io.BytesIO()
    logs.setup("sample", stream=out, final=False)
    structlog.get_logger().info("opened /s/aaa.bbb.ccc/ws", query="x=1&lease=aaa.bbb.ccc")
    text = out.getvalue().decode()
    assert "aaa.bbb" not in text
    assert "/s/***/ws" in text


def test_libraries_speak_into_the_same_stream() -> None:
    out = io.BytesIO()
    logs.setup("sample", stream=out, final=False)
    logging.getLogger("uvicorn.error").warning("odd %s", "thing")
    logging.getLogger("uvicorn.error").info("hum")
    (line,) = written(out)
    assert (line["event"], line["logger"], line["level"]) == ("odd thing", "uvicorn.error", "warning")


def test_an_exception_becomes_text() -> None:
    out = io.BytesIO()
    logs.setup("sample", stream=out, final=False)
    try:
        int("told")
    except ValueError:
        structlog.get_logger().exception("failed")
    assert "ValueError: invalid literal" in written(out)[0]["exception"]


def test_console_lines_are_for_people() -> None:
    out = io.BytesIO()
    logs.setup("sample", style="console", stream=out, final=False)
    structlog.get_logger().info("player joined", player="101")
    assert b"player joined" in out.getvalue()
    assert not out.getvalue().startswith(b"{")


def test_a_line_of_a_session_has_the_sessions_trace() -> None:
    out = io.BytesIO()
    logs.setup("sample", stream=out, final=False)
    log = structlog.get_logger("x")
    log.info("player came", session="v-1")
    log.info("player left", session=None)
    first, second = written(out)
    assert first["trace"] == trace_of("v-1")
    assert "trace" not in second
