"""Keys of leases and shared secrets are read whole or refused in words; each of several is accepted."""

import base64

import orjson
import pytest

from pixelstream.auth.keys import LeaseKeys, SharedKeys
from pixelstream.errors import SettingsError

K1 = base64.urlsafe_b64encode(b"1" * 32).decode().rstrip("=")
K2 = base64.urlsafe_b64encode(b"\xff" * 48).decode()


def text(*pairs: tuple[str, str]) -> str:
    return orjson.dumps({"keys": [{"kid": kid, "k": k} for kid, k in pairs]}).decode()


def test_the_first_key_signs_and_the_order_of_the_file_is_kept() -> None:
    keys = LeaseKeys.parse(text(("new", K2), ("old", K1)))
    assert keys.signing == ("new", b"\xff" * 48)
    assert list(keys.by_kid) == ["new", "old"]


def test_keys_do_not_show_in_their_repr() -> None:
    assert "1111" not in repr(LeaseKeys.parse(text(("a", K1))))


@pytest.mark.parametrize(
    ("source", "words"),
    [
        ("", "JSON"),
        ("{}", "keys: Field required"),
        ('{"keys": []}', "at least 1"),
        (text(("a", "c2hvcnQ")), 'key "a" must be base64url of at least 32 bytes'),
        (text(("a", "not base64!" * 6)), 'key "a" must be base64url'),
        (text(("a", K1), ("a", K2)), "each kid may be given once"),
        (text(("a b", K1)), "pattern"),
        ('{"keys": [{"kid": "a", "k": "x", "alg": "none"}]}', "Extra inputs"),
    ],
)
def test_a_wrong_key_file_is_refused_with_its_name_and_no_key_in_the_text(source: str, words: str) -> None:
    with pytest.raises(SettingsError) as caught:
        LeaseKeys.parse(source, "/etc/keys.json")
    assert words in str(caught.value)
    assert "/etc/keys.json" in str(caught.value)
    assert K1 not in str(caught.value)


CONTROL = SharedKeys.parse("s3cret\t\n  older \n")


@pytest.mark.parametrize(
    "header",
    [
        "Bearer s3cret",
        "bearer s3cret",
        "Bearer  s3cret ",
        "Bearer older",
        "Bearer s3cret\tolder",
        "Bearer older\tx",
    ],
)
def test_each_line_is_accepted_as_bearer_token_and_the_first_is_said(header: str) -> None:
    assert CONTROL.admits(header)
    assert CONTROL.said == "s3cret"


@pytest.mark.parametrize(
    "header",
    [None, "", "s3cret", "Basic s3cret", "Bearer s3cre", "Bearer", "Bearer s3cret2", "Bearer s3cret\nolder"],
)
def test_any_other_header_is_not(header: str | None) -> None:
    assert not CONTROL.admits(header)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (" \n", "is empty"),
        ("a\nb\x07c", "line 2 must be printable ASCII"),
        ("ä", "line 1 must be printable ASCII"),
        ("x\n" * 17, "holds 17 lines"),
    ],
)
def test_a_wrong_secret_is_refused_without_being_shown(text: str, words: str) -> None:
    with pytest.raises(SettingsError, match=words) as caught:
        SharedKeys.parse(text, "/etc/key")
    assert str(caught.value).startswith("/etc/key: ")


def test_a_shared_secret_does_not_show_in_its_repr() -> None:
    assert "s3cret" not in repr(CONTROL)
