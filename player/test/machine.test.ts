/*
 * The visit's states: what each event does, and what can never happen.
 */
import { describe, expect, it } from 'vitest';
import { LANDING, LIMITS, step, type Effect, type Event, type Visit } from '../src/machine';

function play(events: readonly Event[], from: Visit = LANDING): { visit: Visit; effects: Effect[] } {
  let visit = from;
  let effects: Effect[] = [];
  for (const event of events) {
    const [next, ordered] = step(visit, event);
    visit = next;
    effects = [...ordered];
  }
  return { visit, effects };
}

const LINE = { position: 2, estimate: 30, waited: 1, supply: 'taken' } as const;
const MATCHED: Event[] = [{ type: 'start' }, { type: 'waitOpen' }, { type: 'queued', line: LINE, ticket: 't1' }, { type: 'matched', url: 's/x/ws' }];
const PLAYING: Event[] = [...MATCHED, { type: 'seatOpen' }, { type: 'ready' }];
const lost: Event = { type: 'seatClosed', code: 1006, text: '' };
const orders = (effects: readonly Effect[]): string[] => effects.map((effect) => effect.do);

describe('on the way in', () => {
  it('opens the waiting room at once', () => {
    expect(play([{ type: 'start' }])).toMatchObject({ visit: { state: 'waiting' }, effects: [{ do: 'openWaiting', attempt: null, ticket: null }] });
  });

  it('leaves the waiting room and opens the seat when matched', () => {
    const { visit, effects } = play(MATCHED);
    expect(visit).toMatchObject({ state: 'connecting', line: null, seat: 's/x/ws' });
    expect(effects).toEqual([{ do: 'closeWaiting' }, { do: 'openSeat', url: 's/x/ws', attempt: null }]);
  });

  it('takes the first socket for the seat when nobody hands off', () => {
    const { visit, effects } = play([{ type: 'start' }, { type: 'signalling' }]);
    expect(visit).toMatchObject({ state: 'connecting', seat: null, signalling: 'open' });
    expect(orders(effects)).toEqual(['adopt']);
  });

  it('knocks again when the waiting room goes away, for long if it was there', () => {
    const down: Event = { type: 'waitClosed', code: 1006, text: '' };
    const { visit } = play([{ type: 'start' }, { type: 'waitOpen' }, ...Array<Event>(20).fill(down)]);
    expect(visit).toMatchObject({ state: 'waiting', knocks: 20 });
  });

  it('gives up soon on a waiting room that never was there', () => {
    const down: Event = { type: 'waitClosed', code: 1006, text: '' };
    const { visit } = play([{ type: 'start' }, ...Array<Event>(LIMITS.firstKnocks + 1).fill(down)]);
    expect(visit).toMatchObject({ state: 'failed', reason: { code: 'unreachable' } });
  });

  it.each([['queue_full', 'queue_full'], ['unknown_fleet', 'unknown_fleet'], ['expired', 'wait_over']])(
    'says why it was refused: %s', (why, code) => {
      expect(play([{ type: 'start' }, { type: 'refused', why, words: 'w' }]).visit).toMatchObject({ state: 'failed', reason: { code, detail: 'w' } });
    });

  it('comes back to a matchmaker that is being replaced', () => {
    const { visit, effects } = play([{ type: 'start' }, { type: 'refused', why: 'draining', words: '' }]);
    expect(visit.state).toBe('waiting');
    expect(orders(effects)).toEqual(['closeWaiting', 'openWaiting']);
  });

  it.each<Event>([{ type: 'refused', why: 'draining', words: '' }, { type: 'waitClosed', code: 1012, text: 'draining' }, { type: 'waitClosed', code: 1006, text: '' }])(
    'comes back at once with the last ticket, so that its place is kept: %o', (cut) => {
      const waiting: Event[] = [...MATCHED.slice(0, 3), { type: 'queued', line: { ...LINE, position: 1 }, ticket: null }];
      const { visit, effects } = play([...waiting, cut]);
      expect(visit).toMatchObject({ state: 'waiting', line: { position: 1 } });
      expect(effects).toEqual([{ do: 'closeWaiting' }, { do: 'openWaiting', attempt: 0, ticket: 't1' }]);
    });

  it('shows no old ticket to a new wait', () => {
    const { effects } = play([...MATCHED, { type: 'seatClosed', code: 1013, text: 'every seat is taken' }]);
    expect(effects).toContainEqual({ do: 'openWaiting', attempt: 1, ticket: null });
  });

  it('gives up the place when the visitor cancels', () => {
    const { visit, effects } = play([{ type: 'start' }, { type: 'queued', line: LINE, ticket: 't1' }, { type: 'cancel' }]);
    expect(visit).toMatchObject({ state: 'landing', reason: { code: 'cancelled' }, line: null });
    expect(orders(effects)).toContain('closeWaiting');
  });

  it('queues again with words when someone else has the seat, but not for ever', () => {
    const taken: Event = { type: 'seatClosed', code: 1013, text: 'every seat is taken' };
    const once = play([...MATCHED, taken]).visit;
    expect(once).toMatchObject({ state: 'waiting', reason: { code: 'seat_full' }, misses: 1 });
    const again: Event[] = [{ type: 'matched', url: 's/y/ws' }, taken];
    expect(play([...again, ...again], once).visit).toMatchObject({ state: 'failed', reason: { code: 'seat_full' } });
  });

  it('fails with what ICE found', () => {
    const { visit } = play([...MATCHED, { type: 'seatOpen' }, { type: 'stuck', code: 'no_relay', detail: 'd' }]);
    expect(visit).toMatchObject({ state: 'failed', reason: { code: 'no_relay', detail: 'd' } });
  });
});

