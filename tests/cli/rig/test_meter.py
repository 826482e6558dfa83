import os

from pixelstream.cli.rig.meter import Meter, one_cpu


def test_a_process_is_read_as_the_system_shows_it() -> None:
    meter = Meter(os.getpid())
    before, own = meter.cpu(), os.times()
    assert abs(before.user - own.user) < 0.5
    assert meter.rss() > 10_000_000


def test_a_measurement_has_one_cpu_and_gives_the_others_back() -> None:
    before = os.sched_getaffinity(0)
    with one_cpu():
        assert len(os.sched_getaffinity(0)) == 1
    assert os.sched_getaffinity(0) == before
