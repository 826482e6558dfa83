/*
 * How long to wait before the next attempt.
 * Trap: after a matchmaker's restart every waiting page comes back at once, so all but the first
 * retry are spread by chance.
 */

const STEPS_MS = [0, 500, 1000, 2000, 4000, 8000, 10_000] as const;
const SPREAD = 0.25;

/** Milliseconds before attempt `attempt` (0 = first retry, at once); `chance` is 0..1. */
export function backoffMs(attempt: number, chance: number): number {
  const step = STEPS_MS[Math.min(attempt, STEPS_MS.length - 1)] ?? 10_000;
  return Math.round(step * (1 - SPREAD + 2 * SPREAD * chance));
}