describe('while playing', () => {
  it('keeps the picture when signalling is lost, and rejoins the same seat', () => {
    const { visit, effects } = play([...PLAYING, lost]);
    expect(visit).toMatchObject({ state: 'playing', signalling: 'lost' });
    expect(effects).toEqual([{ do: 'openSeat', url: 's/x/ws', attempt: 0 }]);
  });

  it('does not subscribe anew on a rejoin with live media', () => {
    expect(play([...PLAYING, lost, { type: 'seatOpen' }])).toMatchObject({ visit: { state: 'playing', signalling: 'open' }, effects: [] });
  });

  it('rejoins for as long as frames flow, ever more slowly', () => {
    const { visit, effects } = play([...PLAYING, ...Array<Event>(30).fill(lost)]);
    expect(visit.state).toBe('playing');
    expect(effects).toEqual([{ do: 'openSeat', url: 's/x/ws', attempt: 29 }]);
  });

  it('starts the count of rejoins over once a socket has stood', () => {
    const { effects } = play([...PLAYING, lost, { type: 'seatOpen' }, { type: 'steady' }, lost]);
    expect(effects).toEqual([{ do: 'openSeat', url: 's/x/ws', attempt: 0 }]);
  });

  it('plays on when the seat is given away, and queues when the picture ends', () => {
    const gone = play([...PLAYING, { type: 'seatClosed', code: 1012, text: 'the streamer is gone' }]).visit;
    expect(gone).toMatchObject({ state: 'playing', signalling: 'gone' });
    const { visit, effects } = play([{ type: 'mediaLost' }], gone);
    expect(visit).toMatchObject({ state: 'waiting', reason: { code: 'stream_lost' } });
    expect(orders(effects)).toEqual(['closeSeat', 'dropStream', 'openWaiting']);
  });

  it('negotiates anew when media ends and signalling stands', () => {
    const { visit, effects } = play([...PLAYING, { type: 'mediaLost' }]);
    expect(visit.state).toBe('reconnecting');
    expect(effects).toEqual([{ do: 'negotiate', attempt: null }]);
    expect(play([{ type: 'ready' }], visit).visit).toMatchObject({ state: 'playing', reason: null });
  });

  it('tries for a new picture on the same seat again and again, and then in the queue', () => {
    const stuck: Event = { type: 'stuck', code: 'no_relay', detail: 'd' };
    const first = play([...PLAYING, { type: 'mediaLost' }, stuck]);
    expect(first.visit).toMatchObject({ state: 'reconnecting', seat: 's/x/ws' });
    expect(first.effects).toEqual([{ do: 'negotiate', attempt: 2 }]);
    const last = play(Array<Event>(LIMITS.revivals - 1).fill(stuck), first.visit);
    expect(last.visit.state).toBe('reconnecting');
    expect(play([stuck], last.visit).visit).toMatchObject({ state: 'waiting', reason: { code: 'stream_lost' } });
  });

  it('gives up no picture while the way back to the seat is sought', () => {
    const { visit, effects } = play([...PLAYING, lost, { type: 'mediaLost' }, { type: 'stuck', code: 'no_picture', detail: '' }]);
    expect(visit).toMatchObject({ state: 'reconnecting', signalling: 'lost' });
    expect(effects).toEqual([]);
  });

  it.each(['lease expired', 'lease unknown_key', 'lease outrun: its session is over'])('queues at once when nothing is left to come back to: %s', (text) => {
    const { visit, effects } = play([...PLAYING, { type: 'mediaLost' }, lost, { type: 'seatClosed', code: 1008, text }]);
    expect(visit).toMatchObject({ state: 'waiting', reason: { code: 'lease_over' } });
    expect(orders(effects)).toEqual(['closeSeat', 'dropStream', 'openWaiting']);
  });

  it('rejoins with the newest lease', () => {
    const { effects } = play([...PLAYING, { type: 'renewed', lease: 'a.b.c' }, lost]);
    expect(effects).toEqual([{ do: 'openSeat', url: 's/a.b.c/ws', attempt: 0 }]);
  });

  it('takes no lease without a seat that was handed out', () => {
    expect(play([{ type: 'start' }, { type: 'signalling' }, { type: 'renewed', lease: 'a.b.c' }]).visit.seat).toBeNull();
  });

  it('negotiates as soon as the socket is back when both are lost', () => {
    const { visit, effects } = play([...PLAYING, lost, { type: 'mediaLost' }, { type: 'seatOpen' }]);
    expect(visit.state).toBe('reconnecting');
    expect(orders(effects)).toEqual(['negotiate']);
  });

  it('goes to the queue when a seat can not be reached again', () => {
    const { visit } = play([...PLAYING, { type: 'mediaLost' }, ...Array<Event>(LIMITS.returns + 1).fill(lost)]);
    expect(visit).toMatchObject({ state: 'waiting', reason: { code: 'stream_lost' } });
  });

  it.each([[1011, 'bye', 'kicked'], [1008, 'idle for too long', 'idle'], [1008, 'this session\'s time is over', 'time_up'], [1000, '', 'ended']])(
    'ends with %i %s', (code, text, why) => {
      const { visit, effects } = play([...PLAYING, { type: 'seatClosed', code, text }]);
      expect(visit).toMatchObject({ state: 'ended', reason: { code: why } });
      expect(orders(effects)).toContain('dropStream');
    });

  it('ends when the visitor leaves', () => {
    expect(play([...PLAYING, { type: 'leave' }]).visit).toMatchObject({ state: 'ended', reason: { code: 'left' } });
  });

  it('says goodbye everywhere when the page goes', () => {
    const { visit, effects } = play([...PLAYING, { type: 'hide' }]);
    expect(visit).toEqual(LANDING);
    expect(orders(effects)).toEqual(['closeWaiting', 'closeSeat', 'dropStream']);
  });
});

