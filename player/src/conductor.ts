/*
 * Runs a visit: feeds the state machine with what sockets and streams report, does what it orders.
 * Trap: doing one order can report the next event at once, so events queue and are stepped in turn.
 */

import { ACTIVITY } from './activity';
import { seatUrl, type Address } from './address';
import { backoffMs } from './backoff';
import { Channel } from './channel';
import { Timer } from './deadline';
import { diagnose } from './diagnosis';
import { LANDING, step, type Effect, type Event, type Visit } from './machine';
import { readNotice } from './notices';
import type { PhaseLog } from './phases';
import { reason, type ReasonCode } from './reasons';
import { configOf, LIST_STREAMERS, typeOf } from './signalling';
import { StatsReader, type StreamStats } from './stats';
import { Streams } from './streams';
import type { Settings, StreamModule } from './media/types';

/** How long a step may take, ms, and what it means when it doesn't come. */
const CONFIG_WITHIN_MS = 10_000;
const OFFER_WITHIN_MS = 20_000;
const PATH_WITHIN_MS = 15_000;
const PICTURE_WITHIN_MS = 15_000;
const RECONNECT_WITHIN_MS = 20_000;
/** A socket that has stood so long is no longer a retry. */
const STEADY_AFTER_MS = 10_000;

export interface Hints {
  stalled(stalled: boolean): void;
  playRefused(): void;
  keyboardWanted(wanted: boolean, contents: string): void;
}

export interface Parts {
  readonly address: Address;
  readonly settings: Settings;
  readonly phases: PhaseLog;
  readonly stage: () => HTMLElement;
  /** A new socket to the waiting room. */
  readonly openFirst: () => Channel;
  readonly loadStreams: () => Promise<StreamModule>;
  readonly changed: (visit: Visit) => void;
  readonly hints: Hints;
}

export class Conductor {
  visit: Visit = LANDING;
  readonly streams: Streams;
  readonly #parts: Parts;
  readonly #events: Event[] = [];
  readonly #retry = new Timer();
  readonly #deadline = new Timer();
  readonly #steady = new Timer();
  readonly #reader = new StatsReader();
  #waiting: Channel | null = null;
  #seat: Channel | null = null;
  #negotiatedOn: Channel | null = null;
  #config: string | null = null;
  #stepping = false;

