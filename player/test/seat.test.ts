/*
 * The seat's conversation over a real server: who asks for what, and in which order, when a picture is
 * wanted for the first time and when it has died.
 */
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { WebSocket as NodeSocket, WebSocketServer } from 'ws';
import type { Event } from '../src/machine';
import type { Settings } from '../src/media/types';
import { PhaseLog } from '../src/phases';
import { Seat } from '../src/seat';
import type { Streams } from '../src/streams';

const CONFIG = JSON.stringify({ type: 'config', peerConnectionOptions: { iceServers: [] } });
const FRESH = JSON.stringify({ type: 'config', peerConnectionOptions: { iceServers: [{ urls: 'turn:new' }] } });
const LIST = JSON.stringify({ type: 'streamerList', ids: ['a', 'b'] });

/** A browser's socket reports an error by its close only; Node's would throw it. */
class BrowserLike extends NodeSocket {
  constructor(to: string) {
    super(to);
    this.on('error', () => {});
  }
}

let server: WebSocketServer;
let answers: Record<string, string>;
let said: string[];
let done: string[];
let events: Event[];

beforeEach(async () => {
  vi.stubGlobal('WebSocket', NodeSocket);
  [answers, said, done, events] = [{ listStreamers: LIST, refreshConfig: FRESH }, [], [], []];
  server = new WebSocketServer({ port: 0, host: '127.0.0.1' });
  server.on('connection', (socket) => {
    socket.send(CONFIG);
    socket.on('message', (data) => {
      const message = JSON.parse(String(data)) as { type: string; streamerId?: string };
      said.push(message.streamerId === undefined ? message.type : `${message.type} ${message.streamerId}`);
      const answer = answers[message.type];
      if (answer !== undefined) socket.send(answer);
    });
  });
  await once(server, 'listening');
});

afterEach(() => {
  vi.unstubAllGlobals();
  server.close();
});

/** Streams that write down what they are told, and negotiate until they are said to be through. */
class FakeStreams {
  negotiating = false;
  readonly active = { refresh: () => done.push('refresh'), findings: null };
  begin(config: string | null, subscribe: boolean): void {
    this.negotiating = true;
    done.push(`begin ${name(config)} ${subscribe}`);
  }
  deliver(text: string): void {
    done.push(`deliver ${name(text)}`);
  }
}

const name = (text: string | null): string => ({ [CONFIG]: 'old', [FRESH]: 'fresh', [LIST]: 'list' })[text ?? ''] ?? String(text);

async function seated(settings: Settings = {}): Promise<{ seat: Seat; streams: FakeStreams }> {
  const streams = new FakeStreams();
  const seat = new Seat(() => streams as unknown as Streams, settings, new PhaseLog(), (event) => events.push(event));
  seat.open(`ws://127.0.0.1:${(server.address() as AddressInfo).port}/`);
  await vi.waitFor(() => expect(done).toEqual(['refresh']));
  done.length = 0;
  return { seat, streams };
}

describe('a seat', () => {
  it('asks for the list and subscribes', async () => {
    const { seat } = await seated();
    seat.negotiate();
    await vi.waitFor(() => expect(done).toEqual(['begin old true', 'deliver list']));
    expect(said).toEqual(['listStreamers']);
    seat.close();
  });

  it('asks for fresh relays before it negotiates a second time on one socket', async () => {
    const { seat, streams } = await seated();
    seat.negotiate();
    await vi.waitFor(() => expect(done).toContain('deliver list'));
    streams.negotiating = false;
    done.length = 0;
    seat.negotiate();
    await vi.waitFor(() => expect(done).toEqual(['begin null true', 'deliver fresh', 'deliver list']));
    expect(said).toEqual(['listStreamers', 'refreshConfig', 'listStreamers']);
    seat.close();
  });

  it('goes on with the config that it has when a server has no fresh one', async () => {
    const { seat, streams } = await seated();
    seat.negotiate();
    await vi.waitFor(() => expect(done).toContain('deliver list'));
    streams.negotiating = false;
    delete answers['refreshConfig'];
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    seat.negotiate();
    vi.advanceTimersByTime(3000);
    vi.useRealTimers();
    expect(done).toContain('deliver old');
    await vi.waitFor(() => expect(said).toEqual(['listStreamers', 'refreshConfig', 'listStreamers']));
    seat.close();
  });

  it('lets an engine that waits for offers forget the old connection before it offers again', async () => {
    const { seat, streams } = await seated({ BrowserSendOffer: true });
    seat.negotiate();
    expect(done).toEqual(['begin old false']);
    streams.negotiating = false;
    done.length = 0;
    seat.negotiate();
    await vi.waitFor(() => expect(said).toEqual(['refreshConfig', 'listStreamers', 'subscribe a']));
    expect(done).toEqual(['refresh', 'begin fresh false']);
    seat.close();
  });

  it('passes on renewed leases, and nothing that is none', async () => {
    const { seat } = await seated();
    for (const lease of ['a.b.c', 'a.b', 'a.b/../c', 7]) seat.received(JSON.stringify({ type: 'lease', lease, expires: 1 }));
    expect(events.filter((event) => event.type === 'renewed')).toEqual([{ type: 'renewed', lease: 'a.b.c' }]);
    seat.close();
  });

  it.each([[403, 'forged', 1008, 'lease forged'], [401, 'expired', 1008, 'lease expired'], [503, 'not_ready', 1006, ''], [404, null, 1006, '']])(
    'asks why a handshake was refused: %i %s', async (status, why, code, text) => {
      const headers = why === null ? {} : { 'X-Pixelstream-Reason': why };
      const front = createServer((_, answer) => { answer.writeHead(status, headers).end(); });
      front.on('upgrade', (_, socket) => socket.end(`HTTP/1.1 ${status} No\r\n\r\n`));
      front.listen(0, '127.0.0.1');
      await once(front, 'listening');
      vi.stubGlobal('WebSocket', BrowserLike);
      const seat = new Seat(() => new FakeStreams() as unknown as Streams, {}, new PhaseLog(), (event) => events.push(event));
      seat.open(`ws://127.0.0.1:${(front.address() as AddressInfo).port}/s/a.b.c/ws`);
      await vi.waitFor(() => expect(events).toHaveLength(1));
      expect(events).toMatchObject([{ type: 'seatClosed', code, ...(text === '' ? {} : { text }) }]);
      front.close();
    });
});
