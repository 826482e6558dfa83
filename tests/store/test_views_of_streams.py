"""What replicas see of one stream, put together."""

from __future__ import annotations

from pixelstream.matchmaking.books import Rules
from pixelstream.matchmaking.model import Known
from pixelstream.store.holding import Holding, write_holding
from pixelstream.store.machine import Machine


def test_a_stream_is_alive_if_any_replica_sees_it_and_offered_if_all_do() -> None:
    machine = Machine()
    seen = {"a": Known("default", alive=True), "b": Known("default", offered=False)}
    for name, known in seen.items():
        holding = Holding(Rules(), 5.0, streams={"s": known})
        machine.apply(1.0, name, 0, [("enter", write_holding(holding))])
    assert machine.room
    stream = machine.room.books.streams["s"]
    assert (stream.known, stream.alive, stream.offered) == (True, True, False)
