/*
 * One websocket that can be listened to late: what arrives before anyone listens is kept in order.
 * Trap: a half-open connection never closes by itself; only the missing answer to a ping shows it.
 */

export interface Listener {
  opened(): void;
  received(text: string): void;
  closed(code: number, text: string): void;
}

const OPEN_WITHIN_MS = 8000;
const PING_EVERY_MS = 20_000;
const ANSWER_WITHIN_MS = 10_000;
const PROBE_WITHIN_MS = 2000;
const KEPT_MESSAGES = 256;
const LOST = 1006;
const DEAF: Listener = { opened: () => {}, received: () => {}, closed: () => {} };

export class Channel {
  readonly #socket: WebSocket;
  readonly #queue: ((listener: Listener) => void)[] = [];
  #listener: Listener | null = null;
  #draining = false;
  #closed = false;
  #timer: ReturnType<typeof setTimeout> | undefined;
  /** performance.now() at the handshake's end, or null. */
  openedAt: number | null = null;

  constructor(url: string) {
    this.#socket = new WebSocket(url);
    this.#socket.binaryType = 'arraybuffer';
    this.#socket.onopen = () => this.#onOpen();
    this.#socket.onmessage = (event: MessageEvent<string | ArrayBuffer>) => this.#onMessage(event.data);
    this.#socket.onclose = (event) => this.#onClose(event.code, event.reason);
    this.#timer = setTimeout(() => this.#giveUp('no answer'), OPEN_WITHIN_MS);
  }

  get isOpen(): boolean {
    return this.openedAt !== null && !this.#closed;
  }

  /** Takes over; what nobody has heard yet is told at once, in order. */
  listen(listener: Listener): void {
    this.#listener = listener;
    this.#drain();
  }

  /** Sends a text frame; dropped without a word when the socket isn't open. */
  send(text: string): void {
    if (this.#socket.readyState === WebSocket.OPEN) this.#socket.send(text);
  }

  /** The network may have changed: shows within two seconds whether this socket still leads anywhere. */
  probe(): void {
    if (this.#closed) return;
    clearTimeout(this.#timer);
    this.send(JSON.stringify({ type: 'ping', time: Date.now() }));
    this.#timer = setTimeout(() => this.#giveUp('silent'), PROBE_WITHIN_MS);
  }

  /** Says goodbye; the listener hears nothing more. */
  close(text = ''): void {
    this.#listener = DEAF;
    this.#finish();
    this.#socket.close(1000, text);
  }

  #onOpen(): void {
    this.openedAt = performance.now();
    this.#schedulePing();
    this.#tell((listener) => listener.opened());
  }

  #onMessage(data: string | ArrayBuffer): void {
    if (this.#closed) return;
    this.#schedulePing();
    if (this.#queue.length >= KEPT_MESSAGES) return;
    const text = typeof data === 'string' ? data : new TextDecoder().decode(data);
    this.#tell((listener) => listener.received(text));
  }

  #onClose(code: number, text: string): void {
    if (this.#closed) return;
    this.#finish();
    this.#tell((listener) => listener.closed(code, text));
  }

  #tell(event: (listener: Listener) => void): void {
    this.#queue.push(event);
    this.#drain();
  }

  /** One at a time, so that a listener may hand over to another in the middle. */
  #drain(): void {
    if (this.#draining) return;
    this.#draining = true;
    try {
      while (this.#listener !== null && this.#queue.length > 0) this.#queue.shift()?.(this.#listener);
    } finally {
      this.#draining = false;
    }
  }

  #giveUp(why: string): void {
    // the browser would wait for a close frame that can't come
    this.#onClose(LOST, why);
    this.#socket.close();
  }

  #schedulePing(): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => {
      this.send(JSON.stringify({ type: 'ping', time: Date.now() }));
      this.#timer = setTimeout(() => this.#giveUp('silent'), ANSWER_WITHIN_MS);
    }, PING_EVERY_MS);
  }

  #finish(): void {
    clearTimeout(this.#timer);
    this.#closed = true;
  }
}
