/*
 * The stream on the screen and the one that is to take its place.
 * Trap: a new connection shows nothing for a while; the old picture stays until the new one's first
 * frame, and only then does the old one go.
 */

import type { Settings, Stream, StreamEvents, StreamModule } from './media/types';

/** Events of a stream, with whether it is the one on the screen. */
export type StreamNews = {
  readonly [Name in Exclude<keyof StreamEvents, 'send'>]: (onScreen: boolean, ...rest: Parameters<StreamEvents[Name]>) => void;
} & { send(text: string): void };

class Slot {
  stream: Stream | null = null;
  used = false;
  readonly #queue: ((stream: Stream) => void)[] = [];

  /** Now, or when the library is there. */
  with(action: (stream: Stream) => void): void {
    if (this.stream !== null) action(this.stream);
    else this.#queue.push(action);
  }

  fill(stream: Stream): void {
    this.stream = stream;
    for (const action of this.#queue.splice(0)) action(stream);
  }
}

export class Streams {
  #module: StreamModule | null = null;
  #current: Slot | null = null;
  #next: Slot | null = null;
  readonly #stage: () => HTMLElement;
  readonly #settings: Settings;
  readonly #news: StreamNews;

  constructor(stage: () => HTMLElement, settings: Settings, news: StreamNews) {
    this.#stage = stage;
    this.#settings = settings;
    this.#news = news;
  }

  /** The stream on the screen. */
  get current(): Stream | null {
    return this.#current?.stream ?? null;
  }

  /** The stream that is negotiating, or else the one on the screen. */
  get active(): Stream | null {
    return (this.#next ?? this.#current)?.stream ?? null;
  }

  get negotiating(): boolean {
    return this.#next?.used ?? false;
  }

  loaded(module: StreamModule): void {
    this.#module = module;
    for (const slot of [this.#current, this.#next]) if (slot !== null && slot.stream === null) this.#fill(slot);
  }

  /** Builds the next stream ahead of its match: that work is then no part of the wait for a picture. */
  prepare(): void {
    if (this.#next === null && this.#module !== null) this.#next = this.#make();
  }

  /** Starts a negotiation. `config` is what the seat has said already; `subscribe` asks for a streamer. */
  begin(config: string | null, subscribe: boolean): void {
    if (this.#next?.used === true) this.#drop(this.#next);
    if (this.#next === null || this.#next.used) this.#next = this.#make();
    this.#next.used = true;
    this.#next.with((stream) => {
      if (config !== null) stream.deliver(config);
      if (subscribe) stream.subscribe();
    });
  }

  deliver(text: string): void {
    (this.#next?.used === true ? this.#next : this.#current)?.with((stream) => stream.deliver(text));
  }

  dropAll(): void {
    for (const slot of [this.#current, this.#next]) if (slot !== null) this.#drop(slot);
    this.#current = null;
    this.#next = null;
  }

  #make(): Slot {
    const slot = new Slot();
    if (this.#module !== null) this.#fill(slot);
    return slot;
  }

  #fill(slot: Slot): void {
    if (this.#module === null) return;
    slot.fill(this.#module.createStream(this.#stage(), this.#settings, this.#eventsOf(slot)));
  }

  #promote(slot: Slot): void {
    if (slot !== this.#next) return;
    if (this.#current !== null) this.#drop(this.#current);
    this.#current = slot;
    this.#next = null;
    slot.stream?.setInput(true);
  }

  #drop(slot: Slot): void {
    slot.stream?.dispose();
    slot.stream = null;
  }

  #eventsOf(slot: Slot): StreamEvents {
    const here = (): boolean => slot === this.#current;
    const known = (): boolean => slot === this.#current || slot === this.#next;
    const news = this.#news;
    return {
      // a stream about to go must not speak on the socket of the one that comes
      send: (text) => { if (slot === (this.#next?.used === true ? this.#next : this.#current)) news.send(text); },
      firstFrame: () => { this.#promote(slot); if (known()) news.firstFrame(here()); },
      ready: () => { if (known()) news.ready(here()); },
      iceConnected: () => { if (known()) news.iceConnected(here()); },
      iceFailed: (found) => { if (known()) news.iceFailed(here(), found); },
      flowing: (flows) => { if (known()) news.flowing(here(), flows); },
      lost: () => { if (known()) news.lost(here()); },
      subscribeFailed: (words) => { if (known()) news.subscribeFailed(here(), words); },
      playRefused: () => { if (known()) news.playRefused(here()); },
      keyboardWanted: (wanted, contents) => { if (known()) news.keyboardWanted(here(), wanted, contents); },
    };
  }
}
