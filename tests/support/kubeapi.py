"""A small Kubernetes API: lists in pages, watches from a resource version, and every way of failing.

Real sockets and real chunks, so that cuts, half lines and silence are those of the wire. Trap: like the
real one it forgets history (`compact`), and then answers old versions with 410.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from copy import deepcopy
from typing import Any
from urllib.parse import parse_qs, urlsplit

import orjson

Object = dict[str, Any]
DEADLINE = 10.0
PODS, NODES = "/api/v1/namespaces/px/pods", "/api/v1/nodes"
SLICES = "/apis/discovery.k8s.io/v1/namespaces/px/endpointslices"


class FakeApi:
    """Objects by path, and what was asked of them.

    Attributes:
        lists, watches: the queries that came, in order, with their path.
        authorizations: what each request showed.
        page: objects in one page of a list.
        refuse, refuse_patches: status with which everything or only patches are refused; 0 for none.
        end_watches: whether every watch is ended as soon as it is on.
    """

    def __init__(self) -> None:
        self.port = 0
        self.lists: list[tuple[str, dict[str, str]]] = []
        self.watches: list[tuple[str, dict[str, str]]] = []
        self.patches: list[tuple[str, Object]] = []
        self.authorizations: list[str] = []
        self.times: list[float] = []
        self.page = 500
        self.refuse = 0
        self.refuse_patches = 0
        self.end_watches = False
        self._forbidden: set[str] = set()
        self._objects: dict[str, dict[str, Object]] = {}
        self._history: list[tuple[int, str, Object]] = []
        self._version, self._oldest = 100, 100
        self._open: dict[asyncio.StreamWriter, str] = {}
        self._writers: set[asyncio.StreamWriter] = set()
        self._server: asyncio.Server | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    # --- what a test does -------------------------------------------------------------------------

    def put(self, path: str, name: str, **fields: Any) -> None:
        """Make or change an object; those who watch are told."""
        known = name in self._objects.setdefault(path, {})
        one = {
            **deepcopy(fields),
            "metadata": {"name": name, "namespace": "px", **fields.get("metadata", {})},
        }
        self._objects[path][name] = one
        self._tell(path, "MODIFIED" if known else "ADDED", one)

    def read(self, path: str, name: str) -> Object:
        """Return an object as it is now."""
        return self._objects[path][name]

    def delete(self, path: str, name: str) -> None:
        """Delete an object; those who watch are told."""
        self._tell(path, "DELETED", self._objects[path].pop(name))

    def forbid(self, path: str) -> None:
        """Answer 403 to whoever asks for `path` from now on, and end what goes on there."""
        self._forbidden.add(path)
        for writer in [writer for writer, where in self._open.items() if where == path]:
            writer.transport.abort()

    def compact(self) -> None:
        """Forget how things came to be as they are."""
        self._version += 1
        self._oldest, self._history = self._version, []

    def bookmark(self, path: str) -> None:
        """Tell those who watch which version it is."""
        self._version += 1
        self._send(path, _line("BOOKMARK", {"metadata": {"resourceVersion": str(self._version)}}))

    def say(self, path: str, data: bytes) -> None:
        """Send whatever to those who watch, as one chunk."""
        self._send(path, data)

    def cut(self) -> None:
        """Break every connection, in the middle of whatever it does."""
        for writer in self._writers:
            writer.transport.abort()

    def watching(self, path: str) -> bool:
        """Whether somebody watches."""
        return path in self._open.values()

    async def until(self, condition: Callable[[], bool]) -> None:
        """Wait until a condition holds."""
        async with asyncio.timeout(DEADLINE):
            while not condition():  # noqa: ASYNC110 - what is waited for is plain state
                await asyncio.sleep(0.005)

    # --- life --------------------------------------------------------------------------------------

    async def start(self) -> None:
        """Listen, on the port of before if there was one."""
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", self.port)
        self.port = self._server.sockets[0].getsockname()[1]

    async def stop(self) -> None:
        """Be gone: no listener, no connection."""
        if self._server is not None:
            self._server.close()
            self.cut()
            await self._server.wait_closed()
            self._server = None

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._writers.add(writer)
        try:
            while await self._request(reader, writer):
                await writer.drain()
            await reader.read()
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            self._writers.discard(writer)
            self._open.pop(writer, None)
            with suppress(ConnectionError):
                writer.close()

    async def _request(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        """Answer one request; false if it was a watch, which keeps the connection."""
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
        first, *lines = head.strip().split("\r\n")
        headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
        body = await reader.readexactly(int(headers.get("content-length", 0)))
        method, target, _ = first.split(" ")
        path, query = urlsplit(target).path, parse_qs(urlsplit(target).query)
        params = {name: values[-1] for name, values in query.items()}
        self.authorizations.append(headers.get("authorization", ""))
        self.times.append(time.monotonic())
        if self.refuse or path in self._forbidden:
            writer.write(_answer(self.refuse or 403, {"message": "no"}))
        elif method == "PATCH":
            self.patches.append((path, orjson.loads(body)))
            writer.write(self._patch(*self.patches[-1]))
        elif "watch" in params:
            return self._watch(path, params, writer)
        else:
            self.lists.append((path, params))
            writer.write(self._list(path, params))
        return True

    def _patch(self, path: str, body: Object) -> bytes:
        """Merge into an object that there is; whoever wrote it is not noted."""
        if self.refuse_patches:
            return _answer(self.refuse_patches, {"message": "no"})
        where, _, name = path.rpartition("/")
        if name not in self._objects.get(where, {}):
            return _answer(200, {"metadata": {"name": name}})
        one = self._objects[where][name] = _merged(self._objects[where][name], body)
        self._tell(where, "MODIFIED", one)
        return _answer(200, one)

    def _list(self, path: str, params: dict[str, str]) -> bytes:
        start, version = map(int, params.get("continue", f"0-{self._version}").split("-"))
        if version < self._oldest:
            return _answer(410, {"message": "the continue parameter is too old"})
        found = list(self._objects.get(path, {}).values())
        meta = {"resourceVersion": str(version)}
        if len(found) > start + self.page:
            meta["continue"] = f"{start + self.page}-{version}"
        return _answer(200, {"metadata": meta, "items": found[start : start + self.page]})

    def _watch(self, path: str, params: dict[str, str], writer: asyncio.StreamWriter) -> bool:
        self.watches.append((path, params))
        version = int(params["resourceVersion"])
        if version < self._oldest:
            writer.write(_answer(410, {"message": "too old resource version"}))
            return True
        writer.write(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
        for number, where, event in self._history:
            if where == path and number > version:
                writer.write(_chunk(_line(event["type"], event["object"])))
        if self.end_watches:
            writer.write(b"0\r\n\r\n")
            return True
        self._open[writer] = path
        return False

    def _tell(self, path: str, kind: str, one: Object) -> None:
        self._version += 1
        one["metadata"]["resourceVersion"] = str(self._version)
        self._history.append((self._version, path, {"type": kind, "object": deepcopy(one)}))
        self._send(path, _line(kind, one))

    def _send(self, path: str, data: bytes) -> None:
        for writer, where in self._open.items():
            if where == path:
                writer.write(_chunk(data))


def _line(kind: str, one: Object) -> bytes:
    return orjson.dumps({"type": kind, "object": one}) + b"\n"


def _merged(one: Any, patch: Any) -> Any:
    """A merge patch (RFC 7386) carried out on a copy."""
    if not isinstance(patch, dict):
        return patch
    found = dict(one) if isinstance(one, dict) else {}
    for key, value in patch.items():
        if value is None:
            found.pop(key, None)
        else:
            found[key] = _merged(found.get(key), value)
    return found


def _chunk(data: bytes) -> bytes:
    return f"{len(data):x}\r\n".encode() + data + b"\r\n"


def _answer(status: int, value: Object) -> bytes:
    body = orjson.dumps(value)
    return f"HTTP/1.1 {status} X\r\nContent-Length: {len(body)}\r\n\r\n".encode() + body


@asynccontextmanager
async def kube_api() -> AsyncIterator[FakeApi]:
    """Serve on a free port of loopback while the block runs."""
    api = FakeApi()
    await api.start()
    try:
        yield api
    finally:
        await api.stop()


KUBECONFIG = """
apiVersion: v1
kind: Config
current-context: here
contexts: [{name: here, context: {cluster: here, user: me}}]
clusters: [{name: here, cluster: {server: "%s"}}]
users: [{name: me, user: {token: north}}]
"""
"""Of a fake API, whose URL is still to be put in."""


# --- objects ---------------------------------------------------------------------------------------


def pod(uid: str, cost: str | None = None, author: str = "", **labels: str) -> Object:
    """The fields of a stream's pod, with a deletion cost and who wrote it."""
    name = "controller.kubernetes.io/pod-deletion-cost"
    fields: Object = {"f:metadata": {"f:annotations": {f"f:{name}": {}}}}
    return {
        "metadata": {
            "uid": uid,
            "labels": labels,
            "annotations": {} if cost is None else {name: cost},
            "managedFields": [{"manager": author, "fieldsV1": fields}] if author else [],
        }
    }


