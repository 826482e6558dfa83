/*
 * The socket over a real server: early messages, hand-over in the middle, goodbye.
 */
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { WebSocket as NodeSocket, WebSocketServer } from 'ws';
import { Channel, type Listener } from '../src/channel';

/** A browser's socket reports an error by its close only; Node's would throw it. */
class BrowserLike extends NodeSocket {
  constructor(to: string) {
    super(to);
    this.on('error', () => {});
  }
}

let server: WebSocketServer;
let url: string;

beforeEach(async () => {
  vi.stubGlobal('WebSocket', BrowserLike);
  server = new WebSocketServer({ port: 0, host: '127.0.0.1' });
  await once(server, 'listening');
  url = `ws://127.0.0.1:${(server.address() as AddressInfo).port}/`;
});

afterEach(() => {
  vi.unstubAllGlobals();
  server.close();
});

function recorder(): { log: string[]; listener: Listener } {
  const log: string[] = [];
  return { log, listener: { opened: () => log.push('open'), received: (text) => log.push(text), closed: (code, text) => log.push(`${code} ${text}`) } };
}

describe('a channel', () => {
  it('tells a late listener everything in order', async () => {
    server.on('connection', (socket) => { socket.send('a'); socket.send(Buffer.from('b')); socket.close(4000, 'why'); });
    const channel = new Channel(url);
    await vi.waitFor(() => expect(channel.openedAt).not.toBeNull());
    await vi.waitFor(() => expect(channel.isOpen).toBe(false));
    const { log, listener } = recorder();
    channel.listen(listener);
    expect(log).toEqual(['open', 'a', 'b', '4000 why']);
  });

  it('can change hands in the middle without losing or doubling a message', async () => {
    server.on('connection', (socket) => { for (const text of ['1', '2', '3']) socket.send(text); socket.close(1000); });
    const channel = new Channel(url);
    const second = recorder();
    const first = recorder();
    channel.listen({ ...first.listener, received: (text) => { first.log.push(text); channel.listen(second.listener); } });
    await vi.waitFor(() => expect(second.log).toContain('1000 '));
    expect([first.log, second.log]).toEqual([['open', '1'], ['2', '3', '1000 ']]);
  });

  it('says goodbye with 1000 and hears nothing after', async () => {
    const closed = new Promise<number>((resolve) => { server.on('connection', (socket) => socket.on('close', resolve)); });
    const channel = new Channel(url);
    const { log, listener } = recorder();
    channel.listen(listener);
    await vi.waitFor(() => expect(log).toEqual(['open']));
    channel.close();
    expect(await closed).toBe(1000);
    expect(log).toEqual(['open']);
    channel.send('into the void');
  });

  it('gives up a server that accepts and then never answers', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    const sent = new Promise<string>((resolve) => { server.on('connection', (socket) => socket.on('message', (data) => resolve(String(data)))); });
    const channel = new Channel(url);
    const { log, listener } = recorder();
    channel.listen(listener);
    await vi.waitFor(() => expect(log).toEqual(['open']));
    vi.advanceTimersByTime(20_000);
    expect(JSON.parse(await sent)).toMatchObject({ type: 'ping' });
    vi.advanceTimersByTime(10_000);
    expect(log).toEqual(['open', '1006 silent']);
    vi.useRealTimers();
  });

  it('doubts itself when asked to, and is gone in two seconds if nothing answers', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    server.on('connection', (socket) => socket.on('message', () => socket.send('pong')));
    const channel = new Channel(url);
    const { log, listener } = recorder();
    channel.listen(listener);
    await vi.waitFor(() => expect(log).toEqual(['open']));
    channel.probe();
    await vi.waitFor(() => expect(log).toEqual(['open', 'pong']));
    vi.advanceTimersByTime(10_000);
    for (const socket of server.clients) socket.removeAllListeners('message');
    channel.probe();
    vi.advanceTimersByTime(2000);
    expect(log).toEqual(['open', 'pong', '1006 silent']);
    vi.useRealTimers();
  });

  it('reports a server that is not there', async () => {
    server.close();
    const { log, listener } = recorder();
    new Channel(url).listen(listener);
    await vi.waitFor(() => expect(log.length).toBe(1));
    expect(log[0]).toMatch(/^1006/);
  });
});
