"""`python -m tests.faults`: strikes faults on one machine while sessions play, and says what they cost.

Exit code 1 if a session was lost or a fault did not go as described. The trap: all of it is killed in
the end, however it ends; Ctrl-C ends it as an error does.
"""

from __future__ import annotations

import asyncio
import signal
import sys
from collections.abc import Sequence
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from pixelstream import logs
from tests.faults import pure, report, runner
from tests.faults.fault import LONG, Fault, Form, Outcome, Unexpected
from tests.faults.machine.ground import Machine, machine
from tests.faults.machine.strikes import FAULTS

app = typer.Typer(add_completion=False, help=__doc__, pretty_exceptions_enable=False)
STOPPED = 130
console = Console(stderr=True)


@app.command()
def main(
    fault: Annotated[list[str] | None, typer.Option(help="Only this fault; may be given again.")] = None,
    repeat: Annotated[int | None, typer.Option(min=1, help="How often each fault strikes.")] = None,
    players: Annotated[int, typer.Option(min=3, max=6, help="Players without a browser.")] = 6,
    *,
    short: Annotated[bool, typer.Option("--short", help="The short form: minutes instead of hours.")] = False,
    page: Annotated[bool, typer.Option("--page/--no-page", help="Play in Chromium, too.")] = True,
    last: Annotated[bool, typer.Option("--last", help="Only show what the last runs came to.")] = False,
) -> None:
    """Do the faults, print a table and one line."""
    chosen = _choose(fault)
    form = Form(long=not short, repeat=repeat)
    logs.setup("faults", "warning", "console")
    outcomes = report.read("machine", form.name) if last else _do(chosen, fault, form, players, page=page)
    Console(width=None if sys.stdout.isatty() else 120).print(report.table(outcomes))
    for words in report.complaints(outcomes):
        console.print(f"✗ {words}", style="red", markup=False, soft_wrap=True)
    sys.stdout.write(f"{report.line(outcomes)}\n")
    raise typer.Exit(0 if report.good(outcomes) else 1)


def _do(
    chosen: list[Fault[Machine]], names: list[str] | None, form: Form, players: int, *, page: bool
) -> list[Outcome]:
    outcomes = [_race(one, form) for one in pure.RACES if not names or one.name in names]
    report.write("machine", form.name, outcomes)
    if chosen:
        outcomes += asyncio.run(_run(chosen, form, players, outcomes, page=page))
    return outcomes


def _choose(names: list[str] | None) -> list[Fault[Machine]]:
    known = [*(one.name for one in pure.RACES), *(one.name for one in FAULTS)]
    if unknown := set(names or ()) - set(known):
        raise typer.BadParameter(f"no fault {', '.join(unknown)}; there are {', '.join(known)}")
    return [one for one in FAULTS if not names or one.name in names]


def _race(race: pure.Race, form: Form) -> Outcome:
    with console.status(race.what):
        outcome = pure.run(race, form)
    _say(outcome)
    return outcome


def _say(outcome: Outcome) -> None:
    words = f"{outcome.repetitions:,}, lost {len(outcome.lost)}, {outcome.seconds:.0f} s"
    console.print(f"{outcome.what}: {words}", highlight=False)


async def _run(
    chosen: Sequence[Fault[Machine]], form: Form, players: int, before: list[Outcome], *, page: bool
) -> list[Outcome]:
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=console, disable=not console.is_terminal) as progress:
        total = sum(form.repeat or (LONG if form.long else one.short) for one in chosen)
        task = progress.add_task("starting", total=total)
        finished = list(before)

        def told(outcome: Outcome, done: int, of: int) -> None:
            progress.update(task, description=outcome.what, advance=1 if done else 0)
            if done == of:
                finished.append(outcome)
                report.write("machine", form.name, finished)
                _say(outcome)

        running = asyncio.current_task()
        if running is not None:  # so that who stops us by `timeout` or the like leaves no process behind
            asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, running.cancel)
        try:
            async with machine(form, players=players, page=page) as ground:
                return await runner.run(ground, chosen, told)
        except Unexpected as error:
            console.print(f"✗ {error}", style="red", markup=False)
            raise typer.Exit(1) from error
        except asyncio.CancelledError:
            console.print("stopped before the end")
            raise typer.Exit(STOPPED) from None


if __name__ == "__main__":
    app()
