/*
 * Opens the first socket before anything else of the player has run.
 * Trap: must be the entry's first import and import next to nothing itself, for every millisecond
 * here is one before the first picture.
 */

import { firstUrl, readAddress } from './address';
import { Channel } from './channel';

export const scriptAt = performance.now();
export const address = readAddress(location.href);

let first: Channel | null = address.autoplay && 'RTCPeerConnection' in window ? new Channel(address.first) : null;

/** The socket opened at load, once; afterwards and without autoplay a new one, with the ticket of a former. */
export function openFirst(ticket: string | null): Channel {
  const channel = first ?? new Channel(firstUrl(address, ticket));
  first = null;
  return channel;
}
