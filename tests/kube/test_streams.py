"""Streams as EndpointSlices tell of them."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from typing import Any

import pytest

from pixelstream.kube.client import Client
from pixelstream.kube.streams import Slice, Stream, Streams, StreamWatch, Wilbur, join, read_slice
from tests.kube.test_watch import access
from tests.support.kubeapi import SLICES, endpoint, kube_api, slice_of


def read(*slices: dict[str, Any]) -> dict[str, Stream]:
    found: Iterable[Slice | None] = map(read_slice, slices)
    return join(one for one in found if one is not None)


def test_a_stream_is_a_pod_with_its_slices_fleet_and_port() -> None:
    found = read(
        slice_of(endpoint("big-1", "10.0.0.1"), endpoint("big-2", "10.0.0.2"), fleet="big", port=3001),
        slice_of(endpoint("default-1", "10.0.0.3")),
    )
    assert found == {
        "big-1": Stream("big", "10.0.0.1:3001", serving=True, terminating=False),
        "big-2": Stream("big", "10.0.0.2:3001", serving=True, terminating=False),
        "default-1": Stream("default", "10.0.0.3:3000", serving=True, terminating=False),
    }


@pytest.mark.parametrize(
    ("conditions", "serving", "terminating"),
    [
        ({"ready": True, "serving": True, "terminating": False}, True, False),
        ({"ready": False, "serving": False, "terminating": False}, False, False),
        ({"ready": True, "serving": False}, False, False),  # a Service that publishes pods which aren't ready
        ({"ready": False, "serving": True, "terminating": True}, True, True),
        ({"ready": False, "serving": False, "terminating": True}, False, True),
        ({"ready": None}, True, False),
        ({"ready": False}, False, False),
        (None, True, False),
    ],
)
def test_conditions_say_whether_it_is_offered(
    conditions: dict[str, bool] | None, *, serving: bool, terminating: bool
) -> None:
    one = {**endpoint("a", "10.0.0.1"), "conditions": conditions}
    stream = read(slice_of(one))["a"]
    assert (stream.serving, stream.terminating) == (serving, terminating)
    assert stream.offered == (serving and not terminating)


def test_of_two_families_the_first_counts_and_brackets_stand_around_the_other() -> None:
    six = slice_of(endpoint("a", "fd00::1"), endpoint("b", "fd00::2"), family="IPv6")
    found = read(six, slice_of(endpoint("a", "10.0.0.1")))
    assert found["a"].address == "10.0.0.1:3000"
    assert found["b"].address == "[fd00::2]:3000"


def test_a_pod_that_stands_in_two_slices_is_offered_only_if_both_say_so() -> None:
    good, bad = slice_of(endpoint("a", "10.0.0.1")), slice_of(endpoint("a", "10.0.0.1", terminating=True))
    assert not read(good, bad)["a"].offered
    assert not read(bad, good)["a"].offered


def test_what_is_no_pod_with_an_address_is_left_out() -> None:
    odd = [
        {"addresses": ["10.0.0.1"], "conditions": {}},
        {"addresses": ["10.0.0.2"], "targetRef": {"kind": "VM", "name": "x"}},
        {"addresses": [], "targetRef": {"kind": "Pod", "name": "y"}},
    ]
    assert read(slice_of(*odd), slice_of(endpoint("z", "a.example"), family="FQDN")) == {}
    assert read({**slice_of(), "endpoints": None}) == {}


def test_a_stream_knows_which_pod_of_its_name_it_is() -> None:
    assert read(slice_of(endpoint("a", "10.0.0.1", "u-1")))["a"].uid == "u-1"


def test_labels_tell_of_unmodified_servers() -> None:
    epic = {"pixelstream.io/signalling": "wilbur"}
    one = endpoint("a", "10.0.0.1")
    assert read(slice_of(one))["a"].wilbur is None
    assert read(slice_of(one, port=80, labels=epic))["a"].wilbur == Wilbur(1, "10.0.0.1:80")
    more = {**epic, "pixelstream.io/seats": "4", "pixelstream.io/rest": "false"}
    assert read(slice_of(one, labels=more))["a"].wilbur == Wilbur(4, None)
    ports = [{"name": "http", "port": 80}, {"name": "rest", "port": 8080}]
    six = slice_of(endpoint("a", "fd00::1"), family="IPv6", labels=epic)
    assert read({**six, "ports": ports})["a"].wilbur == Wilbur(1, "[fd00::1]:8080")
    with pytest.raises(ValueError, match="many"):
        read(slice_of(one, labels={**epic, "pixelstream.io/seats": "many"}))


def test_without_a_named_port_it_is_the_usual_one() -> None:
    assert read({**slice_of(endpoint("a", "10.0.0.1")), "ports": []})["a"].address == "10.0.0.1:3000"


async def test_the_watch_tells_streams_of_its_namespace_and_selector() -> None:
    told: list[Streams] = []
    async with kube_api() as api:
        api.put(SLICES, "a", **slice_of(endpoint("a", "10.0.0.1")))
        client = Client(access(api))
        watch = StreamWatch(client, "px", "pixelstream.io/discovery=true")
        task = asyncio.create_task(watch.run(told.append, print))
        await api.until(lambda: bool(told) and api.watching(SLICES))
        assert set(told[-1]) == {"a"}
        assert api.lists[0][1]["labelSelector"] == "pixelstream.io/discovery=true"
        api.delete(SLICES, "a")
        await api.until(lambda: told[-1] == {})
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        await client.close()
