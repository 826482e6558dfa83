"""What streams use is counted by state and priced; each session leaves one row, the same at every replica."""

from __future__ import annotations

import pytest

from pixelstream.matchmaking.model import ReleaseReason, Session, SessionState
from pixelstream.matchmaking.usage import GpuState, Meter, Occupied, Rate, Rows, order

IDLE, BUSY, STARTING = GpuState.IDLE, GpuState.BUSY, GpuState.STARTING


def over(
    name: str, joined: float, end: float, connected: float | None = None, user: str | None = None
) -> Session:
    return Session(
        name, "default", joined, end, user, state=SessionState.RELEASED, connected=connected,
        reason=ReleaseReason.LEFT,
    )  # fmt: skip


def test_gpu_seconds_go_by_what_a_stream_is_for() -> None:
    meter = Meter(100.0)
    meter.count([Occupied("a", "f", STARTING, 0), Occupied("b", "f", IDLE, 0)], {}, 110.0)
    meter.count([Occupied("a", "f", BUSY, 1), Occupied("b", "f", BUSY, 2)], {}, 115.0)
    account = meter.accounts["f"]
    assert account.gpu_seconds == {STARTING: 10.0, IDLE: 10.0, BUSY: 10.0}
    assert account.session_seconds == 15.0


def test_the_gpus_of_a_stream_and_their_price_make_the_cost() -> None:
    meter = Meter(0.0)
    rates = {"f": Rate(gpus=0.25, price=3.6), "g": Rate(gpus=2, price=1.8)}
    meter.count([Occupied("a", "f", BUSY, 1), Occupied("b", "g", IDLE, 0)], rates, 40.0)
    assert meter.accounts["f"].gpu_seconds[BUSY] == 10.0
    assert meter.accounts["f"].cost[BUSY] == pytest.approx(0.01)
    assert meter.accounts["g"].cost[IDLE] == pytest.approx(0.04)


def test_idle_time_is_part_of_what_a_minute_of_a_session_costs() -> None:
    meter = Meter(0.0)
    rates = {"f": Rate(price=3600.0)}
    assert meter.accounts.get("f") is None
    meter.count([Occupied("a", "f", BUSY, 1), Occupied("b", "f", IDLE, 0)], rates, 60.0)
    assert meter.accounts["f"].per_minute() == pytest.approx(120.0)


def test_a_minute_costs_nothing_that_can_be_told_before_the_first_player() -> None:
    meter = Meter(0.0)
    meter.know(["f"])
    assert meter.accounts["f"].per_minute() is None


def test_two_replicas_that_share_the_streams_count_as_one() -> None:
    streams = [Occupied(f"s{n}", "f", BUSY if n % 3 else IDLE, n % 3) for n in range(9)]
    whole, one, other = Meter(0.0), Meter(0.0), Meter(0.0)
    for step in range(1, 21):
        whole.count(streams, {}, step)
        one.count(streams[:4], {}, step)
        other.count(streams[4:], {}, step)
    for state in GpuState:
        parts = [meter.accounts["f"].gpu_seconds[state] for meter in (one, other)]
        assert sum(parts) == whole.accounts["f"].gpu_seconds[state]


def test_a_process_that_was_stopped_leaves_a_gap() -> None:
    meter = Meter(0.0)
    meter.count([Occupied("a", "f", BUSY, 1)], {}, 3600.0)
    assert meter.accounts["f"].gpu_seconds[BUSY] == 60.0
    meter.count([Occupied("a", "f", BUSY, 1)], {}, 3599.0)
    assert meter.accounts["f"].gpu_seconds[BUSY] == 60.0


def test_a_row_tells_the_wait_and_the_play() -> None:
    row = Rows().make(over("v", 100.0, 190.0, connected=130.0, user="ada"), 60.0, users=False)
    assert (row.start, row.end, row.waited, row.seconds) == (100.0, 190.0, 30.0, 60.0)
    assert (row.reason, row.user) == (ReleaseReason.LEFT, None)


def test_one_who_never_had_a_seat_waited_to_the_end() -> None:
    row = Rows().make(over("v", 100.0, 190.0), None, users=True)
    assert (row.waited, row.seconds) == (90.0, 0.0)


def test_of_a_session_that_was_found_on_its_seat_nobody_knows_the_wait() -> None:
    row = Rows().make(over("v", 100.0, 190.0, connected=100.0), 500.0, users=True)
    assert (row.start, row.waited, row.seconds) == (-310.0, None, 500.0)


def test_ids_grow_and_are_the_same_for_the_same_ends() -> None:
    one, other = Rows(), Rows()
    ends = [1.7e9, 1.7e9, 1.7e9, 1.7e9 + 1e-6, 1.7e9 + 0.001, 1.7e9 + 60]
    made = [
        [rows.make(over(f"v{n}", 0.0, end), None, users=False).id for n, end in enumerate(ends)]
        for rows in (one, other)
    ]
    assert made[0] == made[1]
    assert sorted(set(made[0]), key=order) == made[0]
    assert made[0][0] == "1700000000000-0"


@pytest.mark.parametrize("text", ["", "1", "1-", "-1", "a-b", "1-1-1", "+1-1", "9" * 50 + "-1"])
def test_what_is_no_id_orders_nothing(text: str) -> None:
    with pytest.raises(ValueError, match="id"):
        order(text)
