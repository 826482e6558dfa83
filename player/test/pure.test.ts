/*
 * Addresses, notices, close frames, settings, words and statistics: plain functions.
 */
import { describe, expect, it } from 'vitest';
import { firstUrl, readAddress, seatUrl, withLease } from '../src/address';
import { backoffMs, rejoinMs } from '../src/backoff';
import { diagnose } from '../src/diagnosis';
import { bitrateWords, clock, estimateWords, grouped, ordinal } from '../src/format';
import { readNotice } from '../src/notices';
import { PhaseLog } from '../src/phases';
import { readClose, readRefusal, wordsOf } from '../src/reasons';
import { readSettings } from '../src/settings';
import { configOf, typeOf } from '../src/signalling';
import { StatsReader } from '../src/stats';

describe('the address', () => {
  it('keeps port, directory and query of the page', () => {
    expect(readAddress('http://play.example:8080/demo/index.html?fleet=a&x=1#top').first).toBe('ws://play.example:8080/demo/ws?fleet=a&x=1&handoff=1');
    expect(readAddress('https://play.example/').first).toBe('wss://play.example/ws?handoff=1');
  });

  it('leaves the hand-off to the link', () => {
    expect(readAddress('https://h/?handoff=0').first).toBe('wss://h/ws?handoff=0');
    expect(readAddress('https://h/?autoplay=0')).toMatchObject({ autoplay: false, first: 'wss://h/ws?handoff=1' });
  });

  it.each(['wss://evil.example/', 'ws://h.evil/', '//evil.example/ws', 'wss://h:9/', 'wss://user@h/', 'javascript:alert(1)', 'https://'])(
    'is never one that a link names on another host: %s', (ss) => {
      expect(readAddress(`https://h/?ss=${encodeURIComponent(ss)}`)).toMatchObject({ first: 'wss://h/ws?handoff=1', ignored: ss });
    });

  it('may be another path of this host, always by this page\'s scheme', () => {
    expect(readAddress('https://h/p/?ss=ws%3A%2F%2Fh%2Fother').first).toBe('wss://h/other');
  });

  it('of a seat is relative to the page and on its host', () => {
    const address = readAddress('https://h/p/?fleet=a&quality=high&autoplay=0');
    expect(seatUrl('s/abc/ws', address)).toBe('wss://h/p/s/abc/ws?quality=high&renew=1');
    expect(seatUrl('wss://elsewhere/s/abc/ws', address)).toBeNull();
  });

  it('carry a ticket only when there is one, and never one out of a link', () => {
    const address = readAddress('https://h/p/?fleet=a&ticket=stolen&renew=1');
    expect(address.first).toBe('wss://h/p/ws?fleet=a&handoff=1');
    expect(firstUrl(address, null)).toBe(address.first);
    expect(firstUrl(address, 'a.b.c')).toBe('wss://h/p/ws?fleet=a&handoff=1&ticket=a.b.c');
    expect(address.passed).toBe('');
  });

  it.each([['s/x.y.z/ws', 's/a.b.c/ws'], ['/p/s/x.y.z/ws?q=s/1', '/p/s/a.b.c/ws?q=s/1'], ['wss://h/p/s/x.y.z/ws', 'wss://h/p/s/a.b.c/ws']])(
    'take a renewed lease: %s', (seat, renewed) => expect(withLease(seat, 'a.b.c')).toBe(renewed));
});

describe('notices', () => {
  it('give the place in the line', () => {
    const text = JSON.stringify({ type: 'matchmaker', queued: true, matched: false, position: 3, estimate: 42, waited: 1.5 });
    expect(readNotice(text)).toEqual({ kind: 'queued', line: { position: 3, estimate: 42, waited: 1.5, supply: 'taken' }, ticket: null });
  });

  it('may leave out or spoil every field', () => {
    expect(readNotice('{"type":"matchmaker","queued":true,"position":"many","estimate":null,"waited":-1}')).toEqual({ kind: 'queued', line: { position: null, estimate: null, waited: 0, supply: 'taken' }, ticket: null });
    expect(readNotice('{"type":"matchmaker","matched":true,"detail":{"id":"s"}}')).toEqual({ kind: 'matched', url: null });
    expect(readNotice('{"type":"matchmaker"}')).toEqual({ kind: 'refused', why: 'refused', words: '' });
  });

  it.each(['null', '[]', '1', '{', '{"type":3}'])('are not made of %s', (text) => expect(readNotice(text)).toBeNull());

  it('are told apart from signalling', () => {
    expect(readNotice('{"type":"config"}')).toEqual({ kind: 'signalling', type: 'config' });
  });
});

