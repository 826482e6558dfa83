"""Seats, claims and fences, first by example, then against a model."""

from __future__ import annotations

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from pixelstream.protocol.control import EndedReason, RefusedReason, SeatState
from pixelstream.relay import Lease, Refusal
from pixelstream.relay.seats import REMEMBERED, Seat, Seats


class Ends(list[tuple[str, EndedReason, float]]):
    def __call__(self, session: str, reason: EndedReason, seconds: float) -> None:
        self.append((session, reason, seconds))


def seats(limit: int = 1, grace: float = 60.0) -> tuple[Seats, Ends]:
    ends = Ends()
    return Seats(limit, grace, ends), ends


def taken(seat: Seat | Refusal | None) -> Seat:
    assert isinstance(seat, Seat)
    return seat


def test_a_claim_takes_the_seat_until_its_deadline() -> None:
    table, _ = seats()
    assert table.claim("s", 1, 10.0, 0.0) is None
    assert table.taken == 1
    assert table.overdue(9.9) == []
    assert [seat.session for seat in table.overdue(10.0)] == ["s"]


def test_a_second_claim_of_the_last_seat_is_refused() -> None:
    table, _ = seats()
    assert table.claim("s", 1, 10.0, 0.0) is None
    assert table.claim("t", 2, 10.0, 0.0) is RefusedReason.FULL


def test_claiming_again_for_the_same_session_is_granted_and_prolongs_it() -> None:
    table, _ = seats()
    table.claim("s", 1, 10.0, 0.0)
    assert table.claim("s", 1, 10.0, 5.0) is None
    assert table.claim("s", 2, 10.0, 6.0) is None
    assert table.claim("s", 1, 10.0, 7.0) is RefusedReason.STALE
    assert (table.taken, table.overdue(12.0)) == (1, [])


def test_a_claim_older_than_the_seat_has_seen_is_stale() -> None:
    table, _ = seats()
    table.end(taken(table.admit(Lease("s", 5), 0.0)), EndedReason.LEFT, 1.0)
    assert table.claim("t", 5, 10.0, 1.0) is RefusedReason.STALE
    assert table.claim("t", 4, 10.0, 1.0) is RefusedReason.STALE
    assert table.claim("t", 6, 10.0, 1.0) is None


def test_two_claims_that_arrive_in_the_wrong_order_both_get_their_seat() -> None:
    table, _ = seats(2)
    assert table.claim("t", 2, 10.0, 0.0) is None
    assert table.claim("s", 1, 10.0, 0.0) is None
    assert table.taken == 2


def test_a_newer_claim_leaves_the_older_seat_to_an_older_one() -> None:
    table, _ = seats(2)
    first, second = taken(table.admit(Lease("a", 1), 0.0)), taken(table.admit(Lease("b", 7), 0.0))
    table.end(first, EndedReason.LEFT, 1.0)
    table.end(second, EndedReason.LEFT, 1.0)
    assert table.claim("c", 9, 10.0, 1.0) is None
    assert table.claim("d", 5, 10.0, 1.0) is None


def test_a_lease_consumes_its_reservation() -> None:
    table, _ = seats()
    table.claim("s", 1, 10.0, 0.0)
    seat = taken(table.admit(Lease("s", 1), 3.0))
    assert (seat.state, seat.since, table.taken) == (SeatState.CONNECTED, 3.0, 1)
    assert table.overdue(1e9) == []


def test_a_lease_older_than_its_sessions_seat_is_outrun() -> None:
    table, _ = seats()
    table.claim("s", 2, 10.0, 0.0)
    assert table.admit(Lease("s", 1), 0.0) is Refusal.OUTRUN
    taken(table.admit(Lease("s", 2), 0.0))
    assert table.admit(Lease("s", 1), 0.0) is Refusal.OUTRUN


def test_a_newer_lease_of_the_same_session_outruns_its_older_one() -> None:
    table, _ = seats()
    seat = taken(table.admit(Lease("s", 1), 0.0))
    assert table.admit(Lease("s", 2), 0.0) is seat
    assert table.admit(Lease("s", 1), 0.0) is Refusal.OUTRUN


def test_a_guest_leaves_the_seats_of_old_fences_to_claims_that_come_late() -> None:
    table, _ = seats(2)
    for session, fence in (("a", 1), ("b", 9)):
        taken(table.admit(Lease(session, fence), 0.0))
    for seat in list(table):
        table.end(seat, EndedReason.LEFT, 0.0)
    table.admit_guest(0.0)
    assert table.claim("c", 5, 10.0, 0.0) is None


def test_a_lease_of_a_session_that_has_ended_is_outrun() -> None:
    table, ends = seats()
    table.end(taken(table.admit(Lease("s", 1), 2.0)), EndedReason.KICKED, 5.0)
    assert ends == [("s", EndedReason.KICKED, 3.0)]
    assert table.admit(Lease("s", 1), 6.0) is Refusal.OUTRUN


def test_a_lease_of_a_session_that_has_ended_finds_no_other_seat_either() -> None:
    table, _ = seats(3)
    table.end(taken(table.admit(Lease("s", 2), 0.0)), EndedReason.KICKED, 1.0)
    assert table.admit(Lease("s", 2), 1.0) is Refusal.OUTRUN
    assert table.claim("s", 1, 10.0, 1.0) is RefusedReason.STALE
    assert table.claim("s", 3, 10.0, 1.0) is None


