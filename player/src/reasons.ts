/*
 * Why a visit ended, failed or went back to the queue: codes, and what they mean in words.
 * Trap: a close frame carries at most 123 bytes and any server may be at the other end, so codes
 * are read from the number first and from key words second, and an unknown one is just "lost".
 */

export type ReasonCode =
  | 'left' | 'cancelled' | 'ended' | 'kicked' | 'moved' | 'idle' | 'time_up'
  | 'stream_lost' | 'drained' | 'seat_full' | 'lease_over'
  | 'unreachable' | 'queue_full' | 'unknown_fleet' | 'draining' | 'wait_over' | 'refused'
  | 'no_seat' | 'no_config' | 'no_offer' | 'no_relay' | 'no_path' | 'no_picture' | 'unsupported';

export interface Reason {
  readonly code: ReasonCode;
  /** The server's own words, or what was found, shown small. */
  readonly detail: string;
}

export interface Words {
  readonly title: string;
  readonly text: string;
  /** What to do next, one sentence each. */
  readonly next: readonly string[];
}

export const reason = (code: ReasonCode, detail = ''): Reason => ({ code, detail });

/** What a seat's close means. */
export type Closing = { readonly how: 'over' | 'elsewhere' | 'lost' | 'refused'; readonly reason: Reason };

/**
 * Reads a seat's close frame: `over` = the visit is done, `elsewhere` = this seat is gone, queue
 * again, `refused` = it won't have us, `lost` = the connection broke and a rejoin may work.
 */
export function readClose(code: number, text: string): Closing {
  const known = MEANINGS.find(([pattern]) => pattern.test(text));
  if (known !== undefined) return { how: known[1], reason: reason(known[2], text) };
  if (code === 4000 || (code === 1011 && text !== '')) return { how: 'over', reason: reason('kicked', text) };
  if (code === 1008) return { how: 'refused', reason: reason('refused', text) };
  if (code === 1000) return { how: 'over', reason: reason('ended', text) };
  return { how: 'lost', reason: reason('stream_lost', text) };
}

const MEANINGS: readonly (readonly [RegExp, Closing['how'], ReasonCode])[] = [
  [/\bidle\b|inactiv|\bafk\b/i, 'over', 'idle'],
  [/time is (over|up)|session time|time limit/i, 'over', 'time_up'],
  [/another connection/i, 'over', 'moved'],
  [/kick|released|removed|too many messages/i, 'over', 'kicked'],
  [/drain|server ends|shutting down|maintenance/i, 'elsewhere', 'drained'],
  [/\bfull\b|seat is taken|too many connections/i, 'elsewhere', 'seat_full'],
  [/expired|outrun|stale|lease (forged|unknown_key|malformed|foreign)/i, 'elsewhere', 'lease_over'],
  [/unknown_stream/, 'elsewhere', 'stream_lost'],
  [/streamer/i, 'elsewhere', 'stream_lost'],
];

/** The matchmaker's refusal, by its `reason` field. */
export function readRefusal(why: string, words: string): Reason {
  switch (why) {
    case 'queue_full': return reason('queue_full', words);
    case 'unknown_fleet': return reason('unknown_fleet', words);
    case 'draining': return reason('draining', words);
    case 'expired': return reason('wait_over', words);
    default: return reason('refused', words);
  }
}

const WORDS: Record<ReasonCode, Words> = {
  left: { title: 'Thanks for playing', text: 'You left the stream and your place is free for the next person.', next: [] },
  cancelled: { title: 'You left the queue', text: 'Your place was given up.', next: [] },
  ended: { title: 'The session has ended', text: 'The stream said goodbye.', next: [] },
  kicked: { title: 'You were disconnected', text: 'The application or its host ended your session.', next: ['If that comes as a surprise, ask whoever runs this page.'] },
  moved: { title: 'Playing elsewhere', text: 'This session goes on in another window.', next: ['Close this one, or play again here.'] },
  idle: { title: 'Still there?', text: 'Nothing was pressed or moved for a while, so the stream went to someone who was waiting.', next: ['Play again when you are back.'] },
  time_up: { title: 'Time is up', text: 'A session here has a longest length, and yours has reached it.', next: ['Queue again for another turn.'] },
  stream_lost: { title: 'The stream was lost', text: 'It stopped while you were playing.', next: ['A new one is being found for you.'] },
  drained: { title: 'This stream is closing', text: 'Its machine is being taken out of service.', next: ['A new one is being found for you.'] },
  seat_full: { title: 'Someone was quicker', text: 'That stream had just been taken.', next: ['You are in line for the next one.'] },
  lease_over: { title: 'Your place had lapsed', text: 'The ticket for that stream was no longer valid.', next: ['You are in line for the next one.'] },
  unreachable: { title: 'The service can’t be reached', text: 'No connection to the server could be opened.', next: ['Check that you are online.', 'A company network or an extension may block websockets: try another network.', 'Otherwise the service may be down: try again in a minute.'] },
  queue_full: { title: 'The queue is full', text: 'More people are waiting than this service takes in.', next: ['Try again in a few minutes.'] },
  unknown_fleet: { title: 'There is nothing by that name', text: 'The link names a fleet that this service does not have.', next: ['Check the link, or ask for a new one.'] },
  draining: { title: 'The service is restarting', text: 'It takes nobody in for the moment.', next: ['Try again in a minute.'] },
  wait_over: { title: 'The wait was too long', text: 'No stream came free within the time that this service lets people wait.', next: ['Try again later.'] },
  refused: { title: 'You were not let in', text: 'The server refused the connection.', next: ['Reload the page; you may need to sign in again.', 'If it goes on, ask whoever runs this page.'] },
  no_seat: { title: 'The stream does not answer', text: 'A stream was found for you, but its server can’t be reached.', next: ['Try again: you will be given another one.'] },
  no_config: { title: 'The stream’s server is silent', text: 'It accepted the connection and then said nothing.', next: ['Try again: you will be given another one.'] },
  no_offer: { title: 'The application is not streaming', text: 'Its server is there, but the application behind it did not start a picture.', next: ['It may still be loading: try again in a minute.'] },
  no_relay: { title: 'No relay could be reached', text: 'The picture travels by a relay server, and from your network none of them answers.', next: ['Try another network; a phone’s hotspot often works.', 'On a company network ask for UDP and TCP port 3478 and TCP port 5349 to be opened.'] },
  no_path: { title: 'No way through to the stream', text: 'Your browser and the stream found no network path to each other.', next: ['Switch off a VPN, or try another network.', 'If you run this service: check that a TURN relay is offered to players.'] },
  no_picture: { title: 'No picture arrives', text: 'The connection stands, but no video came through it.', next: ['Try again.', 'If it goes on, try another browser: this one may lack the stream’s video format.'] },
  unsupported: { title: 'This browser can’t play streams', text: 'It has no WebRTC, or it is switched off.', next: ['Use a current Chrome, Edge, Firefox or Safari, and allow WebRTC.'] },
};

/** Title, explanation and next steps of a reason. */
export const wordsOf = (code: ReasonCode): Words => WORDS[code];
