"""Which stream is taken next."""

from pixelstream.matchmaking.policy import Choice, Offer


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
