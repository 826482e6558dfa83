/*
 * The seat's socket: signalling between one stream and the streams of the page, and its deadlines.
 * Trap: a rejoin on a new socket repeats `config`; given to the library again it would tear down the
 * picture, so only a negotiation in progress gets it. And the config of a socket that has stood for hours
 * names relays that are gone and credentials that are over, so a second negotiation asks for another.
 */

import { Channel, type Listener } from './channel';
import { Timer } from './deadline';
import { diagnose } from './diagnosis';
import type { Event } from './machine';
import type { PhaseLog } from './phases';
import { reason, type ReasonCode } from './reasons';
import { refusalOf } from './refusal';
import { configOf, leaseOf, LIST_STREAMERS, REFRESH_CONFIG, streamersOf, subscribeTo, typeOf } from './signalling';
import type { Settings } from './media/types';
import type { Streams } from './streams';

/** How long each step of a negotiation may take, ms. */
const WITHIN = { no_config: 10_000, no_offer: 20_000, no_path: 15_000, no_picture: 15_000 } as const;
/** After that the config that we have must do. */
const FRESH_WITHIN_MS = 3000;
/** A socket that has stood so long is no longer a retry. */
const STEADY_AFTER_MS = 2000;

export class Seat {
  readonly #streams: () => Streams;
  readonly #settings: Settings;
  readonly #phases: PhaseLog;
  readonly #dispatch: (event: Event) => void;
  readonly #deadline = new Timer();
  readonly #steady = new Timer();
  readonly #fresh = new Timer();
  #handedOut = false;
  #subscribing = false;
  #channel: Channel | null = null;
  #negotiatedOn: Channel | null = null;
  #config: string | null = null;

  constructor(streams: () => Streams, settings: Settings, phases: PhaseLog, dispatch: (event: Event) => void) {
    this.#streams = streams;
    this.#settings = settings;
    this.#phases = phases;
    this.#dispatch = dispatch;
  }