def running_pod(uid: str, *, ready: bool = True, ending: bool = False, phase: str = "Running") -> Object:
    """The fields of a stream's pod with a status."""
    one = pod(uid)
    if ending:
        one["metadata"]["deletionTimestamp"] = "2026-01-01T00:00:00Z"
    one["status"] = {
        "phase": phase,
        "conditions": [{"type": "Ready", "status": "True" if ready else "False"}],
    }
    return one


def endpoint(pod: str, address: str, uid: str = "", **conditions: bool) -> Object:
    """An endpoint of an EndpointSlice."""
    return {
        "addresses": [address],
        "targetRef": {"kind": "Pod", "name": pod, "uid": uid},
        "conditions": {"ready": True, "serving": True, "terminating": False, **conditions},
    }


def slice_of(
    *endpoints: Object,
    fleet: str = "default",
    port: int = 3000,
    family: str = "IPv4",
    labels: dict[str, str] | None = None,
) -> Object:
    """The fields of an EndpointSlice; its name is given to `FakeApi.put`."""
    labels = {"pixelstream.io/fleet": fleet, "pixelstream.io/discovery": "true"} | (labels or {})
    return {
        "metadata": {"labels": labels},
        "addressType": family,
        "ports": [{"name": "http", "port": port, "protocol": "TCP"}],
        "endpoints": list(endpoints),
    }


