/*
 * Watches one peer connection's ICE: what was gathered, what failed, when it connected.
 * Trap: with no candidate at all the browser never says "failed"; the end of gathering says it.
 */

import type { IceFindings } from './types';

export interface IceEvents {
  connected(): void;
  failed(): void;
  /** Gone for good: closed, failed after it stood, or silent for too long. */
  lost(): void;
}

const PATIENCE_MS = 4000;
const KEPT_ERRORS = 6;

export class IceWatch {
  readonly #peer: RTCPeerConnection;
  readonly #events: IceEvents;
  readonly #errors = new Map<string, string>();
  #candidates = 0;
  #relays = 0;
  #stood = false;
  #patience: ReturnType<typeof setTimeout> | undefined;

  constructor(peer: RTCPeerConnection, events: IceEvents) {
    this.#peer = peer;
    this.#events = events;
    peer.addEventListener('icecandidate', (event) => this.#onCandidate(event.candidate));
    peer.addEventListener('icecandidateerror', (event) => this.#onError(event));
    peer.addEventListener('iceconnectionstatechange', () => this.#onIce());
    peer.addEventListener('connectionstatechange', () => this.#onConnection());
  }

  /** What there was to work with. */
  findings(): IceFindings {
    const config = this.#peer.getConfiguration();
    return {
      relaysOffered: relayUrls(config).length,
      relayCandidates: this.#relays,
      candidates: this.#candidates,
      relayOnly: config.iceTransportPolicy === 'relay',
      errors: [...this.#errors.values()],
    };
  }

  stop(): void {
    clearTimeout(this.#patience);
  }

  #onCandidate(candidate: RTCIceCandidate | null): void {
    if (candidate === null || candidate.candidate === '') {
      if (this.#candidates === 0 && this.#peer.connectionState !== 'closed') this.#events.failed();
      return;
    }
    this.#candidates += 1;
    if (candidate.type === 'relay') this.#relays += 1;
  }

  #onError(event: RTCPeerConnectionIceErrorEvent): void {
    if (this.#errors.size >= KEPT_ERRORS) return;
    this.#errors.set(`${event.url} ${event.errorCode}`, `${event.url}: ${event.errorCode} ${event.errorText}`);
  }

  #onIce(): void {
    const state = this.#peer.iceConnectionState;
    clearTimeout(this.#patience);
    if (state === 'connected' || state === 'completed') {
      this.#stood = true;
      this.#events.connected();
    } else if (state === 'failed') {
      if (this.#stood) this.#events.lost();
      else this.#events.failed();
    } else if (state === 'disconnected') {
      // may pass by itself (a phone between two cells); "failed" would come only after 15 s
      this.#patience = setTimeout(() => this.#events.lost(), PATIENCE_MS);
    }
  }

  #onConnection(): void {
    const state = this.#peer.connectionState;
    if (this.#stood && (state === 'failed' || state === 'closed')) this.#events.lost();
  }
}

function relayUrls(config: RTCConfiguration): string[] {
  return (config.iceServers ?? [])
    .flatMap((server) => (Array.isArray(server.urls) ? server.urls : [server.urls]))
    .filter((url) => /^turns?:/i.test(url));
}