  /** Opens the seat's socket; it reports by events. */
  open(url: string): void {
    const channel = new Channel(url);
    this.#take(channel, true);
    channel.listen(this.#listener(channel, url));
  }

  /** Goes on with a socket that is open already. */
  adopt(channel: Channel): void {
    this.#take(channel, false);
    channel.listen(this.#listener(channel, null));
    this.#opened(performance.now());
  }

  has(channel: Channel): boolean {
    return this.#channel === channel;
  }

  /** Says goodbye: the seat is free for the next one. */
  close(): void {
    this.#steady.clear();
    this.#deadline.clear();
    this.#fresh.clear();
    this.#channel?.close();
    this.#channel = null;
    this.#negotiatedOn = null;
    this.#subscribing = false;
  }

  /** Makes sure that the socket still leads to the seat; if not, it closes soon. */
  probe(): void {
    this.#channel?.probe();
  }

  send(text: string): void {
    if (typeOf(text) === 'answer') this.#phases.mark('answer');
    this.#channel?.send(text);
  }

  /** Asks for a streamer and a new connection to it; on the same seat, if there was one before. */
  negotiate(): void {
    const again = this.#negotiatedOn !== null;
    if (this.#negotiatedOn === this.#channel && this.#handedOut) this.#askForConfig();
    const browserOffers = this.#settings['BrowserSendOffer'] === true;
    // asked for at once: the answer then comes with the config and not a round trip after it
    if (again || !browserOffers) this.send(LIST_STREAMERS);
    // an engine that waits for our offer keeps its old end of the connection until we subscribe anew
    if (again && browserOffers) this.#subscribing = true;
    else this.#begin(!browserOffers);
    this.#expect(this.#config === null ? 'no_config' : 'no_offer');
  }

  pathFound(): void {
    this.#phases.mark('iceConnected');
    if (this.#streams().negotiating) this.#expect('no_picture');
  }

  /** A picture is there, or nobody waits for one any more. */
  relax(): void {
    this.#deadline.clear();
  }

  /** One message of the seat. */
  received(text: string): void {
    switch (typeOf(text)) {
      case 'ping': return this.send(text.replace('ping', 'pong'));
      case 'pong': case 'matchmaker': return;
      case 'config': return this.#onConfig(text);
      case 'offer': return this.#onOffer(text);
      case 'lease': return this.#onLease(text);
      case 'streamerList': return this.#onList(text);
      case 'answer': this.#phases.mark('answer'); return this.#streams().deliver(text);
      default: return this.#streams().deliver(text);
    }
  }

  #take(channel: Channel, handedOut: boolean): void {
    this.#channel = channel;
    this.#handedOut = handedOut;
    this.#config = null;
    this.#fresh.clear();
  }

  /** Waits for a config with the relays of the moment, but not for ever. */
  #askForConfig(): void {
    const former = this.#config;
    if (former === null) return;
    this.#config = null;
    this.send(REFRESH_CONFIG);
    this.#fresh.set(FRESH_WITHIN_MS, () => { if (this.#config === null) this.#onConfig(former); });
  }

  #onLease(text: string): void {
    const lease = leaseOf(text);
    if (lease !== null) this.#dispatch({ type: 'renewed', lease });
  }

  #onList(text: string): void {
    if (!this.#subscribing) return this.#streams().deliver(text);
    const ids = streamersOf(text);
    const wanted = this.#settings['StreamerId'];
    const id = ids.find((one) => one === wanted) ?? ids[0];
    if (id === undefined) return;
    this.#subscribing = false;
    this.send(subscribeTo(id));
    this.#begin(false);
  }

  #listener(channel: Channel, url: string | null): Listener {
    const mine = (then: () => void): void => { if (this.#channel === channel) then(); };
    return {
      opened: () => mine(() => this.#opened(channel.openedAt ?? performance.now())),
      received: (text) => mine(() => this.received(text)),
      closed: (code, text) => {
        if (channel.openedAt !== null || url === null) return mine(() => this.#closed(code, text));
        void refusalOf(url).then((why) => mine(() => (why === null ? this.#closed(code, text) : this.#closed(1008, why))));
      },
    };
  }

  #opened(at: number): void {
    this.#phases.mark('seatOpen', at);
    this.#steady.set(STEADY_AFTER_MS, () => this.#dispatch({ type: 'steady' }));
    this.#dispatch({ type: 'seatOpen' });
  }

  #closed(code: number, text: string): void {
    this.#channel = null;
    this.#steady.clear();
    this.#dispatch({ type: 'seatClosed', code, text });
  }

  #begin(subscribe: boolean): void {
    this.#negotiatedOn = this.#channel;
    this.#streams().begin(this.#config, subscribe);
  }

  #onConfig(text: string): void {
    this.#phases.mark('config');
    const first = this.#config === null;
    this.#config = text;
    this.#fresh.clear();
    if (first && this.#streams().negotiating) {
      this.#expect('no_offer');
      return this.#streams().deliver(text);
    }
    // for a connection that stands only the servers in it are of use
    const config = configOf(text);
    if (config !== null) this.#streams().active?.refresh(config);
  }

  #onOffer(text: string): void {
    this.#phases.mark('offer');
    // unasked, on a socket that is not the one the picture came by: the seat starts us anew
    if (!this.#streams().negotiating && this.#negotiatedOn !== this.#channel) this.#begin(false);
    if (this.#streams().negotiating) this.#expect('no_path');
    this.#streams().deliver(text);
  }

  #expect(code: keyof typeof WITHIN): void {
    this.#deadline.set(WITHIN[code], () => this.#overdue(code));
  }

  #overdue(code: keyof typeof WITHIN): void {
    // nobody sees a picture in a hidden tab, and the browser may not even paint one
    if (code === 'no_picture' && document.hidden) return this.#expect(code);
    const found = this.#streams().active?.findings ?? null;
    const why = code === 'no_path' && found !== null ? diagnose(found) : reason(code satisfies ReasonCode);
    this.#dispatch({ type: 'stuck', code: why.code, detail: why.detail });
  }
}
