"""`pixelstream up` as a process: what it says when something is missing or ends, what it leaves behind."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
from pathlib import Path

import psutil
import pytest

from pixelstream.apps.coturn import Coturn, CoturnError, CoturnPlan
from pixelstream.cli import up as command
from pixelstream.cli.stack import browser
from pixelstream.cli.stack.browser import BrowserError
from pixelstream.cli.stack.plan import Plan
from pixelstream.cli.stack.ports import free_ports
from pixelstream.cli.stack.processes import Service, StackError, Supervisor
from pixelstream.cli.stack.run import Stack

PLAN = Plan(page="http://localhost/", matchmaker="http://localhost/", control_key="k")


async def up(*args: str, path: str | None = None) -> asyncio.subprocess.Process:
    argv = (sys.executable, "-m", "pixelstream", "up", "--streams", "1", "--mode", "clips")
    # These tests may run under nohup, which `up` would obey.
    inherited = signal.signal(signal.SIGHUP, signal.SIG_DFL)
    try:
        return await asyncio.create_subprocess_exec(
            *argv, "--port", str(free_ports(1)[0]), *args,
            stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
            env=os.environ if path is None else {**os.environ, "PATH": path},
            start_new_session=True,
        )  # fmt: skip
    finally:
        signal.signal(signal.SIGHUP, inherited)


async def test_work_ends_when_a_process_does_and_says_which_with_its_last_words(tmp_path: Path) -> None:
    stack = Stack(plan=PLAN, supervisor=Supervisor(tmp_path), coturn=None)
    dying = "print('out of luck'); raise SystemExit(3)"
    await stack.supervisor.start(Service("weak", (sys.executable, "-c", dying)))
    with pytest.raises(StackError, match=r"weak: ended with exit code 3\n  out of luck"):
        await stack.during(asyncio.Event().wait())


async def test_work_that_is_done_first_gives_its_result(tmp_path: Path) -> None:
    stack = Stack(plan=PLAN, supervisor=Supervisor(tmp_path), coturn=None)
    await stack.supervisor.start(Service("steady", (sys.executable, "-c", "import time; time.sleep(60)")))
    assert await stack.during(asyncio.sleep(0, "done")) == "done"
    await stack.supervisor.stop()


async def test_the_end_of_coturn_is_told_as_any_others(tmp_path: Path) -> None:
    coturn = Coturn(CoturnPlan(secret="s"))
    await coturn.start()
    try:
        supervisor = Supervisor(tmp_path)
        await supervisor.start(Service("steady", (sys.executable, "-c", "import time; time.sleep(60)")))
        stack = Stack(plan=PLAN, supervisor=supervisor, coturn=coturn)
        working = asyncio.create_task(stack.during(asyncio.Event().wait()))
        for child in psutil.Process().children():
            if child.name() == "turnserver":
                child.kill()
        with pytest.raises(CoturnError, match="coturn ended by itself"):
            await working
        await supervisor.stop()
    finally:
        await coturn.stop()


@pytest.mark.browser
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
async def test_no_process_outlives_it_whatever_ends_it(number: signal.Signals) -> None:
    process = await up()
    assert process.stderr is not None
    async for line in process.stderr:
        if b"stream-1 is ready" in line:
            break
    children = psutil.Process(process.pid).children(recursive=True)
    assert len(children) >= 4
    process.send_signal(number)
    assert await process.wait() == 0
    assert psutil.wait_procs(children, timeout=0)[1] == []


async def test_nohup_is_obeyed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(signal, "getsignal", lambda _: signal.SIG_IGN)
    taken: list[int] = []
    loop = asyncio.get_running_loop()
    monkeypatch.setattr(loop, "add_signal_handler", lambda number, _: taken.append(number))
    assert await command._until_signal(asyncio.sleep(0, "done")) == "done"
    assert taken == [signal.SIGINT, signal.SIGTERM]


@pytest.mark.browser
async def test_a_smoke_run_says_in_json_what_is_missing_and_goes_on_without_coturn(tmp_path: Path) -> None:
    process = await up("--smoke", "--runs", "1", path=str(tmp_path))
    out, err = await process.communicate()
    line = json.loads(out.decode().splitlines()[-1])
    assert process.returncode == 1
    assert line["ok"] is False
    assert "no browser found" in line["faults"][0]
    assert b"coturn is not installed (Debian's package: coturn): going on without a relay\n" in err


@pytest.mark.browser
async def test_a_smoke_run_that_is_stopped_says_so_in_json_and_leaves_no_process() -> None:
    process = await up("--smoke", "--runs", "50")
    assert process.stderr is not None
    async for line in process.stderr:
        if b"visiting" in line:
            break
    children = psutil.Process(process.pid).children(recursive=True)
    process.send_signal(signal.SIGTERM)
    out, _ = await process.communicate()
    assert process.returncode == 1
    assert json.loads(out)["faults"] == ["stopped by a signal"]
    assert psutil.wait_procs(children, timeout=0)[1] == []


@pytest.mark.browser
async def test_a_call_of_the_browser_that_fails_is_a_fault_in_words() -> None:
    with pytest.raises(BrowserError, match=r"the browser failed: .*ERR_CONNECTION_REFUSED"):
        async with browser.browser() as chromium:
            await browser.open_page(chromium, f"http://127.0.0.1:{free_ports(1)[0]}/")


async def test_a_page_without_a_connection_has_no_statistics_but_words() -> None:
    class Ended:
        async def evaluate(self, script: str) -> object:
            return None if "stats" in script else {"state": "ended"}

    with pytest.raises(BrowserError, match=r"the stream ended: {'state': 'ended'}"):
        await browser.stats(Ended())  # type: ignore[arg-type]
