"""A rotation step by step: what is added is used last, what is in use stays, and no step shows a secret."""

from __future__ import annotations

import hashlib
from collections.abc import Callable

import orjson
import pytest

from pixelstream.auth import rotation
from pixelstream.auth.keys import LeaseKeys, SharedKeys
from pixelstream.auth.lease import Lease, sign, verify
from pixelstream.auth.rotation import Ring
from pixelstream.errors import SettingsError
from tests.support.edge import key_text

LEASE = Lease("v-1", "default", "s-1", 1, 1000, 2000)


def hashed(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()[:12]


def test_leases_hold_through_every_step_of_a_rotation() -> None:
    ring = rotation.read(key_text("1"), "keys")
    old = sign(LEASE, LeaseKeys.parse(ring.text))
    ring = rotation.add(ring, "keys")
    assert ring.ids == ("1", "2")
    assert LeaseKeys.parse(ring.text).signing[0] == "1"
    ring = rotation.promote(ring, "2", "keys")
    new = sign(LEASE, LeaseKeys.parse(ring.text))
    assert LeaseKeys.parse(ring.text).signing[0] == "2"
    assert verify(old, LeaseKeys.parse(ring.text), 1500) == verify(new, LeaseKeys.parse(ring.text), 1500)
    ring = rotation.retire(ring, "1", "keys")
    assert ring.ids == ("2",)
    assert verify(new, LeaseKeys.parse(ring.text), 1500) == LEASE


def test_secrets_in_lines_go_the_same_way() -> None:
    ring = rotation.add(rotation.read("first\n", "key"), "key")
    fresh = SharedKeys.parse(ring.text).lines[1]
    assert ring.ids == (hashed("first"), hashed(fresh))
    ring = rotation.promote(ring, hashed(fresh), "key")
    assert SharedKeys.parse(ring.text).lines == (fresh, "first")
    assert rotation.retire(ring, hashed("first"), "key").text == fresh


def test_what_is_shown_has_no_secret() -> None:
    lease = rotation.add(rotation.read(key_text("1"), "keys"), "keys", new_id="summer")
    assert rotation.show(lease) == {
        "kind": "lease keys",
        "keys": [{"id": "1", "use": "signs and verifies"}, {"id": "summer", "use": "verifies"}],
    }
    lines = rotation.read("one\ntwo", "key")
    assert rotation.show(lines) == {
        "kind": "secrets",
        "keys": [
            {"id": hashed("one"), "use": "said and accepted"},
            {"id": hashed("two"), "use": "accepted"},
        ],
    }
    for ring in (lease, lines):
        assert ring.text not in repr(ring)
    assert orjson.loads(lease.text)["keys"][0]["k"] not in repr(lease)


@pytest.mark.parametrize(
    ("step", "words"),
    [
        (lambda ring: rotation.promote(ring, "3", "keys"), 'there is no key "3", but 1, 2'),
        (lambda ring: rotation.retire(ring, "1", "keys"), 'key "1" is in use: promote another one first'),
        (lambda ring: rotation.add(ring, "keys", new_id="2"), 'key "2" is there already'),
        (lambda ring: rotation.add(ring, "keys", new_id="a b"), "pattern"),
    ],
)
def test_a_step_that_would_break_something_is_refused_in_words(
    step: Callable[[Ring], Ring], words: str
) -> None:
    ring = rotation.add(rotation.read(key_text("1"), "keys"), "keys")
    with pytest.raises(SettingsError) as refused:
        step(ring)
    assert words in str(refused.value)


def test_a_full_file_takes_no_more() -> None:
    ring = rotation.read(key_text("1"), "keys")
    for _ in range(15):
        ring = rotation.add(ring, "keys")
    with pytest.raises(SettingsError, match="holds 16 keys already"):
        rotation.add(ring, "keys")


def test_a_secret_in_lines_takes_no_name() -> None:
    with pytest.raises(SettingsError, match="have no names"):
        rotation.add(rotation.read("one", "key"), "key", new_id="x")
