/*
 * Runs a visit: feeds the state machine with what sockets and streams report, does what it orders.
 * Trap: doing one order can report the next event at once, so events queue and are stepped in turn.
 */

import { ACTIVITY } from './activity';
import { seatUrl, type Address } from './address';
import { backoffMs, rejoinMs } from './backoff';
import type { Channel } from './channel';
import { Timer } from './deadline';
import { diagnose } from './diagnosis';
import { LANDING, step, type Effect, type Event, type Visit } from './machine';
import { readNotice, traceOf } from './notices';
import type { PhaseLog } from './phases';
import { Quality, sender } from './quality';
import { Seat } from './seat';
import { StatsReader, type StreamStats } from './stats';
import { Streams } from './streams';
import type { Settings, StreamModule } from './media/types';

export interface Hints {
  /** There is a picture to show, a moment before the visit counts as playing. */
  picture(): void;
  stalled(stalled: boolean): void;
  playRefused(): void;
  keyboardWanted(wanted: boolean, contents: string): void;
}

export interface Parts {
  readonly address: Address;
  readonly settings: Settings;
  readonly phases: PhaseLog;
  readonly stage: () => HTMLElement;
  /** A new socket to the waiting room, with a ticket that keeps a place in the queue. */
  readonly openFirst: (ticket: string | null) => Channel;
  readonly loadStreams: () => Promise<StreamModule>;
  readonly changed: (visit: Visit) => void;
  readonly hints: Hints;
}

export class Conductor {
  visit: Visit = LANDING;
  /** The name of the visit in the service's logs, null before the service has told it. */
  trace: string | null = null;
  readonly streams: Streams;
  readonly #parts: Parts;
  readonly #events: Event[] = [];
  readonly #retry = new Timer();
  readonly #seat: Seat;
  readonly #reader = new StatsReader();
  readonly #quality: Quality;
  #waiting: Channel | null = null;
  #stepping = false;

