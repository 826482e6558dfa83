"""Where visits and policies come from, and what is refused in words."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import yaml

from pixelstream.cli.simulator.arrivals import from_csv
from pixelstream.cli.simulator.model import Loop, Visit
from pixelstream.cli.simulator.policies import CANDIDATES, read_policy, read_values, write_values
from pixelstream.cli.simulator.prometheus import recorded
from pixelstream.errors import SettingsError
from pixelstream.settings.values import CHARTS
from pixelstream.settings.values.kubernetes import Behavior, ScalingRules

COMMON = {"name": "default", "gpus": 1.0, "pricePerGpuHour": 1.2}


def test_visits_come_from_a_file_in_either_form_of_time(tmp_path: Path) -> None:
    file = tmp_path / "visits.csv"
    file.write_text("who,arrival,seconds\na,2026-01-05T08:00:00+00:00,60\nb,1000.5,30\n")
    eight = datetime(2026, 1, 5, 8, tzinfo=UTC).timestamp()
    assert from_csv(file) == [Visit(1000.5, 30.0), Visit(eight, 60.0)]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "needs a first line that names the columns arrival and seconds"),
        ("arrival\n1\n", "needs a first line"),
        ("arrival,seconds\nnoon,5\n", "line 2: noon,5 is no time of arrival"),
        ("arrival,seconds\n5,-1\n", "line 2: 5,-1"),
        ("arrival,seconds\n5,nan\n", "line 2: 5,nan"),
        ("arrival,seconds\n5\n", "line 2: 5,None"),
    ],
)
def test_a_line_that_is_no_visit_is_named(tmp_path: Path, text: str, words: str) -> None:
    file = tmp_path / "visits.csv"
    file.write_text(text)
    with pytest.raises(SettingsError) as caught:
        from_csv(file)
    assert words in str(caught.value)


# --- policies ----------------------------------------------------------------------------------


def test_a_policy_is_written_in_a_word() -> None:
    sizing = read_policy("fixed=2,percent=20,min=1,max=40,hours=200", COMMON).fleet.sizing()
    assert (sizing.spare, sizing.percent, sizing.minimum, sizing.maximum) == (2, 20, 1, 40)
    assert sizing.budget
    assert sizing.budget.gpu_hours == 200


@pytest.mark.parametrize("word", CANDIDATES)
def test_the_usual_policies_are_policies(word: str) -> None:
    assert read_policy(word, COMMON).title == word


def test_a_policy_may_be_a_file(tmp_path: Path) -> None:
    file = tmp_path / "office.yaml"
    file.write_text("maximum: 30\nbuffer: {schedule: [{cron: '0 8 * * mon-fri', streams: 9}]}\n")
    policy = read_policy(str(file), COMMON)
    assert (policy.title, policy.fleet.maximum, policy.fleet.price_per_gpu_hour) == ("office", 30, 1.2)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "is none of fixed=N"),
        ("fixed", "is none of fixed=N"),
        ("fixed=-1", "is none of fixed=N"),
        ("spare=1", "'spare=1' is none of fixed=N, percent=N, min=N, max=N, hours=N"),
        ("min=9,max=3", "minimum must not be above maximum"),
        ("percent=5000", "must be at least 0 and at most 1000"),
    ],
)
def test_what_is_no_policy_is_refused(text: str, words: str) -> None:
    with pytest.raises(SettingsError) as caught:
        read_policy(text, COMMON)
    assert words in str(caught.value)


def test_what_is_written_for_helm_is_taken_by_the_chart_and_read_back(tmp_path: Path) -> None:
    policy = read_policy("fixed=1,percent=10,min=2,max=40,hours=200", COMMON)
    file = tmp_path / "values.yaml"
    file.write_text(write_values(policy, Loop(keda=True)))
    again, loop = read_values(file, Loop(), {"name": "default", "gpus": 1.0})
    assert again.fleet.sizing() == policy.fleet.sizing()
    assert again.fleet.price_per_gpu_hour == 1.2
    assert loop.keda
    fleet = yaml.safe_load(file.read_text())["streamer"]["fleets"]["default"]
    known = CHARTS["streamer"].model_fields["autoscaling"].annotation
    assert known
    aliases = {field.alias for field in known.model_fields.values()}
    assert fleet["autoscaling"].keys() <= aliases


def test_a_policy_without_bounds_gets_such_as_fit_what_was_simulated() -> None:
    def bounds(words: str, most: int) -> tuple[int, int]:
        written = yaml.safe_load(write_values(read_policy(words, COMMON), Loop(), most))
        scaling = written["streamer"]["fleets"]["default"]["autoscaling"]
        return scaling["minReplicas"], scaling["maxReplicas"]

    assert bounds("fixed=1", 40) == (1, 60)
    assert bounds("fixed=0", 3) == (0, 10)
    assert bounds("fixed=2,min=4,max=50", 400) == (4, 50)


def test_values_of_a_fleet_lie_over_those_of_all(tmp_path: Path) -> None:
    file = tmp_path / "values.yaml"
    file.write_text("""
