"""A bitmap font, 5 dots wide and 8 high, drawn for this package: printable ASCII, its rows in hex.

Bit 4 of a row is its leftmost dot; only signs that reach below the line have the eighth row. The trap: a
sign that is not in the table shows as a box, so that whatever a player types takes the room it should.
"""

from functools import lru_cache
from typing import Final

WIDTH: Final = 5
HEIGHT: Final = 8
ADVANCE: Final = WIDTH + 1
"""Dots from the left of one sign to the left of the next."""

_BITS: Final = range(WIDTH - 1, -1, -1)
_BOX: Final = "1f11111111111f"
_SIGNS: Final = """
!04040404040004 "0a0a0000000000 #0a0a1f0a1f0a0a $040f140e051e04 %18190204081303 &08140815120d00
'04040800000000 (02040808080402 )08040202020408 *00150e1f0e1500 +0004041f040400 ,00000000040408
-0000000e000000 .00000000000004 /01010204081010 00e11131519110e 1040c040404040e 20e11010204081f
31f02040201110e 402060a121f0202 51f101e0101110e 60608101e11110e 71f010204080808 80e11110e11110e
90e11110f01020c :00040000040000 ;00040000040408 <02040810080402 =00001f001f0000 >08040201020408
?0e110102040004 @0e11171517100e A0e11111f111111 B1e11111e11111e C0e11101010110e D1c12111111121c
E1f10101e10101f F1f10101e101010 G0e11101711110f H1111111f111111 I0e04040404040e J0702020202120c
K11121418141211 L1010101010101f M111b1515111111 N11191513111111 O0e11111111110e P1e11111e101010
Q0e11111115120d R1e11111e141211 S0f10100e01011e T1f040404040404 U1111111111110e V11111111110a04
W1111111515150a X11110a040a1111 Y11110a04040404 Z1f01020408101f [0e08080808080e \\10100804020101
]0e02020202020e ^040a1100000000 _0000000000001f `08040000000000 a00000e010f110f b10101e1111111e
c00000e1110110e d01010f1111110f e00000e111f100e f0608081c080808 g00000f11110f010e h10101619111111
i04000c0404040e j020006020202120c k10101214181412 l0c04040404040e m00001a15151511 n00001e11111111
o00000e1111110e p00001e11111e1010 q00000f11110f0101 r00001619101010 s00000f100e011e t08081c08080906
u0000111111130d v00001111110a04 w0000111115150a x0000110a040a11 y00001111110f010e z00001f0204081f
{02040408040402 |04040404040404 }08040402040408 ~00000815020000
"""


def _parse(table: str) -> dict[str, tuple[int, ...]]:
    signs: dict[str, tuple[int, ...]] = {" ": (0,) * HEIGHT}
    for entry in table.split():
        rows = entry[1:].ljust(2 * HEIGHT, "0")
        signs[entry[0]] = tuple(int(rows[i : i + 2], 16) for i in range(0, 2 * HEIGHT, 2))
    return signs


SIGNS: Final = _parse(_SIGNS)
_MISSING: Final = _parse("x" + _BOX)["x"]


def text_rows(text: str, scale: int, ink: int, paper: int) -> list[bytes]:
    """Return the `HEIGHT` different rows of `text`; each is to be drawn `scale` times, one below the other.

    `ink` and `paper` are the luma of dots and of what is between them.
    """
    signs = [_sign_rows(sign, scale, ink, paper) for sign in text]
    return [b"".join(sign[row] for sign in signs) for row in range(HEIGHT)]


@lru_cache(maxsize=1024)
def _sign_rows(sign: str, scale: int, ink: int, paper: int) -> tuple[bytes, ...]:
    dot, gap = bytes((ink,)) * scale, bytes((paper,)) * scale
    lines = SIGNS.get(sign, _MISSING)
    return tuple(b"".join(dot if line >> bit & 1 else gap for bit in _BITS) + gap for line in lines)
