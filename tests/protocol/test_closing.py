from pixelstream.protocol import closing


def test_a_short_reason_is_kept() -> None:
    assert closing.fit("a lease is needed") == "a lease is needed"


def test_a_long_reason_is_cut_at_a_characters_end() -> None:
    fitted = closing.fit("é" * 100)
    assert fitted == "é" * 61
    assert len(fitted.encode()) <= closing.MAX_REASON


def test_a_reason_that_is_no_text_does_no_harm() -> None:
    assert closing.fit("\ud800x") == "?x"
