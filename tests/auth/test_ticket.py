"""Tickets hold a place in the line: ours alone, in time, and never taken for a lease."""

from __future__ import annotations

import base64

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pixelstream.auth import lease
from pixelstream.auth.keys import LeaseKeys
from pixelstream.auth.ticket import Ticket, sign_ticket, verify_ticket
from pixelstream.errors import LeaseError

KEYS = LeaseKeys({"a.1": b"0" * 32, "b": b"1" * 32})
OTHERS = LeaseKeys({"a.1": b"2" * 32})
TICKET = Ticket("s", "gold", 1_764_000_000.123457, 1_764_000_060.5, "ada")


def code(text: str, keys: LeaseKeys = KEYS, now: float = 0.0) -> str:
    with pytest.raises(LeaseError) as error:
        verify_ticket(text, keys, now)
    return str(error.value.code)


def test_a_ticket_says_what_it_was_given() -> None:
    assert verify_ticket(sign_ticket(TICKET, KEYS), KEYS, 1_764_000_060.4) == TICKET
    nameless = Ticket("s", "gold", 1.0, 2.0)
    assert verify_ticket(sign_ticket(nameless, KEYS), KEYS, 1.9) == nameless


def test_any_key_of_the_set_verifies() -> None:
    turned = LeaseKeys(dict(reversed(list(KEYS.by_kid.items()))))
    assert verify_ticket(sign_ticket(TICKET, turned), KEYS, 0.0) == TICKET


def test_what_is_wrong_has_a_word() -> None:
    text = sign_ticket(TICKET, KEYS)
    assert code(text, now=TICKET.expires) == "expired"
    assert code(text, OTHERS) == "forged"
    assert code(text, LeaseKeys({"c": b"3" * 32})) == "unknown_key"
    assert code("x" * 2000) == code("") == code("a.b.c") == "malformed"
    claims = orjson.dumps({"sub": "s", "fleet": "gold", "ord": 0.0, "exp": 9e9})
    kind, kid, _, mac = text.split(".")
    assert code(f"{kind}.{kid}.{base64.urlsafe_b64encode(claims).rstrip(b'=').decode()}.{mac}") == "forged"


def test_a_ticket_is_no_lease_and_a_lease_no_ticket() -> None:
    seat = lease.sign(lease.Lease("s", "gold", "pod", 7, issued=0, expires=9_000_000_000), KEYS)
    assert code(seat) == "malformed"
    with pytest.raises(LeaseError):
        lease.verify(sign_ticket(TICKET, KEYS), KEYS, 0.0)


@given(st.text(max_size=200))
def test_no_text_is_taken_for_a_ticket(text: str) -> None:
    assert code(text) in {"malformed", "unknown_key", "forged"}


@given(st.integers(min_value=0), st.characters())
def test_a_ticket_that_was_changed_anywhere_is_refused(at: int, other: str) -> None:
    text = sign_ticket(TICKET, KEYS)
    at %= len(text)
    if text[at] != other:
        assert code(text[:at] + other + text[at + 1 :]) in {"malformed", "unknown_key", "forged"}
