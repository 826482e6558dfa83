"""A lease admits its holder only unchanged, in time and under a known key."""

import base64

import jwt
import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pixelstream.auth.keys import LeaseKeys
from pixelstream.auth.lease import Lease, redact, sign, verify
from pixelstream.errors import LeaseError

SECRET = b"k" * 32
KEYS = LeaseKeys({"a": SECRET, "b": b"b" * 40})
LEASE = Lease("sess", "default", "stream-1", 7, issued=1000, expires=2000, user="ada")
CLAIMS = {"sub": "s", "fleet": "f", "stream": "x", "fence": 1, "iat": 0, "exp": 4_000_000_000}


def code_of(token: str, now: float = 1500.0, keys: LeaseKeys = KEYS) -> str:
    with pytest.raises(LeaseError) as caught:
        verify(token, keys, now)
    return caught.value.code


def foreign(claims: dict[str, object], *, key: bytes = SECRET, alg: str = "HS256", kid: str = "a") -> str:
    return jwt.encode(claims, key, algorithm=alg, headers={"kid": kid})


def test_what_is_signed_is_read_back() -> None:
    assert verify(sign(LEASE, KEYS), KEYS, 1999.9) == LEASE


def test_a_lease_without_a_user_has_no_such_claim() -> None:
    lease = Lease("s", "f", "x", 0, 1, 2)
    token = sign(lease, KEYS)
    assert "usr" not in jwt.decode(token, options={"verify_signature": False})
    assert verify(token, KEYS, 1) == lease


def test_an_independent_library_reads_our_tokens() -> None:
    claims = jwt.decode(sign(LEASE, KEYS), SECRET, algorithms=["HS256"], options={"verify_exp": False})
    assert claims == {
        "sub": "sess",
        "fleet": "default",
        "stream": "stream-1",
        "fence": 7,
        "iat": 1000,
        "exp": 2000,
        "usr": "ada",
    }
    assert jwt.get_unverified_header(sign(LEASE, KEYS)) == {"alg": "HS256", "typ": "JWT", "kid": "a"}


def test_we_read_the_tokens_of_an_independent_library() -> None:
    assert verify(foreign(CLAIMS), KEYS, 5).stream == "x"


def test_any_key_of_the_set_verifies_but_an_unknown_one_does_not() -> None:
    rotated = LeaseKeys({"new": b"n" * 32, "a": SECRET})
    assert verify(sign(LEASE, KEYS), rotated, 1500) == LEASE
    assert code_of(sign(LEASE, rotated)) == "unknown_key"


def test_a_lease_ends_at_its_expiry() -> None:
    assert code_of(sign(LEASE, KEYS), now=2000.0) == "expired"


def test_a_lease_of_another_key_under_our_name_is_forged() -> None:
    assert code_of(foreign(CLAIMS, key=b"x" * 32)) == "forged"


def test_an_expired_forgery_is_called_a_forgery() -> None:
    assert code_of(foreign({**CLAIMS, "exp": 1}, key=b"x" * 32)) == "forged"


@pytest.mark.parametrize("alg", ["HS384", "HS512"])
def test_the_algorithm_is_not_the_tokens_choice(alg: str) -> None:
    assert code_of(foreign(CLAIMS, key=b"k" * 64, alg=alg)) == "malformed"


def test_an_unsigned_token_is_malformed() -> None:
    header = base64.urlsafe_b64encode(b'{"alg":"none","kid":"a"}').decode().rstrip("=")
    body = base64.urlsafe_b64encode(orjson.dumps(CLAIMS)).decode().rstrip("=")
    assert code_of(f"{header}.{body}.") == "malformed"


@pytest.mark.parametrize(
    "claims",
    [
        {key: value for key, value in CLAIMS.items() if key != "fence"},
        {**CLAIMS, "fence": -1},
        {**CLAIMS, "fence": "1"},
        {**CLAIMS, "sub": ""},
        {**CLAIMS, "exp": "soon"},
    ],
)
def test_a_signed_token_without_the_claims_of_a_lease_is_malformed(claims: dict[str, object]) -> None:
    token = jwt.api_jws.encode(orjson.dumps(claims), SECRET, algorithm="HS256", headers={"kid": "a"})
    assert code_of(token) == "malformed"


@pytest.mark.parametrize(
    "token", ["", "a.b", "a.b.c.d", "..", "ü.ü.ü", "x" * 5000, "e30.e30.e30", "bnVsbA.e30.e30"]
)
def test_what_is_no_token_is_malformed(token: str) -> None:
    assert code_of(token) == "malformed"


@given(place=st.integers(0, 10_000), bit=st.integers(0, 6))
def test_no_flipped_bit_anywhere_leaves_a_lease_valid(place: int, bit: int) -> None:
    token = sign(LEASE, KEYS)
    at = place % len(token)
    changed = token[:at] + chr(ord(token[at]) ^ (1 << bit)) + token[at + 1 :]
    assert code_of(changed) in {"malformed", "forged", "unknown_key"}


@given(st.text(max_size=300))
def test_arbitrary_text_is_refused_and_raises_nothing_else(token: str) -> None:
    assert code_of(token) in {"malformed", "forged", "unknown_key"}


@pytest.mark.parametrize(
    ("path", "masked"),
    [
        ("/s/abc.def.ghi/ws", "/s/***/ws"),
        ("wss://host/base/s/abc.def/api?x=1", "wss://host/base/s/***/api?x=1"),
        ("/?lease=abc.d&x=1", "/?lease=***&x=1"),
        ("/ws?x=1&lease=abc#end", "/ws?x=1&lease=***#end"),
        ("/ws?release=1", "/ws?release=1"),
        ("/s/", "/s/"),
    ],
)
def test_a_lease_is_masked_wherever_it_stands_in_a_path(path: str, masked: str) -> None:
    assert redact(path) == masked
