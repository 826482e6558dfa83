/*
 * From what ICE tried to a reason in words.
 * Trap: "failed" alone doesn't tell a blocked relay from a missing one, and the cures differ.
 */

import type { IceFindings } from './media/types';
import { reason, type Reason } from './reasons';

/** Why no path was found. */
export function diagnose(found: IceFindings): Reason {
  const tried = `relays offered ${found.relaysOffered}, relay candidates ${found.relayCandidates}, candidates ${found.candidates}`;
  const detail = [tried, ...found.errors].join('; ');
  const relayUnreachable = found.relaysOffered > 0 && found.relayCandidates === 0;
  const relayMissing = found.relayOnly && found.relaysOffered === 0;
  return reason(relayUnreachable || relayMissing ? 'no_relay' : 'no_path', detail);
}
