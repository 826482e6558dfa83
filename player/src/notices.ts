/*
 * What the first socket says: notices of the matchmaker, or already signalling.
 * Trap: both come over the same socket when nobody hands off (plain signalserver, `handoff=0`),
 * so whatever is not a notice means that this socket is the seat.
 */

export interface Line {
  /** Place in the queue, 1 = next; null when the server doesn't tell. */
  readonly position: number | null;
  /** Seconds that the server expects, or null when it can't honestly say. */
  readonly estimate: number | null;
  /** Seconds waited so far, by the server's count. */
  readonly waited: number;
  /** What frees a seat: a player who leaves, a stream that is started, the next day's budget; or none is given now. */
  readonly supply: Supply;
}

export type Supply = 'taken' | 'starting' | 'budget' | 'held';

export type Notice =
  | { readonly kind: 'queued'; readonly line: Line; readonly ticket: string | null }
  | { readonly kind: 'matched'; readonly url: string | null }
  | { readonly kind: 'refused'; readonly why: string; readonly words: string }
  | { readonly kind: 'signalling'; readonly type: string };

/** The name of the visit in the logs of the service, if a notice tells it; it may be quoted to anyone. */
export function traceOf(text: string): string | null {
  const trace = parseObject(text)?.['trace'];
  return typeof trace === 'string' && /^[0-9a-f]{32}$/.test(trace) ? trace : null;
}

/** Reads one text frame; null if it isn't a JSON object with a type. */
export function readNotice(text: string): Notice | null {
  const message = parseObject(text);
  if (message === null || typeof message['type'] !== 'string') return null;
  if (message['type'] !== 'matchmaker') return { kind: 'signalling', type: message['type'] };
  if (message['matched'] === true) return { kind: 'matched', url: textOf(message['url']) };
  if (message['queued'] === true) return { kind: 'queued', line: lineOf(message), ticket: textOf(message['ticket']) };
  return {
    kind: 'refused',
    why: textOf(message['reason']) ?? 'refused',
    words: textOf(message['detail']) ?? '',
  };
}

function lineOf(message: Record<string, unknown>): Line {
  const position = numberOf(message['position']);
  return {
    position: position !== null && position >= 1 ? Math.floor(position) : null,
    estimate: numberOf(message['estimate']),
    waited: numberOf(message['waited']) ?? 0,
    supply: supplyOf(message),
  };
}

function supplyOf(message: Record<string, unknown>): Supply {
  if (message['seating'] === false) return 'held';
  return message['supply'] === 'starting' || message['supply'] === 'budget' ? message['supply'] : 'taken';
}

function parseObject(text: string): Record<string, unknown> | null {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null && !Array.isArray(value)
      ? (value as Record<string, unknown>)
      : null;
  } catch {
    return null;
  }
}

const textOf = (value: unknown): string | null => (typeof value === 'string' && value !== '' ? value : null);
const numberOf = (value: unknown): number | null =>
  typeof value === 'number' && Number.isFinite(value) && value >= 0 ? value : null;
