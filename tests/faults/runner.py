"""Strikes faults one after the other and judges the sessions after each.

The trap: sessions are marked right before a strike, so everything that it costs counts, from the first
moment until all are steady again, and what the repair before it cost does not.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Sequence

from tests.faults.fault import LONG, Fault, G, Outcome, Session, Unexpected

STRIKE = 300.0
"""Seconds after which a strike that does not come back is given up."""
Told = Callable[[Outcome, int, int], None]


async def run(ground: G, faults: Sequence[Fault[G]], told: Told) -> list[Outcome]:
    """Do all faults, each as often as the ground's form says.

    Args:
        ground: where.
        faults: which.
        told: called after each repetition with the outcome so far, and how many are done of how many.

    It ends early, with words about it, when the ground can't be made whole any more.
    """
    outcomes = []
    for fault in faults:
        outcome = Outcome(fault.name, fault.what)
        outcomes.append(outcome)
        times = ground.form.repeat or (LONG if ground.form.long else fault.short)
        told(outcome, 0, times)
        for number in range(times):
            try:
                await _once(ground, fault, outcome)
            except Unexpected as error:
                outcome.wrong.append(f"repetition {number + 1}: all ends here: {error}")
                told(outcome, times, times)
                return outcomes
            told(outcome, number + 1, times)
    return outcomes


async def _once(ground: G, fault: Fault[G], outcome: Outcome) -> None:
    began, number = time.monotonic(), outcome.repetitions + 1
    failed_before = bool(outcome.wrong) and outcome.wrong[-1].startswith(f"repetition {number - 1}:")
    mended = await ground.whole()
    if mended and not failed_before:
        outcome.wrong.append(f"before repetition {number}: {', '.join(mended)} had ended by itself")
    struck = list(ground.sessions)
    for session in struck:
        await session.mark()
    try:
        async with asyncio.timeout(STRIKE):
            await fault.strike(ground)
    except (Unexpected, TimeoutError) as error:
        outcome.wrong.append(f"repetition {number}: {str(error) or 'no end in sight'}")
    await asyncio.gather(*(_judge(session, fault, outcome) for session in struck))
    outcome.repetitions += 1
    outcome.played += len(struck)
    outcome.seconds += time.monotonic() - began


async def _judge(session: Session, fault: Fault[G], outcome: Outcome) -> None:
    lost: str | None = None
    try:
        await session.steady(fault.settle)
    except TimeoutError as error:
        lost = f"neither played nor answered again within {fault.settle:.0f} s: {error}"
    lost = session.lost or lost
    outcome.media_gap = max(outcome.media_gap, session.media_gap)
    outcome.signalling_gap = max(outcome.signalling_gap, session.signalling_gap)
    if lost:
        outcome.lost.append(f"repetition {outcome.repetitions + 1}, {session.name}: {lost}")
