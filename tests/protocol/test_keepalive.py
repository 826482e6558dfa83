import pytest

from pixelstream.protocol.keepalive import Keepalive, Verdict


@pytest.mark.parametrize(
    ("silence", "verdict"),
    [(0, Verdict.ALIVE), (9.9, Verdict.ALIVE), (10, Verdict.PING), (29.9, Verdict.PING), (30, Verdict.DEAD)],
)
def test_silence_is_pinged_then_given_up(silence: float, verdict: Verdict) -> None:
    assert Keepalive(10.0, 30.0).verdict(1000.0 + silence, 1000.0) is verdict


def test_an_interval_of_zero_pings_and_reaps_nobody() -> None:
    assert Keepalive(0.0, 30.0).verdict(1e9, 0.0) is Verdict.ALIVE
