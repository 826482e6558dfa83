/*
 * When each step of a visit happened, in performance.now() milliseconds (0 = navigation start).
 * Trap: the first mark of a name wins; a rejoin's second config or offer is not the visit's. A visitor who
 * is sent back to the queue begins another round, whose times are told apart.
 */

export const PHASES = [
  'script', 'waitOpen', 'matched', 'seatOpen', 'config', 'offer', 'answer', 'iceConnected', 'firstFrame',
] as const;
export type Phase = (typeof PHASES)[number];
export type PhaseTimes = { readonly [name in Phase]?: number };

export class PhaseLog {
  #times: { [name in Phase]?: number } = {};
  #round: { [name in Phase]?: number } = {};

  /** Marks a step, once. `at` may be a moment that has passed. */
  mark(name: Phase, at = performance.now()): void {
    const rounded = Math.round(at * 10) / 10;
    this.#times[name] ??= rounded;
    this.#round[name] ??= rounded;
  }

  /** Begins another way from the queue to a seat. */
  nextRound(): void {
    this.#round = {};
  }

  /** Forgets a former visit; the script's own start stays. */
  restart(): void {
    const script = this.#times.script;
    this.#times = script === undefined ? {} : { script };
  }

  get times(): PhaseTimes {
    return { ...this.#times };
  }

  /** The times of the round that began last. */
  get round(): PhaseTimes {
    return { ...this.#round };
  }
}
