/*
 * One thing to do later: a deadline, or the next attempt.
 * Trap: a step that has happened must take its deadline with it, or it fires into the next state.
 */

export class Timer {
  #handle: ReturnType<typeof setTimeout> | undefined;
  #then: (() => void) | null = null;

  /** Calls `then` after `ms`, in place of whatever was set before; with 0 before returning. */
  set(ms: number, then: () => void): void {
    this.clear();
    if (ms <= 0) return then();
    this.#then = then;
    this.#handle = setTimeout(() => this.hurry(), ms);
  }

  /** Does now what was to be done later, if anything. */
  hurry(): void {
    const then = this.#then;
    this.clear();
    then?.();
  }

  clear(): void {
    clearTimeout(this.#handle);
    this.#then = null;
  }
}
