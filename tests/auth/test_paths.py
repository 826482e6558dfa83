"""Which paths carry a lease, and where a lease leads."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pixelstream.auth.keys import LeaseKeys
from pixelstream.auth.lease import Lease, sign
from pixelstream.auth.paths import MAX_TARGET, STATUS, Leased, Passage, read, token_of
from pixelstream.errors import LeaseError

KEYS = LeaseKeys({"a": b"k" * 32})
TOKEN = sign(Lease("v-1", "default", "s-1", 1, 1000, 2000), KEYS)


@pytest.mark.parametrize(
    ("target", "leased"),
    [
        ("/s/a.b.c/ws", Leased("a.b.c", None, "")),
        ("/s/a.b.c/ws?x=1&y=/s/", Leased("a.b.c", None, "x=1&y=/s/")),
        ("/s/a/api/level", Leased("a", "level", "")),
        ("/s/a/api/level/x-1_~.json?full=1", Leased("a", "level/x-1_~.json", "full=1")),
        ("/s/%2e%2e/ws", Leased("%2e%2e", None, "")),
    ],
)
def test_a_path_behind_a_lease_is_the_socket_or_the_api(target: str, leased: Leased) -> None:
    assert read(target) == leased


@pytest.mark.parametrize(
    "target",
    [
        "",
        "/ws",
        "/s/a",
        "/s//ws",
        "/s/a/ws/",
        "/s/a/wsx",
        "/s/a/b/ws",
        "/s/a/api",
        "/s/a/api/",
        "/s/a/api//x",
        "/s/a/api/x/",
        "/s/a/api/../ws",
        "/s/a/api/x/..",
        "/s/a/api/./x",
        "/s/a/api/%2e%2e/x",
        "/s/a/api/x%2Fy",
        "/s/a/api/x;y",
        "/s/a/api/x\\y",
        "//s/a/ws",
        "http://h/s/a/ws",
        "/x/../s/a/ws",
        "/s/a/ws#x",
        "/s/a/ws\n",
        "/s/a/ws?" + "x" * MAX_TARGET,
    ],
)
def test_what_could_be_read_in_two_ways_is_no_path_with_a_lease(target: str) -> None:
    assert read(target) is None


@given(st.text(alphabet="/s.a%2e?wpi", max_size=40))
def test_a_path_that_is_taken_means_itself_when_decoded_and_flattened(rest: str) -> None:
    leased = read(f"/s/token/api/{rest}")
    if leased is not None and leased.api is not None:
        assert "%" not in leased.api
        assert not {"", ".", ".."} & set(leased.api.split("/"))


@pytest.mark.parametrize(
    ("path", "query", "token"),
    [
        ("/s/a.b.c/ws", "", "a.b.c"),
        ("/s/a", "", "a"),
        ("/", "lease=a.b&x=1", "a.b"),
        ("/s/path/", "lease=query", "path"),
        ("/", "lease=", ""),
        ("/", "release=1", None),
        ("/", "", None),
    ],
)
def test_a_socket_shows_its_lease_in_path_or_query(path: str, query: str, token: str | None) -> None:
    assert token_of(path, query) == token


def test_a_lease_leads_to_its_stream() -> None:
    lease, place = Passage(lambda: KEYS, {"s-1": "there"}.get).stream(TOKEN, 1500)
    assert (lease.session, lease.stream, place) == ("v-1", "s-1", "there")


@pytest.mark.parametrize(
    ("keys", "token", "now", "code"),
    [
        (KEYS, "x", 1500, "malformed"),
        (KEYS, TOKEN, 2000, "expired"),
        (LeaseKeys({"a": b"x" * 32}), TOKEN, 1500, "forged"),
        (LeaseKeys({"b": b"k" * 32}), TOKEN, 1500, "unknown_key"),
        (None, TOKEN, 1500, "unknown_key"),
        (KEYS, sign(Lease("v-1", "default", "s-2", 1, 1000, 2000), KEYS), 1500, "unknown_stream"),
    ],
)
def test_one_that_leads_nowhere_says_why(keys: LeaseKeys | None, token: str, now: float, code: str) -> None:
    with pytest.raises(LeaseError) as refused:
        Passage(lambda: keys, {"s-1": "there"}.get).stream(token, now)
    assert refused.value.code == code
    assert STATUS[code] in {401, 403}
