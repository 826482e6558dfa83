/*
 * Reports how a session looks from here, by its lease: once at the first picture, now and then, and at its end.
 * Trap: numbers and words of a list only. An address, a name or a text would make it personal data, and the
 * server refuses a report with anything more.
 */

import type { IceFindings } from './media/types';
import type { State, Visit } from './machine';
import type { PhaseTimes } from './phases';
import type { ReasonCode } from './reasons';
import type { StreamStats } from './stats';

export const EVERY_MS = 30_000;
/** The first report after the picture's start, whose frame rate is of no use yet. */
export const SOON_MS = 10_000;

export type Drop =
  | 'kicked' | 'moved' | 'idle' | 'time_up' | 'stream_lost' | 'drained' | 'seat_full' | 'lease_over' | 'refused'
  | 'no_seat' | 'no_config' | 'no_offer' | 'no_path' | 'no_picture' | 'other';
export type IceFailure = 'relay_unreachable' | 'relay_missing' | 'no_candidates' | 'no_path' | 'lost';

export interface Report {
  readonly part: 'start' | 'while' | 'end';
  /** Seconds since the match, as all times here. */
  readonly age: number;
  readonly phases?: Readonly<Partial<Record<'queue' | 'seat' | 'signalling' | 'ice' | 'frame', number>>>;
  readonly firstFrame?: number;
  readonly candidate?: 'host' | 'srflx' | 'prflx' | 'relay';
  readonly rtt?: number;
  readonly fps?: number;
  /** Since the report before. */
  readonly freezes?: number;
  readonly drop?: Drop;
  readonly ice?: IceFailure;
}

export interface Surroundings {
  /** Milliseconds on the clock of the phases. */
  now(): number;
  /** The steps of the session of the moment. */
  round(): PhaseTimes;
  stats(): Promise<StreamStats | null>;
  /** Whether anybody sees the picture: a hidden one has no frames to speak of. */
  visible(): boolean;
  /** Sends a report; false if there is no use in sending more. */
  post(lease: string, report: Report): Promise<boolean>;
}

interface Session {
  lease: string;
  readonly matched: number;
  started: boolean;
  freezes: number;
  ice: IceFailure | null;
  refused: boolean;
  timer: ReturnType<typeof setTimeout> | undefined;
}

const SEATED: readonly State[] = ['connecting', 'playing', 'reconnecting'];

export class Quality {
  readonly #around: Surroundings;
  #session: Session | null = null;

  constructor(around: Surroundings) {
    this.#around = around;
  }

  /** Takes each change of the visit. */
  follow(visit: Visit): void {
    const lease = leaseIn(visit.seat);
    if (!SEATED.includes(visit.state)) return this.#end(visit);
    if (this.#session === null) this.#begin(lease);
    else if (lease !== null) this.#session.lease = lease;
    if (visit.state === 'playing') this.#start();
  }

  /** ICE found no path, with what it had to work with. */
  iceFailed(found: IceFindings): void {
    if (this.#session !== null) this.#session.ice = failureOf(found);
  }

  /** The path stood, and broke. */
  iceLost(): void {
    if (this.#session !== null) this.#session.ice = 'lost';
  }

  #begin(lease: string | null): void {
    // without one, nobody would know whose report it is
    if (lease === null) return;
    const matched = this.#around.round().matched ?? this.#around.now();
    this.#session = { lease, matched, timer: undefined, started: false, freezes: 0, ice: null, refused: false };
  }

  #start(): void {
    if (this.#session === null || this.#session.started) return;
    this.#session.started = true;
    void this.#sample('start');
    this.#again(this.#session, SOON_MS);
  }

  #again(session: Session, after: number): void {
    session.timer = setTimeout(() => {
      void this.#sample('while');
      this.#again(session, EVERY_MS);
    }, after);
  }

  async #sample(part: 'start' | 'while'): Promise<void> {
    const session = this.#session;
    if (session === null) return;
    const stats = await this.#around.stats().catch(() => null);
    if (session !== this.#session) return;
    this.#post(session, {
      part, ...this.#ageOf(session), ...(part === 'start' ? stepsOf(this.#around.round()) : {}),
      ...(stats === null ? {} : measured(stats, session, part === 'while' && this.#around.visible())), ...iceOf(session),
    });
  }

  #end(visit: Visit): void {
    const session = this.#session;
    if (session === null) return;
    clearTimeout(session.timer);
    this.#session = null;
    const code = visit.reason?.code;
    if (session.ice === null && !session.started) session.ice = code === 'no_relay' ? 'relay_unreachable' : code === 'no_path' ? 'no_path' : null;
    const drop = code === undefined ? null : dropOf(code);
    this.#post(session, {
      part: 'end', ...this.#ageOf(session), ...(session.started ? {} : stepsOf(this.#around.round())),
      ...(drop === null ? {} : { drop }), ...iceOf(session),
    });
  }

  #ageOf(session: Session): { age: number } {
    return { age: seconds(this.#around.now() - session.matched) };
  }

  #post(session: Session, report: Report): void {
    if (session.refused) return;
    void this.#around.post(session.lease, report).then((useful) => { if (!useful) session.refused = true; });
  }
}