describe('close frames', () => {
  it.each([
    [1012, 'the streamer is gone', 'elsewhere', 'stream_lost'],
    [1012, 'the server ends', 'elsewhere', 'drained'],
    [1013, 'every seat is taken', 'elsewhere', 'seat_full'],
    [1013, 'draining: no new players here', 'elsewhere', 'drained'],
    [1013, 'the stream cannot be reached now', 'lost', 'stream_lost'],
    [1008, 'lease outrun: its session is over or a newer lease holds the seat', 'elsewhere', 'lease_over'],
    [1008, 'a lease is needed', 'refused', 'refused'],
    [1008, 'this session goes on in another connection', 'over', 'moved'],
    [1008, 'too many messages', 'over', 'kicked'],
    [1011, 'cheating', 'over', 'kicked'], [1011, '', 'lost', 'stream_lost'],
    [1005, '', 'lost', 'stream_lost'], [1001, '', 'lost', 'stream_lost'],
  ])('%i "%s" means %s', (code, text, how, why) => {
    expect(readClose(code, text)).toEqual({ how, reason: { code: why, detail: text } });
  });

  it('of the waiting room have words for every reason', () => {
    for (const why of ['queue_full', 'unknown_fleet', 'draining', 'expired', 'anything']) {
      const words = wordsOf(readRefusal(why, '').code);
      expect(words.title.length * words.text.length * words.next.length).toBeGreaterThan(0);
    }
  });
});

describe('settings', () => {
  it('from a link never name a server or connect by themselves', () => {
    const settings = readSettings('?ss=wss://evil&AutoConnect=true&signallingserver=x');
    expect(settings).toMatchObject({ AutoConnect: false });
    expect(settings).not.toHaveProperty('ss');
  });

  it('are read without regard to case', () => {
    expect(readSettings('?hoveringmouse=false&MaxQP=30&streamerid=A&usemic')).toMatchObject({ HoveringMouse: false, MaxQP: 30, StreamerId: 'A', UseMic: true });
  });
});

describe('words', () => {
  it('count places', () => {
    expect([1, 2, 3, 4, 11, 12, 13, 21, 22, 103, 111].map((n) => ordinal(n).join(''))).toEqual(
      ['1st', '2nd', '3rd', '4th', '11th', '12th', '13th', '21st', '22nd', '103rd', '111th']);
  });

  it('group thousands', () => {
    expect([7, 1234, 1234567].map(grouped)).toEqual(['7', '1,234', '1,234,567']);
  });

  it('promise no more than an estimate can keep', () => {
    expect([null, 4, 30, 70, 130, 1500, 4000, 9000].map((seconds) => estimateWords(seconds))).toEqual(
      ['No estimate yet', 'A few seconds', 'Less than a minute', 'About a minute', 'About 2 minutes', 'About 25 minutes', 'About an hour', 'About 3 hours']);
  });

  it('say what is waited for where nothing tells how long', () => {
    const words = (supply: string): string => {
      const notice = readNotice(JSON.stringify({ type: 'matchmaker', queued: true, estimate: null, supply }));
      return notice?.kind === 'queued' ? estimateWords(notice.line.estimate, notice.line.supply) : '';
    };
    expect(['taken', 'starting', 'budget', 'magic'].map(words)).toEqual(
      ['No estimate yet', 'A stream is being started', 'All streams that the budget allows are taken', 'No estimate yet']);
    const held = readNotice('{"type":"matchmaker","queued":true,"position":4,"estimate":null,"supply":"starting","seating":false}');
    expect(held).toEqual({ kind: 'queued', line: { position: 4, estimate: null, waited: 0, supply: 'held' }, ticket: null });
    expect(estimateWords(null, 'held')).toBe('Seats are not given out for the moment; you keep your place');
  });

  it('show clocks and rates', () => {
    expect([clock(0), clock(75.9), clock(3700)]).toEqual(['0:00', '1:15', '1:01:40']);
    expect([bitrateWords(null), bitrateWords(820_400), bitrateWords(4_240_000)]).toEqual(['–', '820 kbit/s', '4.2 Mbit/s']);
  });
});

