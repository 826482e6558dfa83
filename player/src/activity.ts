/*
 * Tells the signalserver that somebody is there: input itself goes to the stream past the server.
 * Trap: only our own signalserver knows `activity`; others may hang up on a type they don't know.
 */

const AT_MOST_EVERY_MS = 10_000;
const INPUTS = ['pointermove', 'pointerdown', 'keydown', 'wheel', 'touchmove'] as const;
export const ACTIVITY = JSON.stringify({ type: 'activity' });

export class Activity {
  readonly #tell: () => void;
  #toldAt = -Infinity;
  #pads = '';

  /** `tell` is called at most every 10 s while somebody uses pointer, keys, touch or a gamepad. */
  constructor(tell: () => void) {
    this.#tell = tell;
    for (const type of INPUTS) window.addEventListener(type, () => this.seen(), { capture: true, passive: true });
    setInterval(() => this.#lookAtPads(), AT_MOST_EVERY_MS);
  }

  seen(): void {
    const now = performance.now();
    if (now - this.#toldAt < AT_MOST_EVERY_MS) return;
    this.#toldAt = now;
    this.#tell();
  }

  /** Gamepads send no events; the time of their last change is all there is. */
  #lookAtPads(): void {
    const pads = navigator.getGamepads().map((pad) => pad?.timestamp ?? 0).join();
    if (pads !== this.#pads && this.#pads !== '') this.seen();
    this.#pads = pads;
  }
}