def test_ended_sessions_are_remembered_within_bounds() -> None:
    table, _ = seats(1)
    for fence in range(REMEMBERED + 10):
        table.end(taken(table.admit(Lease(f"s{fence}", fence), 0.0)), EndedReason.LEFT, 0.0)
    assert len(table._over) == REMEMBERED


def test_a_lease_that_nobody_has_heard_of_is_welcome_after_a_restart() -> None:
    table, _ = seats()
    assert taken(table.admit(Lease("s", 41), 0.0)).fence == 41


def test_a_lease_finds_every_seat_taken() -> None:
    table, _ = seats()
    table.admit_guest(0.0)
    assert table.admit(Lease("s", 1), 0.0) is Refusal.FULL


def test_a_guest_can_have_a_reserved_seat_as_little_as_anybody() -> None:
    table, _ = seats()
    table.claim("s", 1, 10.0, 0.0)
    assert table.admit_guest(0.0) is None


def test_a_guests_seat_keeps_its_fence_for_who_comes_after() -> None:
    table, ends = seats()
    table.end(taken(table.admit(Lease("s", 5), 0.0)), EndedReason.LEFT, 0.0)
    table.end(taken(table.admit_guest(0.0)), EndedReason.LEFT, 0.0)
    assert table.claim("t", 5, 10.0, 0.0) is RefusedReason.STALE
    assert len(ends) == 1


def test_an_away_seat_waits_for_its_session_alone() -> None:
    table, _ = seats(grace=60.0)
    seat = taken(table.admit(Lease("s", 1), 0.0))
    assert table.hold(seat, 10.0)
    assert table.claim("t", 2, 10.0, 11.0) is RefusedReason.FULL
    assert table.overdue(70.0) == [seat]
    assert table.admit(Lease("s", 1), 12.0) is seat
    assert (seat.state, seat.since) == (SeatState.CONNECTED, 0.0)


def test_nothing_is_held_for_guests_or_without_grace() -> None:
    table, _ = seats(2)
    assert not table.hold(taken(table.admit_guest(0.0)), 0.0)
    strict, _ = seats(grace=0.0)
    assert not strict.hold(taken(strict.admit(Lease("s", 1), 0.0)), 0.0)


def test_while_draining_only_seats_that_are_held_already_are_given() -> None:
    table, _ = seats(2)
    table.claim("s", 1, 10.0, 0.0)
    taken(table.admit(Lease("s", 1), 0.0, new=False))
    assert table.admit(Lease("t", 2), 0.0, new=False) is Refusal.DRAINING


SESSIONS = st.sampled_from(["a", "b", "c", "d"])
FENCES = st.integers(0, 6)


class SeatsMachine(RuleBasedStateMachine):
    """Any order of claims, joins, guests, breaks and ends, with fences in any order."""

    def __init__(self) -> None:
        super().__init__()
        self.ends = Ends()
        self.seats = Seats(2, 60.0, self.ends)
        self.held: dict[str, Seat] = {}
        self.guests: list[Seat] = []
        self.spent: dict[str, int] = {}
        self.ended = 0

    @rule(session=SESSIONS, fence=FENCES)
    def claim(self, session: str, fence: int) -> None:
        had = session in self.held
        refused = self.seats.claim(session, fence, 10.0, 0.0)
        if refused is None:
            assert had or len(self.held) + len(self.guests) < 2
            assert had or fence > self.spent.get(session, -1)
            seat = self.seats.get(session)
            assert seat is not None
            self.held[session] = seat
        else:
            assert not had or refused is RefusedReason.STALE

    @rule(session=SESSIONS, fence=FENCES)
    def join(self, session: str, fence: int) -> None:
        had = self.held.get(session)
        seat = self.seats.admit(Lease(session, fence), 0.0)
        if isinstance(seat, Seat):
            assert had is None or seat is had
            assert had is not None or fence > self.spent.get(session, -1)
            self.held[session] = seat
        elif had is not None:
            assert seat is Refusal.OUTRUN

    @rule()
    def guest(self) -> None:
        seat = self.seats.admit_guest(0.0)
        assert (seat is not None) == (len(self.held) + len(self.guests) < 2)
        if seat is not None:
            self.guests.append(seat)

    @rule(session=SESSIONS)
    def end(self, session: str) -> None:
        seat = self.held.pop(session, None)
        if seat is not None:
            self.spent[session] = seat.fence
            self.seats.end(seat, EndedReason.LEFT, 0.0)
            self.ended += 1

    @rule()
    def guest_leaves(self) -> None:
        if self.guests:
            self.seats.end(self.guests.pop(), EndedReason.LEFT, 0.0)

    @invariant()
    def seats_add_up(self) -> None:
        assert self.seats.taken == len(self.held) + len(self.guests) <= 2
        assert self.seats.free == 2 - self.seats.taken
        assert {seat.session for seat in self.seats} == set(self.held)
        assert len(self.ends) == self.ended


TestSeatsMachine = SeatsMachine.TestCase
