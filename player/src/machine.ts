/*
 * A visit as a pure state machine: landing → waiting → connecting → playing ⇄ reconnecting → ended.
 * Trap: signalling and media live apart. A lost signalling socket changes nothing on the screen
 * while frames flow; only lost media makes a visit "reconnecting", and that doesn't give up the seat.
 */

import { withLease } from './address';
import { readClose, readRefusal, reason, type Reason, type ReasonCode } from './reasons';
import type { Line } from './notices';

export type State = 'landing' | 'waiting' | 'connecting' | 'playing' | 'reconnecting' | 'ended' | 'failed';

export interface Visit {
  readonly state: State;
  /** Why it ended, failed, or why the visitor waits again; null when there is nothing to say. */
  readonly reason: Reason | null;
  readonly line: Line | null;
  /** What keeps the place in the queue when the waiting room's socket breaks. */
  readonly ticket: string | null;
  /** The seat's URL while its lease may be used again; null when one socket does it all. */
  readonly seat: string | null;
  /** `lost` = a rejoin is being tried, `gone` = there will be none. */
  readonly signalling: 'none' | 'open' | 'lost' | 'gone';
  /** What the seat said when it went, kept until the picture goes too. */
  readonly parting: Reason | null;
  /** The waiting room answered at least once in this visit. */
  readonly met: boolean;
  /** Attempts in a row: at the waiting room, at the same seat, for a new picture, and seats that came to nothing. */
  readonly knocks: number;
  readonly rejoins: number;
  readonly revivals: number;
  readonly misses: number;
}

export type Event =
  | { readonly type: 'start' | 'cancel' | 'leave' | 'hide' | 'waitOpen' | 'signalling' | 'seatOpen' | 'steady' | 'ready' | 'mediaLost' }
  | { readonly type: 'queued'; readonly line: Line; readonly ticket: string | null }
  | { readonly type: 'renewed'; readonly lease: string }
  | { readonly type: 'matched'; readonly url: string | null }
  | { readonly type: 'refused'; readonly why: string; readonly words: string }
  | { readonly type: 'waitClosed' | 'seatClosed'; readonly code: number; readonly text: string }
  | { readonly type: 'subscribeFailed'; readonly words: string }
  | { readonly type: 'stuck'; readonly code: ReasonCode; readonly detail: string };

export type Effect =
  | { readonly do: 'openWaiting'; readonly attempt: number | null; readonly ticket: string | null }
  | { readonly do: 'openSeat'; readonly url: string; readonly attempt: number | null }
  | { readonly do: 'negotiate'; readonly attempt: number | null }
  | { readonly do: 'adopt' | 'closeWaiting' | 'closeSeat' | 'dropStream' };

export type Step = readonly [Visit, readonly Effect[]];

/**
 * Tries before giving up: a first knock, a waiting room known to exist, a seat without and with a picture
 * so far (for longer than it is held), a new picture on a seat, seats in a row.
 */
export const LIMITS = { firstKnocks: 5, knocks: 60, rejoins: 5, returns: 45, revivals: 6, misses: 3 } as const;

export const LANDING: Visit = {
  state: 'landing', reason: null, line: null, ticket: null, seat: null, signalling: 'none', parting: null,
  met: false, knocks: 0, rejoins: 0, revivals: 0, misses: 0,
};

const CLOSE_ALL: readonly Effect[] = [{ do: 'closeWaiting' }, { do: 'closeSeat' }, { do: 'dropStream' }];

/** The next state and what to do for it. Events that make no sense in a state change nothing. */
export function step(visit: Visit, event: Event): Step {
  switch (event.type) {
    case 'start': return start(visit);
    case 'hide': return [LANDING, CLOSE_ALL];
    case 'cancel': return inState(visit, 'waiting', 'connecting') ? [{ ...LANDING, reason: reason('cancelled') }, CLOSE_ALL] : [visit, []];
    case 'leave': return inState(visit, 'playing', 'reconnecting') ? finish(visit, 'ended', reason('left')) : [visit, []];
    case 'waitOpen': return [{ ...visit, met: true }, []];
    case 'queued': return queued(visit, event.line, event.ticket);
    case 'renewed': return renewed(visit, event.lease);
    case 'matched': return matched(visit, event.url);
    case 'signalling': return visit.state === 'waiting' ? matched(visit, null) : [visit, []];
    case 'refused': return refused(visit, readRefusal(event.why, event.words));
    case 'waitClosed': return waitClosed(visit, event.code, event.text);
    case 'seatOpen': return seatOpen(visit);
    case 'seatClosed': return seatClosed(visit, event.code, event.text);
    case 'subscribeFailed': return inSeat(visit) ? elsewhere(visit, reason(/full/i.test(event.words) ? 'seat_full' : 'stream_lost', event.words)) : [visit, []];
    case 'ready': return inSeat(visit) ? [{ ...visit, state: 'playing', reason: null, rejoins: 0, revivals: 0, misses: 0 }, []] : [visit, []];
    case 'steady': return [{ ...visit, rejoins: 0 }, []];
    case 'mediaLost': return mediaLost(visit);
    case 'stuck': return stuck(visit, reason(event.code, event.detail));
  }
}

const inState = (visit: Visit, ...states: State[]): boolean => states.includes(visit.state);
const inSeat = (visit: Visit): boolean => inState(visit, 'connecting', 'playing', 'reconnecting');

function start(visit: Visit): Step {
  if (!inState(visit, 'landing', 'ended', 'failed')) return [visit, []];
  return [{ ...LANDING, state: 'waiting' }, [{ do: 'openWaiting', attempt: null, ticket: null }]];
}

