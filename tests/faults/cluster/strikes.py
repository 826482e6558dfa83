"""What operators and nodes do to a release while it is played on.

The trap: a strike is over when the cluster serves as before, not when the command returns; each ends by
having somebody new come, or by waiting for what it took away.
"""

from __future__ import annotations

import asyncio
from itertools import count
from typing import Any

from tests.cluster.node.shell import CommandError
from tests.faults.cluster import host
from tests.faults.cluster.ground import SERVICES, STREAMS, Cluster
from tests.faults.fault import Fault, Strike, Unexpected

FLEET = "deployment/px-streamer-default"
_numbers = count(1)


async def kill_one(ground: Cluster) -> None:
    """SIGKILL to all processes of one matchmaker."""
    await _kill(ground, ground.pods("matchmaker")[:1])


async def kill_all(ground: Cluster) -> None:
    """SIGKILL to all processes of all matchmakers."""
    await _kill(ground, ground.pods("matchmaker"))


async def kill_proxy(ground: Cluster) -> None:
    """SIGKILL to all processes of all proxies, so that every signalling socket breaks."""
    await _kill(ground, ground.pods("proxy"))


async def _kill(ground: Cluster, pods: list[dict[str, Any]]) -> None:
    before = sum(map(_restarts, pods))
    names = {pod["metadata"]["name"] for pod in pods}
    for pod in pods:
        host.kill(pod["metadata"]["uid"])

    def again() -> bool:
        there = [pod for pod in ground.pods("") if pod["metadata"]["name"] in names]
        return sum(map(_restarts, there)) > before

    await ground.until("containers started again", again)
    await ground.ready()
    await ground.visit()


def _restarts(pod: dict[str, Any]) -> int:
    return sum(it["restartCount"] for it in pod["status"].get("containerStatuses", []))


async def empty_store(ground: Cluster) -> None:
    """SIGKILL to Valkey, which comes back empty."""
    (pod,) = ground.kubectl.json("get", "pods", "--selector=app=store")["items"]
    host.kill(pod["metadata"]["uid"])

    def again() -> bool:
        (now,) = ground.kubectl.json("get", "pods", "--selector=app=store")["items"]
        return _restarts(now) > _restarts(pod)

    await ground.until("Valkey started again", again)
    await ground.visit()


async def no_store(ground: Cluster) -> None:
    """No Valkey for a while: nobody new is seated, and who plays goes on."""
    await ground.run("scale", "deployment/store", "--replicas=0")
    gone = ["get", "pods", "--selector=app=store", "--output=name"]
    await ground.until("no Valkey", lambda: not ground.kubectl(*gone).strip())
    await asyncio.sleep(ground.form.pick(short=15, long=60))
    await ground.run("scale", "deployment/store", "--replicas=1")
    await ground.run("rollout", "status", "deployment/store", "--timeout=90s")
    await ground.visit()


def rollout(component: str) -> Strike[Cluster]:
    """Return what replaces all pods of a component."""

    async def strike(ground: Cluster) -> None:
        before = {pod["metadata"]["uid"] for pod in ground.pods(component)}
        await ground.run("rollout", "restart", f"deployment/px-{component}")
        await ground.run("rollout", "status", f"deployment/px-{component}", "--timeout=150s")
        if before & {pod["metadata"]["uid"] for pod in ground.pods(component)}:
            raise Unexpected(f"{component} was not replaced")
        await ground.visit()

    return strike


async def upgrade(ground: Cluster) -> None:
    """Upgrade the release so that every pod of every service is replaced, and all free streams."""
    mark = {"podAnnotations": {"example.org/release": str(next(_numbers))}}
    marked = {name: {**ground.values.get(name, {}), **mark} for name in (*SERVICES, "player", "streamer")}
    before = {pod["metadata"]["uid"] for name in marked for pod in ground.pods(name)}
    await ground.deploy({**ground.values, **marked})
    if before & {pod["metadata"]["uid"] for name in marked for pod in ground.pods(name)}:
        raise Unexpected("some pods were not replaced")
    await ground.visit()


async def shrink(ground: Cluster) -> None:
    """Take all free streams away, and bring them back."""
    here = {pod["metadata"]["name"] for pod in ground.pods("streamer")}
    taken = ground.taken & here
    await ground.run("scale", FLEET, f"--replicas={len(taken)}")
    await ground.until("only taken streams", lambda: _names(ground) == taken)
    await ground.run("scale", FLEET, f"--replicas={STREAMS}")
    await ground.ready()


async def drain_node(ground: Cluster) -> None:
    """Cordon the node and evict its streams: the free ones go, the taken ones may not be evicted."""
    taken = ground.taken & _names(ground)
    free = _names(ground) - taken
    (node, *_) = {pod["spec"]["nodeName"] for pod in ground.pods("streamer") if "nodeName" in pod["spec"]}
    await ground.run("cordon", node)
    try:
        await asyncio.gather(*(_evict(ground, name, refused=name in taken) for name in taken | free))
        await ground.until("free streams gone", lambda: not free & _names(ground))
        if taken - _names(ground):
            raise Unexpected(f"taken streams went: {taken - _names(ground)}")
    finally:
        await ground.run("uncordon", node)
    await ground.ready()
    await ground.visit()


