"""Credentials that coturn will accept."""

import base64
import hashlib
import hmac

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pixelstream.turn.credentials import MAX_CALLER, is_caller, issue


def test_the_password_is_the_hmac_sha1_of_the_user_name() -> None:
    made = issue(b"north", "s-1", now=1000.9, lifetime=60)
    assert made.username == "1060:s-1"
    assert made.expires == 1060
    expected = hmac.new(b"north", b"1060:s-1", hashlib.sha1).digest()
    assert base64.b64decode(made.credential) == expected


def test_two_callers_and_two_secrets_never_share_a_password() -> None:
    made = {issue(key, name, now=0, lifetime=60).credential for key in (b"a", b"b") for name in ("x", "y")}
    assert len(made) == 4


@pytest.mark.parametrize("name", ["", "a:b", ":", "a b", "-a", "é", "a\n", "a" * (MAX_CALLER + 1), "a/b"])
def test_a_name_that_would_blur_the_user_name_is_refused(name: str) -> None:
    assert not is_caller(name)
    with pytest.raises(ValueError, match="letters, digits"):
        issue(b"north", name, now=0, lifetime=60)


@given(st.text(max_size=MAX_CALLER + 5), st.floats(0, 4e9), st.floats(60, 604800))
def test_the_expiry_is_what_coturn_reads_before_the_first_colon(
    name: str, now: float, lifetime: float
) -> None:
    if is_caller(name):
        expiry, _, caller = issue(b"north", name, now=now, lifetime=lifetime).username.partition(":")
        assert caller == name
        assert int(expiry) == int(now + lifetime)
