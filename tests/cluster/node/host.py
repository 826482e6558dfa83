"""The node seen from this machine: start it, look at it, run something in it, end it.

Trap: addresses and names are fixed, so one machine holds one node at a time; a second `up`
finds the first.
"""

import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

from pydantic import BaseModel

from tests.cluster.node import build, cgroups, conf, link, packages, paths, pki
from tests.cluster.node.api import Api
from tests.cluster.node.locks import lock
from tests.cluster.node.pins import REPOSITORY, pins
from tests.cluster.node.processes import Process
from tests.cluster.node.progress import step
from tests.cluster.node.shell import CommandError, run

GROUPS = ("core", "etcd", "probe", "coredns", "kube-router", "helm")
NAMESPACES = ("mount", "net", "pid", "cgroup", "uts", "ipc")
READY_SECONDS = 180.0
END_SECONDS = 30.0
SOCKET = Path("run/containerd/containerd.sock")


class State(BaseModel):
    """What `up` leaves in a file so that `down` finds everything again."""

    outer: Process  # unshare, whose end kills `inner`
    inner: Process  # process 1 of the node
    cgroups: list[str]


def state() -> State | None:
    """The running node, None when there is none."""
    try:
        found = State.model_validate_json(paths.STATE.read_text())
    except FileNotFoundError:
        return None
    return found if found.inner.alive() else None


def refuse_unless_possible() -> None:
    """Say at once what this machine lacks.

    Raises:
        CommandError: it is not Linux, we are not root, or it has control groups of version 2 only.
    """
    faults = []
    if sys.platform != "linux" or os.geteuid() != 0:
        faults.append("a node of the project's own needs Linux and root")
    elif Path("/sys/fs/cgroup/cgroup.controllers").exists():
        faults.append(
            "this machine has control groups of version 2 only, which the project's node does not use"
        )
    if faults:
        raise CommandError(
            ["cluster", "up"], 1, f"{faults[0]}: set KUBECONFIG, or start Docker (kind is used then)"
        )


def up(*, stock_timing: bool = False) -> State:
    """Start the node, or find the one that runs; returns when its API server serves.

    Raises:
        CommandError: a program could not be built or the machine refuses.
        TimeoutError: a part did not become ready in time; its log is in `paths.LOGS`.
    """
    refuse_unless_possible()
    packages.need(pins().node.packages)
    programs = {program.name: str(program) for group in GROUPS for program in build.ensure(group).iterdir()}
    with lock("node"):
        running = state()
        if running is not None:
            return running
        _clear()
        return _start(programs, stock_timing=stock_timing)


def _start(programs: dict[str, str], *, stock_timing: bool) -> State:
    for folder in (paths.NODE, paths.LOGS, paths.DATA):
        folder.mkdir(parents=True, exist_ok=True)
    pki.write(paths.PKI, paths.CONF, paths.KUBECONFIG)
    conf.write(paths.CONF, paths.PKI)
    plan = paths.CONF / "plan.json"
    plan.write_text(json.dumps({"programs": programs, "stock_timing": stock_timing}))
    outer = _unshare(plan)
    try:
        wait("process 1", lambda: outer.first_child() is not None, END_SECONDS)
        inner = Process.of(outer.first_child() or 0)
        started = State(outer=outer, inner=inner, cgroups=cgroups.locate(inner.pid))
        paths.STATE.write_text(started.model_dump_json())
        here = str(Path("/proc/self/ns/net").readlink())
        wait("namespaces", lambda: inner.namespace("net") not in {"", here}, END_SECONDS)
        link.connect(inner.pid)
        wait("containerd", lambda: Path(f"/proc/{inner.pid}/root", SOCKET).exists(), READY_SECONDS)
    except Exception:
        outer.kill()
        raise
    return started


def _unshare(plan: Path) -> Process:
    namespaces = [f"--{name}" for name in NAMESPACES]
    argv = ["unshare", *namespaces, "--fork", "--kill-child=KILL", "--mount-proc", sys.executable, "-P"]
    with (paths.LOGS / "node.log").open("w") as log:
        process = subprocess.Popen(
            [*argv, "-m", "tests.cluster.node.init", str(plan)],
            cwd="/",
            env={**os.environ, "PYTHONPATH": str(REPOSITORY), "PIXELSTREAM_CACHE": str(paths.CACHE)},
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
    process.returncode = 0  # it outlives this program on purpose, which Popen would warn of
    return Process.of(process.pid)


def wait(what: str, ready: Callable[[], bool], seconds: float) -> None:
    """Wait until a condition holds.

    Raises:
        TimeoutError: it did not in time.
    """
    deadline = time.monotonic() + seconds
    while not ready():
        if time.monotonic() > deadline:
            raise TimeoutError(f"{what}: not ready after {seconds:g} s; see {paths.LOGS}")
        time.sleep(0.1)


def wait_ready() -> None:
    """Wait until the node is Ready and pods can be made."""
    api = Api(paths.KUBECONFIG)
    try:
        with step("wait for the node"):
            wait("node", lambda: api.node_ready(paths.NODE_NAME), READY_SECONDS)
            wait("service account", api.service_account_exists, READY_SECONDS)
    finally:
        api.close()


def execute(argv: list[str | Path], *, timeout: float = 120.0, stdin: str | None = None) -> str:
    """Run a program of this machine inside the node's namespaces; returns its output.

    Raises:
        CommandError: no node runs, or the program failed.
    """
    running = state()
    if running is None:
        raise CommandError([str(word) for word in argv], 1, "no node is running: make cluster")
    enter = ["nsenter", "--target", str(running.inner.pid), "--mount", "--net", "--pid", "--uts", "--ipc"]
    return run([*enter, *argv], timeout=timeout, stdin=stdin)


def down() -> None:
    """End the node and remove everything that it left outside its namespaces, but its logs.

    Raises:
        TimeoutError: a process or control group of it would not end.
    """
    with lock("node"):
        _clear()


def _clear() -> None:
    try:
        found = State.model_validate_json(paths.STATE.read_text())
    except FileNotFoundError:
        found = None
    if found is not None:
        for process in (found.inner, found.outer):
            process.kill()
        wait("end of the node", lambda: not (found.inner.alive() or found.outer.alive()), END_SECONDS)
        cgroups.remove(found.cgroups)
    if link.exists():
        link.drop()
    shutil.rmtree(paths.NODE, ignore_errors=True)
