/*
 * Reports of a session: when they are sent, what is in them, and what never is.
 */
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { LANDING, type Visit } from '../src/machine';
import { PhaseLog, type PhaseTimes } from '../src/phases';
import { dropOf, EVERY_MS, failureOf, leaseIn, Quality, sender, SOON_MS, stepsOf, type Report } from '../src/quality';
import { reason } from '../src/reasons';
import type { StreamStats } from '../src/stats';

const TIMES: PhaseTimes = { script: 10, waitOpen: 50, matched: 550, seatOpen: 600, config: 610, offer: 700, answer: 800, iceConnected: 900, firstFrame: 1000 };
const STATS: StreamStats = {
  candidatePair: 'relay', local: 'relay', remote: 'host', protocol: 'udp', relayProtocol: 'udp', rttMs: 12.5, bitrate: 1, framesDecoded: 1,
  framesDropped: 0, framesPerSecond: 60, freezes: 2, width: 1, height: 1, codec: 'H264', decoder: 'd', packetsLost: 0, jitterMs: 1, bufferMs: 1,
};
const CONNECTING: Visit = { ...LANDING, state: 'connecting', seat: 's/a.b.c/ws' };
const PLAYING: Visit = { ...CONNECTING, state: 'playing' };

function rig(stats: () => StreamStats | null = () => STATS, useful = true) {
  const sent: [string, Report][] = [];
  const clock = { now: 550 };
  const quality = new Quality({
    now: () => clock.now, round: () => TIMES, stats: async () => Promise.resolve(stats()), visible: () => true,
    post: async (lease, report) => { sent.push([lease, report]); return Promise.resolve(useful); },
  });
  return { quality, sent, clock, parts: () => sent.map(([, report]) => report.part) };
}

beforeEach(() => { vi.useFakeTimers(); });
afterEach(() => { vi.useRealTimers(); });

describe('a session that plays', () => {
  it('is told at its first picture, with all steps', async () => {
    const { quality, sent, clock } = rig();
    quality.follow(CONNECTING);
    expect(sent).toEqual([]);
    clock.now = 1050;
    quality.follow(PLAYING);
    await vi.advanceTimersByTimeAsync(0);
    expect(sent).toEqual([['a.b.c', {
      part: 'start', age: 0.5, candidate: 'relay', rtt: 0.013, freezes: 2, firstFrame: 0.45,
      phases: { queue: 0.5, seat: 0.05, signalling: 0.2, ice: 0.1, frame: 0.1 },
    }]]);
  });

  it('is told again soon, then every half minute, with the freezes since', async () => {
    const { quality, sent } = rig();
    quality.follow(PLAYING);
    await vi.advanceTimersByTimeAsync(SOON_MS + 2 * EVERY_MS);
    expect(sent.map(([, report]) => [report.part, report.fps, report.freezes])).toEqual([
      ['start', undefined, 2], ['while', 60, undefined], ['while', 60, undefined], ['while', 60, undefined],
    ]);
  });

  it('is told once more at its end, and no more after it', async () => {
    const { quality, sent, parts } = rig();
    quality.follow(PLAYING);
    await vi.advanceTimersByTimeAsync(1);
    quality.follow({ ...LANDING, state: 'ended', reason: reason('idle') });
    await vi.advanceTimersByTimeAsync(5 * EVERY_MS);
    expect(parts()).toEqual(['start', 'end']);
    expect(sent[1]?.[1]).toEqual({ part: 'end', age: 0, drop: 'idle' });
  });

  it('goes by its newest lease', async () => {
    const { quality, sent } = rig();
    quality.follow(CONNECTING);
    quality.follow({ ...PLAYING, seat: 's/new/ws' });
    quality.follow({ ...PLAYING, seat: null, signalling: 'gone' });
    await vi.advanceTimersByTimeAsync(SOON_MS);
    expect(sent.map(([lease]) => lease)).toEqual(['new', 'new']);
  });

  it('is told no more once the service wants none', async () => {
    const { quality, parts } = rig(() => STATS, false);
    quality.follow(PLAYING);
    await vi.advanceTimersByTimeAsync(5 * EVERY_MS);
    quality.follow(LANDING);
    expect(parts()).toEqual(['start']);
  });

  it('tells without statistics what it has', async () => {
    const { quality, sent } = rig(() => null);
    quality.follow(PLAYING);
    await vi.advanceTimersByTimeAsync(0);
    expect(sent[0]?.[1]).toMatchObject({ part: 'start', firstFrame: 0.45 });
  });
});