async def _evict(ground: Cluster, name: str, *, refused: bool) -> None:
    path = f"/api/v1/namespaces/{ground.kubectl.namespace}/pods/{name}/eviction"
    document = f'{{"apiVersion": "policy/v1", "kind": "Eviction", "metadata": {{"name": "{name}"}}}}'
    try:
        await asyncio.to_thread(ground.kubectl, "create", f"--raw={path}", "--filename=-", stdin=document)
        was = False
    except CommandError:
        was = True
    if was != refused:
        raise Unexpected(f"the eviction of {name} was {'refused' if was else 'allowed'}")


async def end_stream(ground: Cluster) -> None:
    """Delete the pod of a taken stream: its player stays, and nobody new comes there."""
    session = ground.sessions[next(_numbers) % len(ground.sessions)]
    name = session.stream
    await ground.run("delete", "pod", name, "--wait=false")
    await ground.ready()
    seat = await ground.seat()
    if seat.stream == name:
        raise Unexpected(f"{name} was given to somebody new while it ends")
    if not ground.kubectl.succeeds("get", "pod", name):
        raise Unexpected(f"{name} ended before its player left")


async def no_api(ground: Cluster) -> None:
    """The API server hangs; who plays goes on, and somebody new is seated all the same."""
    with host.frozen("kube-apiserver"):
        async with asyncio.TaskGroup() as group:
            group.create_task(ground.visit())
            group.create_task(asyncio.sleep(ground.form.pick(short=20, long=60)))
    await ground.ready()
    await ground.visit()


async def no_turn_api(ground: Cluster) -> None:
    """No turn-api for a while; who plays goes on."""
    await ground.run("scale", "deployment/px-turn-api", "--replicas=0")
    await ground.until("no turn-api", lambda: not ground.pods("turn-api"))
    await ground.visit()
    await ground.run("scale", "deployment/px-turn-api", "--replicas=2")
    await ground.ready()


async def drain_relay(ground: Cluster) -> None:
    """Tell the only relay to end: it relays on until all have left whose streams hold a place at it."""
    (relay,) = ground.pods("turn")
    name = relay["metadata"]["name"]
    await ground.run("delete", "pod", name, "--wait=false")
    await ground.until("a relay told to end", lambda: not ground.pods("turn"))
    await asyncio.gather(*(session.steady(20.0) for session in ground.sessions))
    if not ground.kubectl.succeeds("get", "pod", name):
        raise Unexpected("the relay ended while sessions were relayed")
    lost = [f"{session.name}: {session.lost}" for session in ground.sessions if session.lost]
    if lost:
        raise Unexpected(f"while their relay drained: {'; '.join(lost)}")
    for session in ground.sessions:
        await session.end()
    try:
        await ground.until("a relay again", lambda: bool(ground.pods("turn")))
        await ground.run("rollout", "status", "daemonset/px-turn", "--timeout=120s")
    finally:
        for session in ground.sessions:
            await ground.begin(session)
            await session.mark()


def _names(ground: Cluster) -> set[str]:
    return {pod["metadata"]["name"] for pod in ground.pods("streamer")}


FAULTS: tuple[Fault[Cluster], ...] = (
    Fault("cluster-matchmaker-killed", "kill -9 of one of two matchmakers", kill_one, short=1),
    Fault("cluster-matchmakers-killed", "kill -9 of all matchmakers", kill_all, short=1),
    Fault("cluster-store-killed", "kill -9 of Valkey, which comes back empty", empty_store, short=1),
    Fault("cluster-store-away", "no Valkey for a while", no_store, short=1),
    Fault("cluster-proxy-killed", "kill -9 of all proxies", kill_proxy, short=1),
    *(
        Fault(f"cluster-rollout-{name}", f"rollout of {name}", rollout(name), short=1, settle=60.0)
        for name in SERVICES
    ),
    Fault("cluster-shrink", "scale-down to the number of taken streams", shrink, short=1),
    Fault("cluster-node-drained", "node drain: cordon and evict", drain_node, short=1),
    Fault("cluster-stream-ended", "SIGTERM of a taken stream's pod", end_stream, short=1),
    Fault("cluster-api-away", "the API server hangs", no_api, short=1, settle=60.0),
    Fault("cluster-turn-api-down", "no turn-api for a while", no_turn_api, short=1),
    Fault("cluster-relay-drained", "a TURN node drained", drain_relay, short=1),
    Fault("cluster-upgrade", "helm upgrade that replaces everything", upgrade, short=1, settle=60.0),
)