  constructor(parts: Parts) {
    this.#parts = parts;
    this.streams = new Streams(parts.stage, parts.settings, {
      send: (text) => this.#send(text),
      firstFrame: (here) => { if (here) this.#onFirstFrame(); },
      iceConnected: () => this.#onPath(),
      iceFailed: (here, found) => {
        const why = diagnose(found);
        this.dispatch(here ? { type: 'mediaLost' } : { type: 'stuck', code: why.code, detail: why.detail });
      },
      lost: (here) => this.dispatch(here ? { type: 'mediaLost' } : { type: 'stuck', code: 'no_picture', detail: 'the connection broke' }),
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

  /** Retries at once what waits for its turn: the network is back, or the visitor is. */
  hurry(): void {
    this.#retry.hurry();
  }

  /** Somebody uses the stream: said to the seats of a matchmaker, which know the message. */
  active(): void {
    if (this.visit.state === 'playing' && this.visit.seat !== null) this.#seat?.send(ACTIVITY);
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
    if (event.type === 'start' && visit.state === 'waiting') this.#parts.phases.restart();
    const former = this.visit;
    this.visit = visit;
    if (visit.state === 'reconnecting' && former.state !== 'reconnecting')
      this.#deadline.set(RECONNECT_WITHIN_MS, () => this.dispatch({ type: 'stuck', code: 'no_picture', detail: '' }));
    for (const effect of effects) this.#run(effect);
    if (visit.state === 'waiting') this.#prepare();
    if (['landing', 'waiting', 'ended', 'failed'].includes(visit.state)) this.#deadline.clear();
    if (visit !== former) this.#parts.changed(visit);
  }

  #run(effect: Effect): void {
    switch (effect.do) {
      case 'openWaiting': return this.#later(effect.attempt, () => this.#openWaiting());
      case 'openSeat': return this.#later(effect.attempt, () => this.#openSeat(effect.url));
      case 'adopt': return this.#adopt();
      case 'negotiate': return this.#negotiate();
      case 'closeWaiting': this.#retry.clear(); this.#waiting?.close(); this.#waiting = null; return;
      case 'closeSeat': this.#retry.clear(); this.#steady.clear(); this.#seat?.close(); this.#seat = null; return;
      case 'dropStream': this.#deadline.clear(); this.streams.dropAll(); return;
    }
  }

  #later(attempt: number | null, then: () => void): void {
    this.#retry.set(attempt === null ? 0 : backoffMs(attempt, Math.random()), then);
  }

  #prepare(): void {
    if (this.visit.state === 'waiting') this.streams.prepare();
  }

  #openWaiting(): void {
    const channel = this.#parts.openFirst();
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
    if (notice === null || (notice.kind === 'signalling' && /^(pong|ping)$/.test(notice.type))) return;
    if (notice.kind === 'queued') return this.dispatch({ type: 'queued', line: notice.line });
    if (notice.kind === 'refused') return this.dispatch({ type: 'refused', why: notice.why, words: notice.words });
    this.#parts.phases.mark('matched');
    if (notice.kind === 'matched') return this.dispatch({ type: 'matched', url: notice.url });
    this.dispatch({ type: 'signalling' });
    if (this.#seat === channel) this.#onSeat(text);
  }

  #openSeat(answered: string): void {
    const url = seatUrl(answered, this.#parts.address);
    if (url === null) return this.dispatch({ type: 'stuck', code: 'refused', detail: 'the stream is on another host' });
    this.#config = null;
    const channel = new Channel(url);
    this.#seat = channel;
    channel.listen(this.#seatListener(channel));
  }

  #adopt(): void {
    this.#seat = this.#waiting;
    this.#waiting = null;
    this.#config = null;
    if (this.#seat === null) return;
    this.#seat.listen(this.#seatListener(this.#seat));
    this.#onSeatOpen(performance.now());
  }

  #seatListener(channel: Channel): Parameters<Channel['listen']>[0] {
    const mine = (then: () => void): void => { if (this.#seat === channel) then(); };
    return {
      opened: () => mine(() => this.#onSeatOpen(channel.openedAt ?? performance.now())),
      received: (text) => mine(() => this.#onSeat(text)),
      closed: (code, text) => mine(() => { this.#seat = null; this.#steady.clear(); this.dispatch({ type: 'seatClosed', code, text }); }),
    };
  }

  #onSeatOpen(at: number): void {
    this.#parts.phases.mark('seatOpen', at);
    this.#steady.set(STEADY_AFTER_MS, () => this.dispatch({ type: 'steady' }));
    this.dispatch({ type: 'seatOpen' });
  }

  #negotiate(): void {
    // asked for at once: the answer then comes with the config and not a round trip after it
    this.#send(LIST_STREAMERS);
    this.#begin(true);
    this.#expect(this.#config === null ? 'no_config' : 'no_offer', this.#config === null ? CONFIG_WITHIN_MS : OFFER_WITHIN_MS);
  }

  #begin(subscribe: boolean): void {
    this.#negotiatedOn = this.#seat;
    this.streams.begin(this.#config, subscribe);
  }

  #onSeat(text: string): void {
    switch (typeOf(text)) {
      case 'ping': return this.#send(text.replace('ping', 'pong'));
      case 'pong': case 'matchmaker': return;
      case 'config': return this.#onConfig(text);
      case 'offer': return this.#onOffer(text);
      default: return this.streams.deliver(text);
    }
  }

  #onConfig(text: string): void {
    this.#parts.phases.mark('config');
    const first = this.#config === null;
    this.#config = text;
    if (first && this.streams.negotiating) {
      this.#expect('no_offer', OFFER_WITHIN_MS);
      return this.streams.deliver(text);
    }
    // a second config would make the library start over: only the servers in it are of use
    const config = configOf(text);
    if (config !== null) this.streams.active?.refresh(config);
  }

  #onOffer(text: string): void {
    this.#parts.phases.mark('offer');
    // unasked, on a socket that is not the one the picture came by: the seat starts us anew
    if (!this.streams.negotiating && this.#negotiatedOn !== this.#seat) this.#begin(false);
    if (this.streams.negotiating) this.#expect('no_path', PATH_WITHIN_MS);
    this.streams.deliver(text);
  }

  #onPath(): void {
    this.#parts.phases.mark('iceConnected');
    if (this.streams.negotiating) this.#expect('no_picture', PICTURE_WITHIN_MS);
  }

  #onFirstFrame(): void {
    this.#deadline.clear();
    this.#parts.phases.mark('firstFrame');
    this.dispatch({ type: 'firstFrame' });
    // once without input, or the server never counts this visitor's silence as idling
    this.active();
    void this.stats();
  }

  #onFlow(flows: boolean): void {
    this.#parts.hints.stalled(!flows && this.visit.state === 'playing');
    if (!flows && this.visit.signalling !== 'open') this.dispatch({ type: 'mediaLost' });
    if (flows && this.visit.state === 'reconnecting' && !this.streams.negotiating) this.dispatch({ type: 'firstFrame' });
  }

  #expect(code: ReasonCode, ms: number): void {
    if (this.visit.state !== 'playing') this.#deadline.set(ms, () => this.#overdue(code));
  }

  #overdue(code: ReasonCode): void {
    const found = this.streams.active?.findings ?? null;
    const why = code === 'no_path' && found !== null ? diagnose(found) : reason(code);
    // nobody sees a picture in a hidden tab, and the browser may not even paint one
    if (code === 'no_picture' && document.hidden) return this.#expect(code, PICTURE_WITHIN_MS);
    this.dispatch({ type: 'stuck', code: why.code, detail: why.detail });
  }

  #send(text: string): void {
    if (text.startsWith('{"type":"answer"') || typeOf(text) === 'answer') this.#parts.phases.mark('answer');
    this.#seat?.send(text);
  }
}