def coturn(
    node: str, *, ready: bool = True, ending: bool = False, on_host: bool = True, tls: bool = False
) -> Object:
    """The fields of one of coturn's pods."""
    ports = [{"name": "turn-udp", "containerPort": 3478}, {"name": "turn-tcp", "containerPort": 3478}]
    if tls:
        ports.append({"name": "turn-tls", "containerPort": 5349})
    return {
        "metadata": {"deletionTimestamp": "2026-01-01T00:00:00Z"} if ending else {},
        "spec": {"nodeName": node, "hostNetwork": on_host, "containers": [{"name": "turn", "ports": ports}]},
        "status": {
            "hostIP": "192.0.2.200",
            "conditions": [{"type": "Ready", "status": "True" if ready else "False"}],
        },
    }


def node(
    *addresses: tuple[str, str], ready: bool = True, closed: bool = False, named: str = "", zone: str = ""
) -> Object:
    """The fields of a node; its addresses as (type, address)."""
    return {
        "metadata": {
            "annotations": {"pixelstream.io/turn-address": named} if named else {},
            "labels": {"topology.kubernetes.io/zone": zone} if zone else {},
        },
        "spec": {"unschedulable": True} if closed else {},
        "status": {
            "addresses": [{"type": kind, "address": address} for kind, address in addresses],
            "conditions": [{"type": "Ready", "status": "True" if ready else "Unknown"}],
        },
    }
