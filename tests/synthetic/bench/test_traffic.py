import orjson
import pytest

from pixelstream.synthetic.bench import traffic


def test_messages_have_exactly_the_size_they_stand_for() -> None:
    assert (len(traffic.candidate()), len(traffic.answer())) == (280, 5000)


@pytest.mark.parametrize("size", [1500, 2222, 4999, 20_000])
def test_an_answer_can_have_any_size(size: int) -> None:
    message = orjson.loads(traffic.answer(size))
    assert len(orjson.dumps(message)) == size
    assert message["sdp"].startswith("v=0\r\n")


def test_what_would_have_to_be_shorter_than_it_can_be_is_refused() -> None:
    with pytest.raises(ValueError, match="less than"):
        traffic.candidate(100)


def test_a_streamer_says_the_same_to_one_player() -> None:
    sent = orjson.loads(traffic.addressed(traffic.answer(), "offer", "7"))
    assert sent == {**orjson.loads(traffic.answer()), "type": "offer", "playerId": "7"}
