"""Which stream is taken next, and how many a fleet wants."""

import pytest

from pixelstream.matchmaking.policy import Buffer, Choice, Need, Offer, streams_wanted


def test_the_fullest_stream_is_filled_first_when_packed() -> None:
    offer = Offer(Choice.PACKED)
    offer.put("empty", 0)
    offer.put("half", 1)
    assert offer.pick() == "half"


def test_the_emptiest_is_taken_first_when_spread() -> None:
    offer = Offer(Choice.SPREAD)
    offer.put("half", 1)
    offer.put("empty", 0)
    assert offer.pick() == "empty"


def test_among_equals_the_one_that_has_been_free_longest_is_taken() -> None:
    offer = Offer()
    offer.put("a", 0)
    offer.put("b", 0)
    offer.put("a", 0)
    assert offer.pick() == "a"
    offer.remove("a")
    offer.put("a", 0)
    assert offer.pick() == "b"


def test_nothing_is_picked_from_nothing() -> None:
    offer = Offer()
    offer.put("a", 0)
    offer.remove("a")
    offer.remove("a")
    assert offer.pick() is None
    assert len(offer) == 0


@pytest.mark.parametrize(
    ("need", "buffer", "wanted"),
    [
        (Need(3, 3, 2), Buffer(1), 6),
        (Need(0, 0, 0), Buffer(0), 0),
        (Need(0, 0, 0), Buffer(2), 2),
        (Need(0, 0, 0), Buffer(0, minimum=3), 3),
        (Need(50, 50, 200), Buffer(5, maximum=100), 100),
        (Need(2, 5, 1, seats=4), Buffer(1), 3),
        (Need(3, 3, 0, seats=4), Buffer(0), 3),
        (Need(0, 0, 5, seats=0), Buffer(0), 5),
    ],
)
def test_streams_wanted_is_taken_and_waiting_and_buffer_within_bounds(
    need: Need, buffer: Buffer, wanted: int
) -> None:
    assert streams_wanted(need, buffer) == wanted
