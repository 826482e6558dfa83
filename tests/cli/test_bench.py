import json
import subprocess
import sys

import pytest

SMALL = ("--rounds", "1", "--seconds", "0.3", "--idle", "20", "--visits", "100", "--waiting", "40")
WANTED = [
    "relay_small_ratio",
    "relay_large_ratio",
    "idle_player_kb",
    "base_rss_mb",
    "setup_cpu_ms",
    "seats_per_s",
    "seat_p99_ms",
    "turn_answers_per_s",
]


@pytest.fixture(scope="module")
def done() -> "subprocess.CompletedProcess[str]":
    argv = [sys.executable, "-m", "pixelstream", "bench", *SMALL]
    return subprocess.run(argv, capture_output=True, text=True, check=False, timeout=100)


def test_the_last_line_is_one_line_of_json_with_every_figure(
    done: "subprocess.CompletedProcess[str]",
) -> None:
    assert done.returncode == 0, done.stderr
    figures = json.loads(done.stdout.splitlines()[-1])
    assert list(figures)[: len(WANTED)] == WANTED
    words = {name for name, value in figures.items() if not isinstance(value, int | float)}
    assert words == {"python", "node"}


def test_the_table_has_ours_beside_the_bare_relay(done: "subprocess.CompletedProcess[str]") -> None:
    assert all(word in done.stdout for word in ("ours", "bare ws relay", "goal", "280 B"))


def test_progress_stays_off_standard_output(done: "subprocess.CompletedProcess[str]") -> None:
    assert "measuring: messages of 5 KB" in done.stderr
    assert "measuring" not in done.stdout