/** The lease in a seat's URL, or null. */
export function leaseIn(seat: string | null): string | null {
  return seat === null ? null : (/(?:^|\/)s\/([^/?#]+)\/ws(?:[?#]|$)/.exec(seat)?.[1] ?? null);
}

/** How long each step took, where both its ends are known. */
export function stepsOf(times: PhaseTimes): Pick<Report, 'phases' | 'firstFrame'> {
  const ends = [
    ['queue', times.waitOpen, times.matched], ['seat', times.matched, times.seatOpen],
    ['signalling', times.seatOpen, times.answer], ['ice', times.answer, times.iceConnected],
    ['frame', times.iceConnected, times.firstFrame],
  ] as const;
  const phases = Object.fromEntries(ends.flatMap(([name, from, to]) => (from === undefined || to === undefined ? [] : [[name, seconds(to - from)]])));
  const { matched, firstFrame } = times;
  return { phases, ...(matched === undefined || firstFrame === undefined ? {} : { firstFrame: seconds(firstFrame - matched) }) };
}

/** Why a session ended, or null if its visitor ended it. */
export function dropOf(code: ReasonCode): Drop | null {
  switch (code) {
    case 'left': case 'cancelled': case 'ended': return null;
    case 'kicked': case 'moved': case 'idle': case 'time_up': case 'stream_lost': case 'drained':
    case 'seat_full': case 'lease_over': case 'refused': case 'no_seat': case 'no_config': case 'no_offer':
    case 'no_path': case 'no_picture': return code;
    case 'no_relay': return 'no_path';
    default: return 'other';
  }
}

/** Why there was no path. */
export function failureOf(found: IceFindings): IceFailure {
  if (found.relayOnly && found.relaysOffered === 0) return 'relay_missing';
  if (found.relaysOffered > 0 && found.relayCandidates === 0) return 'relay_unreachable';
  return found.candidates === 0 ? 'no_candidates' : 'no_path';
}

/** A sender of reports to the service at `base`, the page's directory as a websocket URL. */
export function sender(base: string): Surroundings['post'] {
  const url = new URL('api/v1/quality', base);
  url.protocol = url.protocol === 'wss:' ? 'https:' : 'http:';
  return async (lease, report) => {
    try {
      // kept alive, because the last one is sent while the page goes; a beacon could not carry the lease
      const answer = await fetch(url, {
        method: 'POST', keepalive: true, body: JSON.stringify(report),
        headers: { 'Authorization': `Bearer ${lease}`, 'Content-Type': 'application/json' },
      });
      return answer.ok || answer.status === 429 || answer.status >= 500;
    } catch {
      return true;
    }
  };
}

function measured(stats: StreamStats, session: Session, flowing: boolean): Partial<Report> {
  // a new connection counts from zero
  const freezes = stats.freezes >= session.freezes ? stats.freezes - session.freezes : stats.freezes;
  session.freezes = stats.freezes;
  return {
    ...(stats.candidatePair === null ? {} : { candidate: stats.candidatePair }),
    ...(stats.rttMs === null ? {} : { rtt: Math.min(60, seconds(stats.rttMs)) }),
    ...(stats.framesPerSecond === null || !flowing ? {} : { fps: Math.min(1000, stats.framesPerSecond) }),
    ...(freezes === 0 ? {} : { freezes: Math.min(10_000, freezes) }),
  };
}

function iceOf(session: Session): Pick<Report, 'ice'> {
  const ice = session.ice;
  session.ice = null;
  return ice === null ? {} : { ice };
}

const seconds = (milliseconds: number): number => Math.max(0, Math.round(milliseconds)) / 1000;