function queued(visit: Visit, line: Line, ticket: string | null): Step {
  // not every notice brings a ticket; the last one is good for longer than they are apart
  return visit.state === 'waiting' ? [{ ...visit, line, ticket: ticket ?? visit.ticket, knocks: 0 }, []] : [visit, []];
}

function renewed(visit: Visit, lease: string): Step {
  return inSeat(visit) && visit.seat !== null ? [{ ...visit, seat: withLease(visit.seat, lease) }, []] : [visit, []];
}

function finish(visit: Visit, state: 'ended' | 'failed', why: Reason): Step {
  return [{ ...visit, state, reason: why, line: null, seat: null, signalling: 'none' }, CLOSE_ALL];
}

/** Back to the queue with words, unless seats came to nothing too often in a row. */
function elsewhere(visit: Visit, why: Reason): Step {
  const misses = visit.state === 'connecting' ? visit.misses + 1 : 0;
  if (misses >= LIMITS.misses) return finish(visit, 'failed', why);
  const waiting: Visit = { ...LANDING, state: 'waiting', reason: why, met: visit.met, misses };
  return [waiting, [{ do: 'closeSeat' }, { do: 'dropStream' }, { do: 'openWaiting', attempt: misses, ticket: null }]];
}

function matched(visit: Visit, url: string | null): Step {
  if (visit.state !== 'waiting') return [visit, []];
  const next: Visit = { ...visit, state: 'connecting', line: null, ticket: null, seat: url, knocks: 0, rejoins: 0, met: true };
  if (url === null) return [{ ...next, signalling: 'open' }, [{ do: 'adopt' }]];
  return [next, [{ do: 'closeWaiting' }, { do: 'openSeat', url, attempt: null }]];
}

function refused(visit: Visit, why: Reason): Step {
  if (visit.state !== 'waiting') return [visit, []];
  // a matchmaker that drains is being replaced: its successor answers at the same address
  if (why.code === 'draining') return knockAgain(visit, why);
  return finish(visit, 'failed', why);
}

function waitClosed(visit: Visit, code: number, text: string): Step {
  if (visit.state !== 'waiting') return [visit, []];
  if (code === 1008) return finish(visit, 'failed', reason('refused', text));
  return knockAgain(visit, reason('unreachable', text));
}

function knockAgain(visit: Visit, why: Reason): Step {
  const knocks = visit.knocks + 1;
  if (knocks > (visit.met ? LIMITS.knocks : LIMITS.firstKnocks)) return finish(visit, 'failed', why);
  return [{ ...visit, knocks }, [{ do: 'closeWaiting' }, { do: 'openWaiting', attempt: visit.knocks, ticket: visit.ticket }]];
}

function seatOpen(visit: Visit): Step {
  if (!inSeat(visit)) return [visit, []];
  // with live media a rejoin is silent: subscribing anew would end the picture that we have
  const effects: readonly Effect[] = visit.state === 'playing' ? [] : [{ do: 'negotiate', attempt: null }];
  return [{ ...visit, signalling: 'open', parting: null }, effects];
}

function seatClosed(visit: Visit, code: number, text: string): Step {
  if (!inSeat(visit)) return [visit, []];
  const closing = readClose(code, text);
  if (closing.how === 'over') return finish(visit, 'ended', closing.reason);
  if (closing.how === 'lost' && visit.seat !== null) return rejoin(visit, visit.seat, closing.reason);
  // while frames flow nothing is lost yet; the queue comes when they stop
  if (visit.state === 'playing') return [{ ...visit, signalling: 'gone', seat: null, parting: closing.reason }, []];
  if (closing.how === 'refused' && visit.state === 'connecting') return finish(visit, 'failed', closing.reason);
  return elsewhere(visit, closing.how === 'refused' ? reason('stream_lost', text) : closing.reason);
}

function rejoin(visit: Visit, url: string, why: Reason): Step {
  const limit = visit.state === 'connecting' ? LIMITS.rejoins : LIMITS.returns;
  if (visit.state !== 'playing' && visit.rejoins >= limit) return elsewhere(visit, visit.state === 'connecting' ? reason('no_seat', why.detail) : why);
  const next: Visit = { ...visit, signalling: 'lost', rejoins: visit.rejoins + 1 };
  return [next, [{ do: 'openSeat', url, attempt: visit.rejoins }]];
}

function mediaLost(visit: Visit): Step {
  if (visit.state !== 'playing') return [visit, []];
  const lost: Visit = { ...visit, state: 'reconnecting', reason: reason('stream_lost'), rejoins: 0, revivals: 0 };
  if (visit.signalling === 'open') return [lost, [{ do: 'negotiate', attempt: null }]];
  return visit.signalling === 'lost' ? [lost, []] : elsewhere(visit, visit.parting ?? reason('stream_lost'));
}

/** A deadline has passed or ICE has failed. What was playing is tried again, the rest is told why. */
function stuck(visit: Visit, why: Reason): Step {
  if (visit.state === 'reconnecting') return revive(visit, why);
  return inState(visit, 'landing', 'waiting', 'connecting') ? finish(visit, 'failed', why) : [visit, []];
}

/** A new picture on the same seat, ever more slowly; without its socket the way back to that comes first. */
function revive(visit: Visit, why: Reason): Step {
  if (visit.signalling === 'lost') return [visit, []];
  if (visit.revivals >= LIMITS.revivals) return elsewhere(visit, reason('stream_lost', why.detail));
  // the first one comes after a second: the server takes a wish for fresh relays no sooner
  return [{ ...visit, revivals: visit.revivals + 1 }, [{ do: 'negotiate', attempt: visit.revivals + 2 }]];
}
