// Watches the page from within: pictures that were painted, what the seat's socket answers, its closes.
// Trap: the page's own socket is used to ask, so whatever ends it ends the answers, too.
(() => {
  const ASK_MS = 250;
  const Real = globalThis.WebSocket;
  const seen = {};
  let socket = null, asked = null, lastPicture = 0, mediaGap = 0, signallingGap = 0, watched = null;
  const mark = () => {
    lastPicture = performance.now();
    asked = null;
    mediaGap = signallingGap = 0;
    const now = (seen.sessions ?? []).at(-1);
    Object.assign(seen, { pictures: 0, answers: 0, closes: [], sessions: now === undefined ? [] : [now] });
  };
  mark();
  const decode = (part) => JSON.parse(atob(part.replaceAll('-', '+').replaceAll('_', '/')));
  const leaseOf = (token) => {
    const [head, claims] = token.split('.').slice(0, 2).map(decode);
    seen.key = head.kid;
    return claims;
  };
  globalThis.WebSocket = class extends Real {
    constructor(url, ...more) {
      super(url, ...more);
      const found = /\/s\/([^/]+)\/ws/.exec(String(url));
      if (!found) return;
      const lease = leaseOf(found[1]);
      socket = this;
      seen.stream = lease.stream;
      if (seen.sessions.at(-1) !== lease.sub) seen.sessions.push(lease.sub);
      this.addEventListener('message', (event) => {
        if (typeof event.data === 'string' && event.data.includes('"type":"lease"')) leaseOf(JSON.parse(event.data).lease);
        seen.answers += 1;
        if (asked !== null) signallingGap = Math.max(signallingGap, performance.now() - asked);
        asked = null;
      });
      this.addEventListener('close', (event) => {
        asked ??= performance.now();
        seen.closes.push([event.code, event.reason]);
      });
    }
  };
  const painted = () => {
    const now = performance.now();
    mediaGap = Math.max(mediaGap, now - lastPicture);
    lastPicture = now;
    seen.pictures += 1;
    watched?.requestVideoFrameCallback(painted);
  };
  setInterval(() => {
    const video = document.querySelector('video');
    if (video && video !== watched) (watched = video).requestVideoFrameCallback(painted);
    asked ??= performance.now();
    if (socket?.readyState === Real.OPEN) socket.send(JSON.stringify({ type: 'ping', time: Date.now() }));
  }, ASK_MS);
  globalThis.watched = {
    mark,
    read: () => ({
      ...seen,
      mediaGap: Math.max(mediaGap, performance.now() - lastPicture),
      signallingGap: Math.max(signallingGap, asked === null ? 0 : performance.now() - asked),
      state: globalThis.pixelstream?.state ?? 'absent',
      reason: globalThis.pixelstream?.reason ?? null,
    }),
  };
})();
