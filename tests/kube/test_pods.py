"""Marks reach pods in few writes, newest first, through faults of the API."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from typing import Any

import pytest

from pixelstream.kube import pods
from pixelstream.kube.client import Client
from pixelstream.kube.pods import PodMarker
from pixelstream.kube.podwatch import PodWatch
from pixelstream.kube.watch import Fault
from pixelstream.matchmaking.marks import DELETION_COST, DO_NOT_DISRUPT, STATE, Marks, WriteResult, marks_of
from tests.kube.test_watch import access
from tests.support.kubeapi import PODS, FakeApi, Object, kube_api, pod

FREE, TAKEN = marks_of(0, draining=False), marks_of(1, draining=False)
SELECTOR = "pixelstream.io/fleet"


class Worker(PodMarker):
    """A marker that runs the watch which it hears."""

    def __init__(self, client: Client, **options: Any) -> None:
        self.watch = PodWatch(client, "px", SELECTOR)
        super().__init__(client, "px", self.watch, **options)

    async def run(self, fault: Fault) -> None:
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self.watch.run(fault))
            tasks.create_task(super().run(fault))


class Marked:
    """A marker at work, and what it told."""

    def __init__(self, api: FakeApi) -> None:
        self.api = api
        self.results: Counter[WriteResult] = Counter()
        self.authors: list[str] = []
        self.faults: list[str] = []
        self.client = Client(access(api))
        self.marker = self.make()

    def make(self) -> Worker:
        def count(result: WriteResult) -> None:
            self.results[result] += 1

        return Worker(self.client, count=count, overwritten=self.authors.append)

    def want(self, name: str, *states: Marks) -> None:
        for marks in states:
            self.marker.want(name, marks)

    def written(self, name: str) -> list[str]:
        """States that were written to a pod, in order."""
        return [
            body["metadata"]["labels"][STATE] for path, body in self.api.patches if path == f"{PODS}/{name}"
        ]

    def metadata(self, name: str) -> Object:
        found: Object = self.api.read(PODS, name)["metadata"]
        return found

    async def shows(self, name: str, state: str) -> None:
        await self.api.until(lambda: self.metadata(name)["labels"].get(STATE) == state)
        await self.idle()

    async def idle(self) -> None:
        await self.api.until(lambda: self.marker.pending == 0)


@pytest.fixture
async def here(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Marked]:
    monkeypatch.setattr(pods, "SETTLE", 0.2)
    monkeypatch.setattr(pods, "LONGEST_PAUSE", 0.2)
    async with kube_api() as api:
        api.put(PODS, "a", **pod("u-a"))
        api.put(PODS, "b", **pod("u-b"))
        found = Marked(api)
        task = asyncio.create_task(found.marker.run(found.faults.append))
        await api.until(lambda: api.watching(PODS))
        yield found
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        await found.client.close()


async def test_a_session_costs_two_writes(here: Marked) -> None:
    here.want("a", FREE)
    await here.shows("a", "free")
    for _ in range(3):
        before = len(here.api.patches)
        here.want("a", TAKEN, TAKEN)
        await here.shows("a", "taken")
        assert here.metadata("a")["annotations"][DO_NOT_DISRUPT] == "true"
        here.want("a", TAKEN, FREE)
        await here.shows("a", "free")
        assert here.metadata("a")["annotations"] == {DELETION_COST: "0"}
        assert len(here.api.patches) - before == 2
    assert here.results == {WriteResult.WRITTEN: 7}
    assert here.api.lists[0][1]["labelSelector"] == SELECTOR


async def test_a_player_who_follows_at_once_costs_no_write(here: Marked) -> None:
    here.want("a", TAKEN)
    await here.shows("a", "taken")
    here.want("a", FREE, TAKEN)
    await here.idle()
    assert here.written("a") == ["taken"]


async def test_a_pod_that_carries_its_marks_is_not_written_after_a_restart(here: Marked) -> None:
    here.want("a", TAKEN)
    await here.shows("a", "taken")
    second = here.make()
    task = asyncio.create_task(second.run(here.faults.append))
    second.want("a", TAKEN)
    second.want("b", TAKEN)
    await here.shows("b", "taken")
    await here.api.until(lambda: second.pending == 0)
    assert here.written("a") == ["taken"]
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


async def test_what_a_run_that_broke_off_has_lost_is_written_by_the_next(
    here: Marked, monkeypatch: pytest.MonkeyPatch
) -> None:
    marker = here.make()

    async def broken(*_: object) -> Object:
        raise RuntimeError("unforeseen")

    with monkeypatch.context() as patched:
        patched.setattr(here.client, "patch", broken)
        marker.want("a", TAKEN)
        with pytest.raises(ExceptionGroup):
            await marker.run(here.faults.append)
    task = asyncio.create_task(marker.run(here.faults.append))
    await here.shows("a", "taken")
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


async def test_a_stream_that_is_no_pod_is_never_written(here: Marked) -> None:
    here.want("elsewhere", TAKEN)
    here.want("a", TAKEN)
    await here.shows("a", "taken")
    assert {path for path, _ in here.api.patches} == {f"{PODS}/a"}


async def test_a_pod_that_appears_after_its_word_is_written(here: Marked) -> None:
    here.want("c", TAKEN)
    here.api.put(PODS, "c", **pod("u-c"))
    await here.shows("c", "taken")


async def test_a_new_pod_of_an_old_name_is_written_anew(here: Marked) -> None:
    here.want("a", TAKEN)
    await here.shows("a", "taken")
    here.api.put(PODS, "a", **pod("u-other"))
    await here.shows("a", "taken")
    assert [body["metadata"]["uid"] for _, body in here.api.patches] == ["u-a", "u-other"]


async def test_through_refusals_the_newest_state_wins(here: Marked) -> None:
    here.api.refuse_patches = 500
    here.want("a", TAKEN)
    here.want("b", TAKEN)
    await here.api.until(lambda: here.results[WriteResult.FAILED] >= 3)
    here.want("b", FREE)
    here.api.patches.clear()
    here.api.refuse_patches = 0
    await here.shows("a", "taken")
    await here.shows("b", "free")
    assert here.written("b")[-1] == "free"
    assert "a is not marked yet" in " ".join(here.faults)


async def test_refusals_slow_it_down(here: Marked, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pods, "LONGEST_PAUSE", 60.0)
    monkeypatch.setattr(pods, "FIRST_PAUSE", 60.0)
    here.api.refuse_patches = 403
    here.want("a", TAKEN)
    here.want("b", TAKEN)
    await here.api.until(lambda: here.results[WriteResult.FAILED] > 0)
    here.want("a", FREE)
    here.want("a", TAKEN)
    assert here.results[WriteResult.FAILED] <= pods.WRITERS
    assert here.marker.pending == 2


async def test_while_the_api_server_is_away_nothing_is_lost(here: Marked) -> None:
    await here.api.stop()
    here.want("a", TAKEN)
    here.want("b", TAKEN)
    await here.api.until(lambda: here.results[WriteResult.FAILED] > 0)
    here.want("b", FREE)
    await here.api.start()
    await here.shows("a", "taken")
    await here.shows("b", "free")


@pytest.mark.parametrize("status", [404, 409])
async def test_a_pod_that_is_gone_is_not_tried_again(here: Marked, status: int) -> None:
    here.api.refuse_patches = status
    here.want("a", TAKEN)
    await here.api.until(lambda: here.results[WriteResult.GONE] == 1)
    await here.idle()
    assert here.results[WriteResult.FAILED] == 0


async def test_what_pods_that_ended_wanted_is_forgotten(here: Marked) -> None:
    here.api.refuse_patches = 500
    here.want("a", TAKEN)
    await here.api.until(lambda: here.results[WriteResult.FAILED] > 0)
    here.api.delete(PODS, "a")
    await here.idle()


async def test_marks_are_remembered_for_so_many_pods_only(
    here: Marked, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pods, "MAX_WANTED", 2)
    here.want("x", TAKEN)
    here.want("y", TAKEN)
    here.want("z", TAKEN)
    for name in "xyz":
        here.api.put(PODS, name, **pod(f"u-{name}"))
    await here.shows("y", "taken")
    await here.shows("z", "taken")
    assert here.written("x") == []


async def test_who_overwrites_the_deletion_cost_is_told_and_not_fought(here: Marked) -> None:
    here.want("a", TAKEN)
    await here.shows("a", "taken")
    here.api.put(PODS, "a", **pod("u-a", "-9", "karpenter", **{STATE: "taken"}))
    await here.api.until(lambda: here.authors == ["karpenter"])
    here.api.put(PODS, "a", **pod("u-a", **{STATE: "taken"}))
    await here.api.until(lambda: here.authors == ["karpenter", "somebody"])
    assert here.written("a") == ["taken"]
    here.want("a", FREE)
    await here.shows("a", "free")
    assert here.metadata("a")["annotations"] == {DELETION_COST: "0"}


async def test_an_overwriter_is_told_at_the_start(here: Marked) -> None:
    here.api.put(PODS, "c", **pod("u-c", "4", "karpenter"))
    await here.api.until(lambda: here.authors == ["karpenter"])
