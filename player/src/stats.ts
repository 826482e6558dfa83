/*
 * What the browser's statistics say of a connection, in one flat object.
 * Trap: rates are differences between two reports; right after a change of peer connection there is
 * no former report, and a rate is null rather than wrong.
 */

export type CandidateType = 'host' | 'srflx' | 'prflx' | 'relay';

export interface StreamStats {
  /** The pair's most roundabout end: `relay` if either side is relayed. */
  readonly candidatePair: CandidateType | null;
  readonly local: CandidateType | null;
  readonly remote: CandidateType | null;
  /** Of the pair: udp or tcp; towards a relay: udp, tcp or tls. */
  readonly protocol: string | null;
  readonly relayProtocol: string | null;
  readonly rttMs: number | null;
  /** Bits per second received, video and audio. */
  readonly bitrate: number | null;
  readonly framesDecoded: number;
  readonly framesDropped: number;
  readonly framesPerSecond: number | null;
  readonly freezes: number;
  readonly width: number;
  readonly height: number;
  readonly codec: string | null;
  readonly decoder: string | null;
  readonly packetsLost: number;
  readonly jitterMs: number | null;
  /** Mean time that a frame waits before it is shown, ms. */
  readonly bufferMs: number | null;
}

type Entry = Record<string, unknown>;
interface Sample { readonly at: number; readonly bytes: number; readonly frames: number; readonly peer: object }

const SHORTEST_SAMPLE_MS = 250;

/** Turns reports of one or more peer connections, in time order, into StreamStats. */
export class StatsReader {
  #former: Sample | null = null;
  #rates: { bitrate: number | null; fps: number | null } = { bitrate: null, fps: null };

  read(report: Iterable<readonly [string, unknown]>, peer: object, at: number): StreamStats {
    const entries = new Map([...report] as [string, Entry][]);
    const video = find(entries, (entry) => entry['type'] === 'inbound-rtp' && entry['kind'] === 'video');
    const pair = selectedPair(entries);
    const local = entries.get(text(pair, 'localCandidateId') ?? '');
    const remote = entries.get(text(pair, 'remoteCandidateId') ?? '');
    this.#sample({ at, peer, bytes: bytesReceived(entries), frames: number(video, 'framesDecoded') ?? 0 });
    const emitted = number(video, 'jitterBufferEmittedCount') ?? 0;
    return {
      candidatePair: widest(typeOf(local), typeOf(remote)),
      local: typeOf(local),
      remote: typeOf(remote),
      protocol: text(local, 'protocol'),
      relayProtocol: text(local, 'relayProtocol'),
      rttMs: milliseconds(number(pair, 'currentRoundTripTime')),
      bitrate: this.#rates.bitrate,
      framesDecoded: number(video, 'framesDecoded') ?? 0,
      framesDropped: number(video, 'framesDropped') ?? 0,
      framesPerSecond: number(video, 'framesPerSecond') ?? this.#rates.fps,
      freezes: number(video, 'freezeCount') ?? 0,
      width: number(video, 'frameWidth') ?? 0,
      height: number(video, 'frameHeight') ?? 0,
      codec: text(entries.get(text(video, 'codecId') ?? ''), 'mimeType')?.replace('video/', '') ?? null,
      decoder: text(video, 'decoderImplementation'),
      packetsLost: number(video, 'packetsLost') ?? 0,
      jitterMs: milliseconds(number(video, 'jitter')),
      bufferMs: emitted === 0 ? null : milliseconds((number(video, 'jitterBufferDelay') ?? 0) / emitted),
    };
  }

  #sample(now: Sample): void {
    const former = this.#former;
    if (former === null || former.peer !== now.peer) {
      this.#rates = { bitrate: null, fps: null };
      this.#former = now;
      return;
    }
    const seconds = (now.at - former.at) / 1000;
    if (seconds * 1000 < SHORTEST_SAMPLE_MS) return;
    this.#rates = {
      bitrate: Math.round((8 * (now.bytes - former.bytes)) / seconds),
      fps: Math.round((now.frames - former.frames) / seconds),
    };
    this.#former = now;
  }
}

function selectedPair(entries: ReadonlyMap<string, Entry>): Entry | undefined {
  const transport = find(entries, (entry) => entry['type'] === 'transport' && entry['selectedCandidatePairId'] !== undefined);
  const chosen = entries.get(text(transport, 'selectedCandidatePairId') ?? '');
  // Firefox has no selectedCandidatePairId
  return chosen ?? find(entries, (entry) => entry['type'] === 'candidate-pair' && (entry['selected'] === true || (entry['nominated'] === true && entry['state'] === 'succeeded')));
}

function bytesReceived(entries: ReadonlyMap<string, Entry>): number {
  let sum = 0;
  for (const entry of entries.values()) if (entry['type'] === 'inbound-rtp') sum += number(entry, 'bytesReceived') ?? 0;
  return sum;
}

function find(entries: ReadonlyMap<string, Entry>, test: (entry: Entry) => boolean): Entry | undefined {
  for (const entry of entries.values()) if (test(entry)) return entry;
  return undefined;
}

const ORDER: readonly CandidateType[] = ['host', 'prflx', 'srflx', 'relay'];

function typeOf(entry: Entry | undefined): CandidateType | null {
  const type = text(entry, 'candidateType');
  return ORDER.find((known) => known === type) ?? null;
}

function widest(one: CandidateType | null, other: CandidateType | null): CandidateType | null {
  if (one === null || other === null) return one ?? other;
  return ORDER.indexOf(one) > ORDER.indexOf(other) ? one : other;
}

const text = (entry: Entry | undefined, name: string): string | null => {
  const value = entry?.[name];
  return typeof value === 'string' && value !== '' ? value : null;
};
const number = (entry: Entry | undefined, name: string): number | null => {
  const value = entry?.[name];
  return typeof value === 'number' && Number.isFinite(value) ? value : null;
};
const milliseconds = (seconds: number | null): number | null => (seconds === null ? null : Math.round(seconds * 10_000) / 10);