describe('a session that came to nothing', () => {
  it('tells why, and the steps that it got to', () => {
    const { quality, sent } = rig();
    quality.follow(CONNECTING);
    quality.iceFailed({ relaysOffered: 2, relayCandidates: 0, candidates: 3, relayOnly: false, errors: ['turn:10.0.0.1: 701'] });
    quality.follow({ ...LANDING, state: 'failed', reason: reason('no_relay', 'relays offered 2; turn:10.0.0.1: 701') });
    expect(sent).toHaveLength(1);
    expect(sent[0]?.[1]).toMatchObject({ part: 'end', drop: 'no_path', ice: 'relay_unreachable', phases: { queue: 0.5 } });
    expect(JSON.stringify(sent)).not.toContain('10.0.0.1');
  });

  it('is none without a lease', () => {
    const { quality, sent } = rig();
    quality.follow({ ...CONNECTING, seat: null });
    quality.follow(LANDING);
    expect(sent).toEqual([]);
  });
});

describe('words', () => {
  it.each([['left', null], ['ended', null], ['no_relay', 'no_path'], ['time_up', 'time_up'], ['queue_full', 'other']] as const)(
    'of an end: %s is %s', (code, drop) => expect(dropOf(code)).toBe(drop));

  it.each([
    [{ relaysOffered: 0, relayCandidates: 0, candidates: 0, relayOnly: true }, 'relay_missing'],
    [{ relaysOffered: 1, relayCandidates: 0, candidates: 0, relayOnly: true }, 'relay_unreachable'],
    [{ relaysOffered: 0, relayCandidates: 0, candidates: 0, relayOnly: false }, 'no_candidates'],
    [{ relaysOffered: 1, relayCandidates: 1, candidates: 2, relayOnly: false }, 'no_path'],
  ] as const)('of a failed path: %o', (found, failure) => expect(failureOf({ ...found, errors: [] })).toBe(failure));

  it.each([['s/a.b/ws', 'a.b'], ['wss://h/p/s/a.b/ws?x=1', 'a.b'], ['ws', null], [null, null], ['s/a/api', null]] as const)(
    'of a seat: %s', (seat, lease) => expect(leaseIn(seat)).toBe(lease));

  it('leave out a step whose ends are not known', () => {
    expect(stepsOf({ script: 1, waitOpen: 2, matched: 1 })).toEqual({ phases: { queue: 0 } });
  });
});

describe('steps', () => {
  it('of a second way to a seat are its own', () => {
    const phases = new PhaseLog();
    phases.mark('matched', 100);
    phases.nextRound();
    phases.mark('matched', 900);
    expect([phases.times.matched, phases.round.matched]).toEqual([100, 900]);
  });
});

describe('the sender', () => {
  it.each([[204, true], [429, true], [503, true], [401, false], [404, false], [410, false]])('goes on after %i: %s', async (status, useful) => {
    const fetched = vi.fn(async (_url: URL, _init: RequestInit) => Promise.resolve(new Response(null, { status })));
    vi.stubGlobal('fetch', fetched);
    await expect(sender('wss://h/demo/')('a.b', { part: 'end', age: 1 })).resolves.toBe(useful);
    const [url, init] = fetched.mock.calls[0] ?? [];
    expect(String(url)).toBe('https://h/demo/api/v1/quality');
    expect(init).toMatchObject({ method: 'POST', keepalive: true, headers: { Authorization: 'Bearer a.b' } });
    vi.unstubAllGlobals();
  });
});
