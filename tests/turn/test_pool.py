"""Which relays a caller is offered, and what a failing source changes: nothing."""

from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from pixelstream.turn.pool import Pool, Relay, RelayState


def relays(*numbers: int) -> list[Relay]:
    return [Relay(f"192.0.2.{number}") for number in numbers]


def test_a_new_pool_offers_nothing() -> None:
    pool = Pool()
    assert pool.choose("a", 3) == []
    assert pool.offered == 0
    assert pool.size("static") == 0
    assert pool.age("static", 5) is None


def test_an_update_says_whether_the_list_is_another_one() -> None:
    pool = Pool()
    assert pool.update("file", relays(1), 0)
    assert not pool.update("file", relays(1), 7)
    assert pool.age("file", 10) == 3
    assert pool.update("file", relays(), 11)
    assert pool.choose("a", 3) == []


def test_sources_add_up_and_a_relay_named_twice_counts_once() -> None:
    pool = Pool()
    pool.update("static", relays(1, 2), 0)
    pool.update("file", relays(2, 3), 0)
    assert pool.offered == 3
    assert set(pool.choose("a", 9)) == set(relays(1, 2, 3))
    pool.update("file", [], 0)
    assert pool.offered == 2


def test_a_draining_relay_is_known_but_not_offered() -> None:
    pool = Pool()
    pool.update("file", [Relay("192.0.2.1", draining=True), *relays(2)], 0)
    assert pool.size("file") == 2
    assert pool.choose("a", 2) == relays(2)


def test_relays_are_counted_by_what_they_are_to_callers() -> None:
    pool = Pool()
    ending = Relay("192.0.2.1", draining=True, ready=False)
    pool.update("static", relays(3), 0)
    pool.update("file", [ending, Relay("192.0.2.2", ready=False), *relays(3)], 0)
    assert pool.states() == {RelayState.OFFERED: 1, RelayState.DRAINING: 1, RelayState.UNREADY: 1}
    assert pool.choose("a", 3) == relays(3)


def test_relays_of_the_callers_zone_come_first_and_others_after_them() -> None:
    pool = Pool()
    near, far = Relay("192.0.2.1", zone="a"), Relay("192.0.2.2", zone="b")
    pool.update("static", [near, far], 0)
    for caller in "stuvw":
        assert pool.choose(caller, 2, "a") == [near, far]
        assert pool.choose(caller, 1, "b") == [far]
        assert set(pool.choose(caller, 2, "elsewhere")) == {near, far}


def test_callers_are_spread_over_all_relays() -> None:
    pool = Pool()
    pool.update("static", relays(*range(1, 6)), 0)
    first = Counter(pool.choose(f"session-{n}", 1)[0] for n in range(5000))
    assert len(first) == 5
    assert max(first.values()) < 1.3 * min(first.values())


@given(
    st.sets(st.integers(1, 250), min_size=1, max_size=12), st.text(max_size=40), st.integers(1, 5), st.data()
)
def test_losing_a_relay_moves_only_its_own_callers(
    numbers: set[int], key: str, limit: int, data: st.DataObject
) -> None:
    pool = Pool()
    pool.update("static", relays(*sorted(numbers)), 0)
    before = pool.choose(key, limit)
    assert before == pool.choose(key, limit)
    assert len(set(before)) == min(limit, len(numbers))
    lost = data.draw(st.sampled_from(sorted(numbers)))
    pool.update("static", relays(*sorted(numbers - {lost})), 1)
    kept = [relay for relay in before if relay.host != f"192.0.2.{lost}"]
    assert pool.choose(key, limit)[: len(kept)] == kept