describe('retries', () => {
  it('come at once, then ever later, spread by a quarter', () => {
    expect([0, 1, 2, 3, 4].map((attempt) => backoffMs(attempt, 0.5))).toEqual([0, 500, 1000, 2000, 4000]);
    expect([backoffMs(99, 0), backoffMs(99, 1)]).toEqual([7500, 12_500]);
  });

  it('tries the way back to a seat at once, and every two seconds to the end', () => {
    expect([0, 1, 2, 3, 4, 40].map((attempt) => rejoinMs(attempt, 0.5))).toEqual([0, 250, 500, 1000, 2000, 2000]);
  });
});

describe('phases', () => {
  it('keep the first mark of each step, and the script\'s over visits', () => {
    const phases = new PhaseLog();
    phases.mark('script', 10);
    phases.mark('config', 20);
    phases.mark('config', 30);
    expect(phases.times).toEqual({ script: 10, config: 20 });
    phases.restart();
    expect(phases.times).toEqual({ script: 10 });
  });
});

describe('signalling', () => {
  it('reads types and configurations, and nothing out of nonsense', () => {
    expect([typeOf('{"type":"offer"}'), typeOf('null'), typeOf('{"type":1}'), typeOf('x')]).toEqual(['offer', '', '', '']);
    expect(configOf('{"type":"config","peerConnectionOptions":{"iceServers":[]}}')).toEqual({ iceServers: [] });
    expect(configOf('{"type":"config"}')).toBeNull();
  });
});

describe('a diagnosis', () => {
  const found = { relaysOffered: 0, relayCandidates: 0, candidates: 3, relayOnly: false, errors: [] };
  it('tells an unreachable relay from a missing one and from a blocked path', () => {
    expect(diagnose({ ...found, relaysOffered: 2 }).code).toBe('no_relay');
    expect(diagnose({ ...found, relayOnly: true }).code).toBe('no_relay');
    expect(diagnose(found).code).toBe('no_path');
    expect(diagnose({ ...found, relaysOffered: 2, relayCandidates: 1 }).code).toBe('no_path');
  });
});

describe('statistics', () => {
  const report = (bytes: number, frames: number): [string, unknown][] => [
    ['T', { type: 'transport', selectedCandidatePairId: 'P' }],
    ['P', { type: 'candidate-pair', localCandidateId: 'L', remoteCandidateId: 'R', currentRoundTripTime: 0.0123 }],
    ['L', { type: 'local-candidate', candidateType: 'host', protocol: 'udp' }],
    ['R', { type: 'remote-candidate', candidateType: 'relay', protocol: 'udp' }],
    ['V', { type: 'inbound-rtp', kind: 'video', bytesReceived: bytes, framesDecoded: frames, codecId: 'C', frameWidth: 1280, frameHeight: 720 }],
    ['C', { type: 'codec', mimeType: 'video/H264' }],
  ];

  it('call a pair relayed when either end is', () => {
    expect(new StatsReader().read(report(0, 1), {}, 0)).toMatchObject({ candidatePair: 'relay', local: 'host', remote: 'relay', rttMs: 12.3, codec: 'H264', bitrate: null, framesDecoded: 1 });
  });

  it('give rates over two reports of one connection only', () => {
    const reader = new StatsReader();
    const peer = {};
    reader.read(report(1000, 10), peer, 1000);
    expect(reader.read(report(126_000, 40), peer, 2000)).toMatchObject({ bitrate: 1_000_000, framesPerSecond: 30 });
    expect(reader.read(report(50, 1), {}, 3000)).toMatchObject({ bitrate: null });
  });

  it('are empty, not wrong, before there is a pair', () => {
    expect(new StatsReader().read([], {}, 0)).toMatchObject({ candidatePair: null, rttMs: null, framesDecoded: 0 });
  });
});