  constructor(parts: Parts) {
    this.#parts = parts;
    this.#quality = new Quality({
      now: () => performance.now(),
      round: () => parts.phases.round,
      stats: async () => this.stats(),
      visible: () => !document.hidden,
      post: sender(parts.address.base),
    });
    this.#seat = new Seat(() => this.streams, parts.settings, parts.phases, (event) => this.dispatch(event));
    this.streams = new Streams(parts.stage, parts.settings, {
      send: (text) => this.#seat.send(text),
      firstFrame: (here) => { if (here) this.#onFirstFrame(); },
      ready: (here) => { if (here) this.#onReady(); },
      iceConnected: () => this.#seat.pathFound(),
      iceFailed: (here, found) => {
        this.#quality.iceFailed(found);
        const why = diagnose(found);
        this.dispatch(here ? { type: 'mediaLost' } : { type: 'stuck', code: why.code, detail: why.detail });
      },
      lost: (here) => this.#onLost(here),
      flowing: (here, flows) => { if (here) this.#onFlow(flows); },
      subscribeFailed: (_here, words) => this.dispatch({ type: 'subscribeFailed', words }),
      playRefused: () => parts.hints.playRefused(),
      keyboardWanted: (_here, wanted, contents) => parts.hints.keyboardWanted(wanted, contents),
    });
    parts.loadStreams().then(
      (module) => { this.streams.loaded(module); this.#prepare(); },
      (error: unknown) => this.dispatch({ type: 'stuck', code: 'unreachable', detail: String(error) }),
    );
  }

  dispatch(event: Event): void {
    this.#events.push(event);
    if (this.#stepping) return;
    this.#stepping = true;
    try {
      for (let next = this.#events.shift(); next !== undefined; next = this.#events.shift()) this.#step(next);
    } finally {
      this.#stepping = false;
    }
  }

  /** The network is another one or back, or the visitor is: retries at once what waits, doubts what stands. */
  hurry(): void {
    this.#retry.hurry();
    this.#seat.probe();
    this.#waiting?.probe();
  }

  /** Somebody uses the stream: said to the seats of a matchmaker, which know the message. */
  active(): void {
    if (this.visit.state === 'playing' && this.visit.seat !== null) this.#seat.send(ACTIVITY);
  }

  /** Statistics of the stream on the screen, or of the one that is being set up. */
  async stats(): Promise<StreamStats | null> {
    const peer = (this.streams.current ?? this.streams.active)?.peer ?? null;
    if (peer === null) return null;
    const report = await peer.getStats();
    return this.#reader.read(report as unknown as Iterable<[string, unknown]>, peer, performance.now());
  }

  #step(event: Event): void {
    const [visit, effects] = step(this.visit, event);
    const former = this.visit;
    if (event.type === 'start' && visit.state === 'waiting') this.#parts.phases.restart();
    if (visit.state === 'waiting' && former.state !== 'waiting') this.#parts.phases.nextRound();
    this.visit = visit;
    // a picture that came back by itself needs no new one
    if (visit.state === 'playing' && former.state === 'reconnecting' && visit.signalling === 'open') this.#retry.clear();
    for (const effect of effects) this.#run(effect);
    if (visit.state === 'waiting') this.#prepare();
    if (visit === former) return;
    this.#quality.follow(visit);
    this.#parts.changed(visit);
  }

  #run(effect: Effect): void {
    switch (effect.do) {
      case 'openWaiting': return this.#later(backoffMs, effect.attempt, () => this.#openWaiting(effect.ticket));
      case 'openSeat': return this.#later(rejoinMs, effect.attempt, () => this.#openSeat(effect.url));
      case 'adopt': return this.#adopt();
      case 'negotiate': return this.#later(backoffMs, effect.attempt, () => this.#seat.negotiate());
      case 'closeWaiting': this.#retry.clear(); this.#waiting?.close(); this.#waiting = null; return;
      case 'closeSeat': this.#retry.clear(); this.#seat.close(); return;
      case 'dropStream': this.streams.dropAll(); return;
    }
  }

  #later(delay: typeof backoffMs, attempt: number | null, then: () => void): void {
    this.#retry.set(attempt === null ? 0 : delay(attempt, Math.random()), then);
  }

  #prepare(): void {
    if (this.visit.state === 'waiting') this.streams.prepare();
  }

  #openWaiting(ticket: string | null): void {
    const channel = this.#parts.openFirst(ticket);
    this.#waiting = channel;
    channel.listen({
      opened: () => {
        this.#parts.phases.mark('waitOpen', channel.openedAt ?? undefined);
        this.dispatch({ type: 'waitOpen' });
      },
      received: (text) => this.#onFirstSocket(channel, text),
      closed: (code, text) => this.dispatch({ type: 'waitClosed', code, text }),
    });
  }

  #onFirstSocket(channel: Channel, text: string): void {
    const notice = readNotice(text);
    if (notice !== null && notice.kind !== 'signalling') this.trace = traceOf(text) ?? this.trace;
    if (notice === null || (notice.kind === 'signalling' && /^(pong|ping)$/.test(notice.type))) return;
    if (notice.kind === 'queued') return this.dispatch({ type: 'queued', line: notice.line, ticket: notice.ticket });
    if (notice.kind === 'refused') return this.dispatch({ type: 'refused', why: notice.why, words: notice.words });
    this.#parts.phases.mark('matched');
    if (notice.kind === 'matched') return this.dispatch({ type: 'matched', url: notice.url });
    this.dispatch({ type: 'signalling' });
    if (this.#seat.has(channel)) this.#seat.received(text);
  }

  #openSeat(answered: string): void {
    const url = seatUrl(answered, this.#parts.address);
    if (url === null) this.dispatch({ type: 'stuck', code: 'refused', detail: 'the stream is on another host' });
    else this.#seat.open(url);
  }

  #adopt(): void {
    const channel = this.#waiting;
    this.#waiting = null;
    if (channel !== null) this.#seat.adopt(channel);
  }

  #onLost(here: boolean): void {
    const ice = (this.streams.current ?? this.streams.active)?.peer?.iceConnectionState;
    if (ice === 'failed' || ice === 'disconnected') this.#quality.iceLost();
    this.dispatch(here ? { type: 'mediaLost' } : { type: 'stuck', code: 'no_picture', detail: 'the connection broke' });
  }

  #onFirstFrame(): void {
    this.#seat.relax();
    this.#parts.phases.mark('firstFrame');
    this.#parts.hints.picture();
  }

  #onReady(): void {
    this.dispatch({ type: 'ready' });
    // once without input, or the server never counts this visitor's silence as idling
    this.active();
    void this.stats();
  }

  #onFlow(flows: boolean): void {
    this.#parts.hints.stalled(!flows && this.visit.state === 'playing');
    const broken = this.streams.current?.peer?.iceConnectionState === 'disconnected';
    if (!flows && (broken || this.visit.signalling !== 'open')) this.dispatch({ type: 'mediaLost' });
    if (flows && this.visit.state === 'reconnecting' && !this.streams.negotiating) this.dispatch({ type: 'ready' });
  }
}
