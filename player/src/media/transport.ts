/*
 * Puts our own signalling under Epic's library, in place of its websocket.
 * Trap: the library ends the visit, and unregisters every input, when its transport says "close";
 * so ours never says so before the stream is disposed of, however often the socket changes.
 */

import type { WebSocketTransport } from '@epicgames-ps/lib-pixelstreamingfrontend-ue5.7';
import { LIST_STREAMERS, typeOf } from '../signalling';

/** Rewires the transport that the library made. `send` gets each outgoing frame. */
export class Transport {
  readonly #inner: WebSocketTransport;
  readonly #waiting: string[] = [];
  #configured = false;
  #subscribing = false;
  #listed = false;
  #closed = false;

  constructor(inner: WebSocketTransport, send: (text: string) => void) {
    this.#inner = inner;
    inner.connect = () => true;
    inner.disconnect = () => {};
    inner.isConnected = () => !this.#closed;
    inner.sendMessage = (text) => {
      if (!this.#closed && !this.#isSpareList(text)) send(text);
    };
  }

  /** The library fails on a list of streamers, or an offer, that comes before its config. */
  deliver(text: string): void {
    if (this.#closed) return;
    if (!this.#configured && typeOf(text) !== 'config') {
      this.#waiting.push(text);
      return;
    }
    this.#inner.onMessage?.(text);
    if (this.#configured) return;
    this.#configured = true;
    this.#announce();
    for (const kept of this.#waiting.splice(0)) this.#inner.onMessage?.(kept);
  }

  /** The page has asked for the list of streamers already; the library may take it from there. */
  subscribe(): void {
    this.#subscribing = true;
    this.#announce();
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    // 1001 is the one code after which the library does not try to reconnect by itself
    this.#inner.emit('close', { code: 1001, reason: '' });
  }

  #announce(): void {
    if (this.#subscribing && this.#configured) this.#inner.emit('open');
  }

  /** The library's own first request for the list repeats the one that the page sent at once. */
  #isSpareList(text: string): boolean {
    if (this.#listed || text !== LIST_STREAMERS) return false;
    this.#listed = true;
    return true;
  }
}
