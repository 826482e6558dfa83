/*
 * window.pixelstream: what tests, measurements and embedding pages may read.
 * Trap: read-only; a page that could write here could be made to by a script from elsewhere.
 */

import type { Conductor } from './conductor';
import type { State } from './machine';
import type { PhaseTimes } from './phases';
import type { ReasonCode } from './reasons';
import type { StreamStats } from './stats';

export interface PixelstreamApi {
  readonly state: State;
  readonly reason: { readonly code: ReasonCode; readonly title: string; readonly detail: string } | null;
  /** `lost` while a socket is being reopened, `gone` when it won't be; the picture may play on. */
  readonly signalling: 'none' | 'open' | 'lost' | 'gone';
  /** The name of the visit in the service's logs: for whoever is asked for help. */
  readonly trace: string | null;
  readonly queue: { readonly position: number | null; readonly estimate: number | null; readonly waited: number } | null;
  /** performance.now() milliseconds since navigation start, of each step that has happened. */
  readonly phases: PhaseTimes;
  /** Statistics of the connection of the moment, null without one. */
  stats(): Promise<StreamStats | null>;
}

/** Puts the object there; it follows the conductor by itself. */
export function expose(conductor: Conductor, phases: { readonly times: PhaseTimes }, title: (code: ReasonCode) => string): PixelstreamApi {
  const api: PixelstreamApi = Object.freeze({
    get state() { return conductor.visit.state; },
    get trace() { return conductor.trace; },
    get reason() {
      const why = conductor.visit.reason;
      return why === null ? null : { code: why.code, title: title(why.code), detail: why.detail };
    },
    get signalling() { return conductor.visit.signalling; },
    get queue() { return conductor.visit.line; },
    get phases() { return phases.times; },
    stats: () => conductor.stats(),
  });
  Object.defineProperty(window, 'pixelstream', { value: api, enumerable: true });
  return api;
}
