/*
 * The few signalling messages that the page itself looks at; all others go to Epic's library unread.
 * Trap: anything may stand in a frame, so a type is a string or it is nothing.
 */

/** The `type` of a signalling message, or an empty string. */
export function typeOf(text: string): string {
  const field = fieldOf(text, 'type');
  return typeof field === 'string' ? field : '';
}

/** The RTCConfiguration of a `config` message, or null. */
export function configOf(text: string): RTCConfiguration | null {
  const options = fieldOf(text, 'peerConnectionOptions');
  return typeof options === 'object' && options !== null ? (options as RTCConfiguration) : null;
}

/** A renewed lease, or null if the message holds none: it goes into a URL as it is. */
export function leaseOf(text: string): string | null {
  const lease = fieldOf(text, 'lease');
  return typeof lease === 'string' && /^[\w-]+\.[\w-]+\.[\w-]+$/.test(lease) ? lease : null;
}

/** The ids of a `streamerList`. */
export function streamersOf(text: string): string[] {
  const ids = fieldOf(text, 'ids');
  return Array.isArray(ids) ? ids.filter((id): id is string => typeof id === 'string') : [];
}

export const LIST_STREAMERS = JSON.stringify({ type: 'listStreamers' });
/** Ours: only a seat that the matchmaker handed out knows it. */
export const REFRESH_CONFIG = JSON.stringify({ type: 'refreshConfig' });
export const subscribeTo = (streamerId: string): string => JSON.stringify({ type: 'subscribe', streamerId });

function fieldOf(text: string, name: string): unknown {
  try {
    const message: unknown = JSON.parse(text);
    if (typeof message !== 'object' || message === null) return undefined;
    return (message as Record<string, unknown>)[name];
  } catch {
    return undefined;
  }
}
