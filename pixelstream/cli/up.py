"""`pixelstream up`: the whole stack on this machine, with a live view, or (`--smoke`) measured in a browser.

The trap: standard output belongs to the smoke run's JSON alone; what is for people goes to standard error.
"""

from __future__ import annotations

import asyncio
import json
import signal
import sys
from collections.abc import Coroutine
from pathlib import Path
from typing import Annotated, Any, Literal, TypeVar

import typer
from rich.console import Console

from pixelstream import logs
from pixelstream.cli.stack import smoke, view
from pixelstream.cli.stack.plan import Options
from pixelstream.cli.stack.run import running
from pixelstream.errors import PixelstreamError

console = Console(stderr=True, highlight=False)

Mode = Literal["live", "clips"]
Codec = Literal["h264", "vp8"]
T = TypeVar("T")

STOPS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


def up(
    *,
    streams: Annotated[int, typer.Option(min=1, max=16, help="Streams to run.")] = 2,
    port: Annotated[int, typer.Option(min=1, max=65535, help="Port of the page.")] = 8080,
    mode: Annotated[
        Mode | None,
        typer.Option(help="live: drawn and encoded on the spot; clips: made once. Smoke runs use clips."),
    ] = None,
    codec: Annotated[Codec, typer.Option(help="Video codec.")] = "h264",
    relay_only: Annotated[
        bool, typer.Option("--relay-only", help="Allow no way but through coturn.")
    ] = False,
    smoke_run: Annotated[
        bool, typer.Option("--smoke", help="Drive a headless Chromium, print one line of JSON, end.")
    ] = False,
    runs: Annotated[int, typer.Option(min=1, max=100, help="Visits of a smoke run.")] = 8,
    screenshot: Annotated[Path | None, typer.Option(help="Where a smoke run keeps a picture.")] = None,
) -> None:
    """Run the whole stack on this machine: streams, signalling, matchmaker, TURN and the page."""
    options = Options(
        streams=streams,
        port=port,
        relay_only=relay_only,
        mode=mode or ("clips" if smoke_run else "live"),
        codec=codec,
    )
    logs.setup("up", "warning", "console")
    work = _smoke(options, runs, screenshot) if smoke_run else _watch(options)
    raise typer.Exit(asyncio.run(work))


async def _watch(options: Options) -> int:
    async def show() -> None:
        async with running(options, console.print) as stack:
            await stack.during(view.show(stack, console))

    await _until_signal(show())
    return 0


async def _smoke(options: Options, runs: int, screenshot: Path | None) -> int:
    try:
        report = await _until_signal(_visit(options, runs, screenshot))
    except PixelstreamError as error:
        report = smoke.Report(faults=[str(error)])
    report = report or smoke.Report(faults=["stopped by a signal"])
    line = report.line() | {"mode": options.mode, "codec": options.codec, "relay_only": options.relay_only}
    sys.stdout.write(json.dumps(line) + "\n")
    return 0 if report.ok else 1


async def _visit(options: Options, runs: int, screenshot: Path | None) -> smoke.Report:
    async with running(options, console.print) as stack:
        page = stack.plan.page
        console.print(f"visiting {page} {runs} times")
        visits = smoke.run(page, runs=runs, relay_only=options.relay_only, screenshot=screenshot)
        return await stack.during(visits)


async def _until_signal(work: Coroutine[Any, Any, T]) -> T | None:
    """Await `work`; None if a signal asked for its end, which has come in good order then.

    A closed terminal is such a signal: the processes of the stack are in sessions of their own, and
    would outlive us.
    """
    task = asyncio.create_task(work)

    def stop() -> None:
        if not task.cancelling():
            task.cancel()
            console.print("stopping …")

    for number in STOPS:
        if number is not signal.SIGHUP or signal.getsignal(number) is not signal.SIG_IGN:  # nohup's wish
            asyncio.get_running_loop().add_signal_handler(number, stop)
    try:
        return await task
    except asyncio.CancelledError:
        return None
