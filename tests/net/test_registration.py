"""The control link from the signalserver's end, over real sockets."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress

import orjson
import pytest

from pixelstream.net import registration
from pixelstream.net.handshake import Refusal
from pixelstream.net.listener import Listener, listen
from pixelstream.net.registration import Registration
from pixelstream.net.websocket import Handler, Request
from pixelstream.protocol.control import Claim, Ended, EndedReason, RefusedReason, Release, State, encode
from tests.support.sockets import Recorder

CLAIM = Claim(claim="c1", session="s1", fence=1, deadline=10)


class Matchmaker:
    """A recorder behind a listener that only admits the right key."""

    def __init__(self) -> None:
        self.recorder = Recorder()
        self.keys: list[str] = []

    def route(self, request: Request) -> Handler | Refusal:
        self.keys.append(request.headers.get("authorization", ""))
        return self.recorder if request.path == "/control" else Refusal(404, "no")

    async def serve(self, port: int = 0) -> Listener:
        return await listen("127.0.0.1", port, route=self.route)

    def said(self, kind: str) -> list[dict[str, object]]:
        return [m for m in map(orjson.loads, self.recorder.messages) if m["type"] == kind]


class Stream:
    """The signalserver behind the link."""

    def __init__(self) -> None:
        self.taken = 0
        self.refuse: RefusedReason | None = None
        self.released: list[str] = []

    def snapshot(self, seq: int, epoch: str) -> State:
        return State(
            seq=seq, epoch=epoch, stream="a", fleet="f", seats=1, taken=self.taken, ready=True, draining=False
        )

    def claim(self, claim: Claim) -> RefusedReason | None:
        self.taken += self.refuse is None
        return self.refuse

    def release(self, release: Release) -> None:
        self.released.append(release.session)

    def register(self, port: int) -> Registration:
        url = f"ws://127.0.0.1:{port}/"
        return Registration(
            url,
            lambda: "key",
            snapshot=self.snapshot,
            claim=self.claim,
            release=self.release,
            first_wait=0.01,
        )


class Scene:
    """Both ends, and the task between them."""

    def __init__(self, matchmaker: Matchmaker, listener: Listener) -> None:
        self.matchmaker, self.listener = matchmaker, listener
        self.recorder = matchmaker.recorder
        self.stream = Stream()
        self.link = self.stream.register(listener.port)
        self.task = asyncio.create_task(self.link.run())

    async def linked(self, times: int = 1) -> None:
        await self.recorder.until(lambda r: len(r.sockets) == times and bool(r.messages))

    async def hear(self, kind: str, count: int = 1) -> list[dict[str, object]]:
        await self.recorder.until(lambda _: len(self.matchmaker.said(kind)) >= count)
        return self.matchmaker.said(kind)


@pytest.fixture
async def scene() -> AsyncIterator[Scene]:
    matchmaker = Matchmaker()
    listener = await matchmaker.serve()
    scene = Scene(matchmaker, listener)
    await scene.linked()
    yield scene
    scene.task.cancel()
    with suppress(asyncio.CancelledError):
        await scene.task
    await scene.listener.close()


async def test_a_link_begins_with_the_key_and_the_whole_state(scene: Scene) -> None:
    assert scene.matchmaker.keys == ["Bearer key"]
    state = orjson.loads(scene.recorder.messages[0])
    assert (state["type"], state["seq"], state["stream"], state["taken"]) == ("state", 1, "a", 0)
    assert scene.link.connected


async def test_a_claim_is_granted_and_the_state_follows(scene: Scene) -> None:
    scene.recorder.sockets[0].send(encode(CLAIM))
    states = await scene.hear("state", 2)
    assert scene.matchmaker.said("granted") == [{"type": "granted", "claim": "c1", "session": "s1"}]
    assert (states[1]["seq"], states[1]["taken"]) == (2, 1)


async def test_a_refusal_has_its_reason(scene: Scene) -> None:
    scene.stream.refuse = RefusedReason.FULL
    scene.recorder.sockets[0].send(encode(CLAIM))
    assert (await scene.hear("refused"))[0]["reason"] == "full"


async def test_a_release_is_passed_on(scene: Scene) -> None:
    scene.recorder.sockets[0].send(encode(Release(session="s9")))
    scene.recorder.sockets[0].send(encode(CLAIM))
    await scene.hear("granted")
    assert scene.stream.released == ["s9"]


async def test_many_changes_make_one_state(scene: Scene) -> None:
    for _ in range(100):
        scene.stream.taken += 1
        scene.link.changed()
    states = await scene.hear("state", 2)
    assert [(state["seq"], state["taken"]) for state in states] == [(1, 0), (2, 100)]


async def test_what_ended_without_a_link_is_told_on_the_next(scene: Scene) -> None:
    scene.recorder.sockets[0].abort()
    await scene.recorder.until(lambda r: bool(r.endings))
    scene.link.ended(Ended(session="s1", reason=EndedReason.LEFT, seconds=3))
    await scene.linked(2)
    assert (await scene.hear("ended"))[0]["session"] == "s1"
    epochs = {state["epoch"] for state in scene.matchmaker.said("state")}
    assert len(epochs) == 1


async def test_what_ended_while_a_link_closes_is_told_on_the_next(scene: Scene) -> None:
    scene.recorder.sockets[0].send('{"type":"claim"}')
    await scene.recorder.until(lambda r: r.sockets[0].closing)
    scene.link.ended(Ended(session="s1", reason=EndedReason.LEFT, seconds=3))
    await scene.linked(2)
    assert (await scene.hear("ended"))[0]["session"] == "s1"


async def test_it_redials_by_name_so_that_another_replica_may_answer(scene: Scene) -> None:
    """As behind a Service: the address is the same, who listens there is another."""
    port = scene.listener.port
    await scene.listener.close()
    other = Matchmaker()
    scene.listener = await other.serve(port)
    await other.recorder.until(lambda r: bool(r.messages))
    state = orjson.loads(other.recorder.messages[0])
    assert other.keys == ["Bearer key"]
    assert state["epoch"] == scene.matchmaker.said("state")[0]["epoch"]
    other.recorder.sockets[0].send(encode(CLAIM))
    await other.recorder.until(lambda _: bool(other.said("granted")))


async def test_nonsense_closes_the_link_with_1008_and_it_comes_back(scene: Scene) -> None:
    scene.recorder.sockets[0].send('{"type":"claim"}')
    await scene.linked(2)
    assert scene.recorder.endings[0][0] == 1008


async def test_it_waits_for_a_matchmaker_that_is_away(scene: Scene) -> None:
    port = scene.listener.port
    await scene.listener.close()
    assert not scene.link.connected or scene.recorder.sockets
    scene.listener = await scene.matchmaker.serve(port)
    await scene.linked(2)


async def test_silence_ends_the_link(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(registration, "PING_INTERVAL", 0.01)
    monkeypatch.setattr(registration, "SILENCE_LIMIT", -1.0)
    scene.recorder.sockets[0].abort()
    await scene.linked(3)


async def test_the_state_comes_again_without_a_change(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(registration, "STATE_INTERVAL", 0.01)
    scene.recorder.sockets[0].abort()
    await scene.linked(2)
    states = await scene.hear("state", 5)
    assert [state["seq"] for state in states[:5]] == [1, 2, 3, 4, 5]


async def test_stopping_says_the_last_state_and_goodbye(scene: Scene) -> None:
    scene.stream.taken = 7
    scene.task.cancel()
    await scene.recorder.until(lambda r: bool(r.endings))
    assert scene.recorder.endings == [(1001, "stopped")]
    assert scene.matchmaker.said("state")[-1]["taken"] == 7