streamer:
  autoscaling: {maxReplicas: 50, buffer: {percent: 5}, behavior: {scaleDown: {stabilizationWindowSeconds: 7}}}
  fleets: {default: {autoscaling: {minReplicas: 3}}, other: {autoscaling: {minReplicas: 9}}}
""")
    policy, loop = read_values(file, Loop(), COMMON)
    assert (policy.fleet.minimum, policy.fleet.maximum, policy.fleet.sizing().percent) == (3, 50, 5)
    assert loop.behavior.scale_up == Loop().behavior.scale_up
    assert loop.behavior.scale_down == ScalingRules(stabilization_window_seconds=7)
    assert isinstance(loop.behavior, Behavior)


@pytest.mark.parametrize(
    ("gpu", "gpus"),
    [
        ("{}", 1.5),
        ("{mode: dedicated, count: 2}", 2.0),
        ("{mode: shared, streams: 4, memory: 4Gi, deviceMemory: 16Gi}", 0.25),
        ("{mode: mig, profile: 1g.24gb+gfx}", 1.0),
    ],
)
def test_values_say_what_a_stream_has_of_a_gpu(gpu: str, gpus: float, tmp_path: Path) -> None:
    file = tmp_path / "values.yaml"
    file.write_text(f"streamer: {{fleets: {{default: {{gpu: {gpu}}}}}}}")
    policy, _ = read_values(file, Loop(), {**COMMON, "gpus": 1.5})
    assert policy.fleet.gpus == gpus


# --- Prometheus --------------------------------------------------------------------------------

Answers = dict[str, tuple[int, Any]]


@contextmanager
def prometheus(answers: Answers) -> Iterator[tuple[str, list[dict[str, list[str]]]]]:
    """Run a stand-in that answers by the way of asking; yields its URL and what it was asked."""
    asked: list[dict[str, list[str]]] = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            parts = urlsplit(self.path)
            asked.append(parse_qs(parts.query))
            status, body = answers[parts.path.rsplit("/", 1)[1]]
            self.send_response(status)
            self.end_headers()
            self.wfile.write(json.dumps(body).encode())

        def log_message(self, *_: object) -> None:
            """Keep the tests' output clean."""

    server = HTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}", asked
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def result(*series: Any) -> tuple[int, Any]:
    return 200, {"status": "success", "data": {"result": list(series)}}


def test_recorded_players_are_spread_over_their_minutes_with_the_mean_length() -> None:
    values = [[60.0 * minute, "2.5"] for minute in range(1, 401)]
    answers = {"query_range": result({"values": values}), "query": result({"value": [0, "300"]})}
    with prometheus(answers) as (url, asked):
        visits = recorded(url, "gold", (0.0, 24_000.0))
    assert len(visits) == 1000
    assert all(0 <= visit.at <= 24_000 for visit in visits)
    assert sum(visit.seconds for visit in visits) / 1000 == pytest.approx(300, rel=0.2)
    assert 'fleet="gold"' in asked[0]["query"][0]


@pytest.mark.parametrize(
    ("answers", "words"),
    [
        ({"query_range": (400, {"status": "error", "error": "parse error"})}, "refused: parse error"),
        ({"query_range": result(), "query": result()}, "has recorded nobody who came"),
        (
            {"query_range": result({"values": [[60, "3"]]}), "query": result({"value": [0, "NaN"]})},
            "has recorded no length of a visit",
        ),
    ],
)
def test_a_prometheus_that_knows_nothing_is_told_in_words(answers: Answers, words: str) -> None:
    with prometheus(answers) as (url, _), pytest.raises(SettingsError) as caught:
        recorded(url, "default", (0.0, 600.0))
    assert words in str(caught.value)


def test_a_prometheus_that_is_not_there_is_told_in_words() -> None:
    with pytest.raises(SettingsError, match="cannot be asked"):
        recorded("http://127.0.0.1:1", "default", (0.0, 600.0))