describe('whatever comes, in any order', () => {
  const ANY: readonly Event[] = [
    ...PLAYING, lost, { type: 'cancel' }, { type: 'leave' }, { type: 'hide' }, { type: 'signalling' }, { type: 'mediaLost' },
    { type: 'steady' }, { type: 'matched', url: null }, { type: 'waitClosed', code: 1006, text: '' }, { type: 'waitClosed', code: 1008, text: '' },
    { type: 'seatClosed', code: 1008, text: '' }, { type: 'seatClosed', code: 1012, text: 'the server ends' },
    { type: 'seatClosed', code: 1013, text: 'every seat is taken' }, { type: 'subscribeFailed', words: 'full' },
    { type: 'refused', why: 'draining', words: '' }, { type: 'stuck', code: 'no_path', detail: '' },
    { type: 'renewed', lease: 'a.b.c' },
  ];

  it('never leaves a socket or a stream behind, and never plays before the stream is ready', () => {
    let seed = 7;
    const random = (below: number): number => (seed = (seed * 48_271) % 2_147_483_647) % below;
    for (let walk = 0; walk < 2000; walk += 1) {
      let visit = LANDING;
      const open = { waiting: false, seat: false, stream: false };
      for (let turn = 0; turn < 40; turn += 1) {
        const event = ANY[random(ANY.length)] ?? { type: 'start' };
        const [next, effects] = step(visit, event);
        for (const { do: order } of effects) {
          if (order === 'openWaiting') open.waiting = true;
          if (order === 'openSeat') open.seat = true;
          if (order === 'adopt') Object.assign(open, { waiting: false, seat: true });
          if (order === 'negotiate') open.stream = true;
          if (order === 'closeWaiting') open.waiting = false;
          if (order === 'closeSeat') open.seat = false;
          if (order === 'dropStream') open.stream = false;
        }
        if (next.state === 'playing' && visit.state !== 'playing') expect(event.type).toBe('ready');
        if (['landing', 'ended', 'failed'].includes(next.state)) expect(open).toEqual({ waiting: false, seat: false, stream: false });
        if (next.state === 'waiting') expect(open).toEqual({ waiting: true, seat: false, stream: false });
        if (['ended', 'failed'].includes(next.state)) expect(next.reason).not.toBeNull();
        visit = next;
      }
    }
  });
});
