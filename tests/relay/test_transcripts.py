from pathlib import Path

import pytest

from pixelstream.protocol.profiles import PROFILES
from tests.support.transcript import play

TRANSCRIPTS = sorted((Path(__file__).parents[1] / "data" / "transcripts").glob("*.txt"))


@pytest.mark.parametrize("path", TRANSCRIPTS, ids=lambda path: path.stem)
def test_the_wire_goes_as_written(path: Path) -> None:
    play(path)


def test_every_profile_has_a_transcript() -> None:
    played = {path.stem.split("-")[0] for path in TRANSCRIPTS}
    assert played == set(PROFILES)
