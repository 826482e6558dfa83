/*
 * How long to wait before the next attempt.
 * Trap: after a matchmaker's restart every waiting page comes back at once, so all but the first
 * retry are spread by chance.
 */

const STEPS_MS = [0, 500, 1000, 2000, 4000, 8000, 10_000] as const;
/** A seat waits a minute for its player, so the way back to it is tried often to the end. */
const REJOIN_STEPS_MS = [0, 250, 500, 1000, 2000] as const;
const SPREAD = 0.25;

/** Milliseconds before attempt `attempt` (0 = first retry, at once); `chance` is 0..1. */
export const backoffMs = (attempt: number, chance: number): number => spread(STEPS_MS, attempt, chance);

/** The same for a seat whose socket broke. */
export const rejoinMs = (attempt: number, chance: number): number => spread(REJOIN_STEPS_MS, attempt, chance);

function spread(steps: readonly number[], attempt: number, chance: number): number {
  const step = steps[Math.min(attempt, steps.length - 1)] ?? 0;
  return Math.round(step * (1 - SPREAD + 2 * SPREAD * chance));
}
