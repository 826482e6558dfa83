"""A real Prometheus on a free port, over a folder of its own, and what boards ask it.

The trap: its log alone says which port it got, and it must be read to its end, or Prometheus blocks.
"""

from __future__ import annotations

import re
import subprocess
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import yaml

from tests.cluster.node import build
from tests.setup.dashboards.panels import Panel
from tests.telemetry import rules

START = 60.0
"""Seconds that it has to open its port."""
LISTENING = re.compile(r"Listening on.* address=(127\.0\.0\.1:\d+)")


@dataclass(frozen=True)
class Target:
    """Somebody to scrape, with the labels that a monitor would add."""

    address: str
    labels: dict[str, str]


@dataclass(frozen=True)
class View:
    """What a board's reader chose: its variables and the time shown."""

    start: float
    end: float
    step: float
    variables: Mapping[str, str] = field(default_factory=dict)

    def written(self, query: str) -> str:
        """Return a query with Grafana's variables filled in."""
        words = {
            "__rate_interval": f"{int(4 * self.step)}s",
            "__range": f"{int(self.end - self.start)}s",
            **self.variables,
        }
        for name in sorted(words, key=len, reverse=True):
            query = query.replace(f"${name}", words[name])
        assert "$" not in query, query
        return query


@dataclass(frozen=True)
class Series:
    """A curve: its labels, the name that the panel gives it, points of time and value."""

    labels: dict[str, str]
    legend: str
    points: list[tuple[float, float]]


class Prometheus:
    """A running Prometheus."""

    def __init__(self, address: str) -> None:
        self.url = f"http://{address}"
        self._http = httpx.Client(base_url=self.url, timeout=60.0, trust_env=False)

    def get(self, path: str, **parameters: Any) -> Any:
        """Ask its API and return the data of the answer."""
        answer = self._http.post(f"/api/v1/{path}", data=parameters).json()
        assert answer["status"] == "success", (parameters, answer)
        return answer["data"]

    def ask(self, target: Mapping[str, Any], view: View) -> list[Series]:
        """Return what a query of a panel shows; points that are no number are left out."""
        query = view.written(target["expr"])
        if target["instant"]:
            data = self.get("query", query=query, time=view.end)
            found = [(it["metric"], [it["value"]]) for it in data["result"]]
        else:
            data = self.get("query_range", query=query, start=view.start, end=view.end, step=view.step)
            found = [(it["metric"], it["values"]) for it in data["result"]]
        series = [Series(labels, _legend(target, labels), _numbers(values)) for labels, values in found]
        return [it for it in series if it.points]

    def shows(self, panel: Panel, view: View) -> dict[str, list[Series]]:
        """Return what each query of a panel shows, by its letter."""
        return {target["refId"]: self.ask(target, view) for target in panel["targets"]}

    def scrapes(self, count: int) -> bool:
        """Whether so many targets answered twice: what they count from now on shows."""
        data = self.get("query", query="count(count_over_time(up[1m]) >= 2 and up == 1)")
        return bool(data["result"]) and int(data["result"][0]["value"][1]) == count

    def faults(self) -> list[str]:
        """Return what went wrong with rules, by their names."""
        groups = self._http.get("/api/v1/rules").json()["data"]["groups"]
        rules = [rule for group in groups for rule in group["rules"]]
        return [f"{rule['name']}: {rule['lastError']}" for rule in rules if rule.get("lastError")]

    def close(self) -> None:
        """Let go of its connections."""
        self._http.close()


def _numbers(values: Sequence[Sequence[Any]]) -> list[tuple[float, float]]:
    points = [(float(at), float(value)) for at, value in values]
    return [(at, value) for at, value in points if value == value and abs(value) != float("inf")]  # noqa: PLR0124


def _legend(target: Mapping[str, Any], labels: Mapping[str, str]) -> str:
    legend: str = target["legendFormat"]
    return re.sub(r"\{\{\s*(\w+)\s*\}\}", lambda match: labels.get(match[1], ""), legend)


@contextmanager
def prometheus(folder: Path, targets: Sequence[Target] = (), interval: str = "1s") -> Iterator[Prometheus]:
    """Run one with the chart's rules over `folder`/data while the block runs; it scrapes `targets`."""
    config = {
        "global": {"scrape_interval": interval, "scrape_timeout": interval, "evaluation_interval": interval},
        "rule_files": [str(rules.write(folder))],
        "scrape_configs": [
            {
                "job_name": "streams",
                "static_configs": [{"targets": [it.address], "labels": it.labels} for it in targets],
            }
        ],
    }
    file = folder / "prometheus.yaml"
    file.write_text(yaml.safe_dump(config))
    argv = [
        str(build.program("prometheus")),
        f"--config.file={file}",
        f"--storage.tsdb.path={folder / 'data'}",
        "--storage.tsdb.retention.time=30d",
        "--web.listen-address=127.0.0.1:0",
    ]
    with subprocess.Popen(argv, stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True) as process:
        try:
            running = Prometheus(_address(process))
            _ready(running)
            try:
                yield running
            finally:
                running.close()
        finally:
            process.terminate()


def _address(process: subprocess.Popen[str]) -> str:
    assert process.stderr
    said = []
    for line in process.stderr:
        said.append(line)
        if match := LISTENING.search(line):
            threading.Thread(target=process.stderr.read, daemon=True).start()
            return match[1]
    raise AssertionError("".join(said))


def _ready(running: Prometheus) -> None:
    """Wait until it has read what it has stored."""
    deadline = time.monotonic() + START
    while httpx.get(f"{running.url}/-/ready", trust_env=False).status_code != httpx.codes.OK:
        assert time.monotonic() < deadline, "Prometheus is not ready"
        time.sleep(0.05)
