/*
 * Where to connect: read from the page's own address, never from anyone's say-so.
 * Trap: `?ss=` comes from a link; a foreign host in it would let that link choose our server,
 * so anything that isn't this page's host is dropped.
 */

export interface Address {
  /** The first socket: the matchmaker's waiting room, or a signalserver. */
  readonly first: string;
  /** Directory of the page as a websocket URL, ends in a slash. */
  readonly base: string;
  /** Query string passed on to the seat, with its leading `?`, or empty. */
  readonly passed: string;
  readonly fleet: string;
  /** Start without a click. */
  readonly autoplay: boolean;
  /** An `ss` that named a foreign host and was ignored. */
  readonly ignored: string | null;
}

/** Parameters that are ours; the rest of the query string belongs to the application. */
const OWN = ['ss', 'handoff', 'fleet', 'autoplay', 'smoke', 'details', 'muted', 'renew', 'ticket'];

/** Reads the page's address. `?fleet`, `?handoff`, `?autoplay=0`, `?ss` (same host only). */
export function readAddress(href: string): Address {
  const page = new URL(href);
  const base = new URL('.', page);
  base.protocol = page.protocol === 'https:' ? 'wss:' : 'ws:';
  base.search = '';
  base.hash = '';
  const query = new URLSearchParams(page.search);
  const asked = query.get('ss');
  const own = asked === null ? null : sameHost(asked, base);
  return {
    first: own ?? waitingRoom(base, query),
    base: base.href,
    passed: passedOn(query),
    fleet: query.get('fleet') ?? 'default',
    autoplay: query.get('autoplay') !== '0',
    ignored: asked !== null && own === null ? asked : null,
  };
}

/** The seat's URL for what the matchmaker answered, or null if it names another host. */
export function seatUrl(answered: string, address: Address): string | null {
  const seat = sameHost(answered, new URL(address.base));
  if (seat === null) return null;
  const url = new URL(seat);
  if (url.search === '') url.search = address.passed;
  // asks our signalserver for new leases while the visit lasts; no other is ever handed off to
  url.searchParams.set('renew', '1');
  return url.href;
}

/** The seat's URL with a renewed lease in it. */
export const withLease = (seat: string, lease: string): string => seat.replace(/(^|\/)s\/[^/?#]+/, `$1s/${lease}`);

/** The first socket's URL for who has waited before: the ticket keeps the place in the queue. */
export function firstUrl(address: Address, ticket: string | null): string {
  const url = new URL(address.first);
  if (ticket !== null) url.searchParams.set('ticket', ticket);
  return url.href;
}

function waitingRoom(base: URL, page: URLSearchParams): string {
  const url = new URL('ws', base);
  const query = new URLSearchParams(page);
  query.delete('ss');
  query.delete('autoplay');
  // neither a link nor a bookmark says where somebody stands in the queue
  query.delete('ticket');
  query.delete('renew');
  if (!query.has('handoff')) query.set('handoff', '1');
  url.search = query.toString();
  return url.href;
}

function passedOn(page: URLSearchParams): string {
  const query = new URLSearchParams(page);
  for (const name of OWN) query.delete(name);
  const text = query.toString();
  return text === '' ? '' : `?${text}`;
}

/** Resolves against the page; the scheme is always the page's, so a link can't downgrade it. */
function sameHost(reference: string, base: URL): string | null {
  let url: URL;
  try {
    url = new URL(reference, base);
  } catch {
    return null;
  }
  if (!['ws:', 'wss:', 'http:', 'https:'].includes(url.protocol)) return null;
  url.protocol = base.protocol;
  url.hash = '';
  if (url.host !== base.host || url.username !== '' || url.password !== '') return null;
  return url.href;
}
