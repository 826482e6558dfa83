/*
 * Why a seat's socket could not be opened, where the lease is to blame.
 * Trap: a browser tells a page nothing of a refused handshake, so the same address is asked once more by
 * HTTP; whoever stands before the stream answers there with its reason, and then no retry can help.
 */

const WITHIN_MS = 2000;

/** `lease <code>` if the lease in a seat's URL is refused, or null: anything else may pass by itself. */
export async function refusalOf(seat: string): Promise<string | null> {
  const url = new URL(seat);
  url.protocol = url.protocol === 'wss:' ? 'https:' : 'http:';
  try {
    const answer = await fetch(url, { cache: 'no-store', signal: AbortSignal.timeout(WITHIN_MS) });
    const code = answer.headers.get('X-Pixelstream-Reason');
    return (answer.status === 401 || answer.status === 403) && code !== null ? `lease ${code}` : null;
  } catch {
    return null;
  }
}
