/*
 * The entry: joins address, conductor and view.
 * Trap: runs before the page is parsed (that is what makes it early), so the view waits for the
 * page while the sockets don't.
 */

import { address, openFirst, scriptAt } from './early';
import { Activity } from './activity';
import { expose, type PixelstreamApi } from './api';
import { Conductor } from './conductor';
import type { Visit } from './machine';
import { PhaseLog } from './phases';
import { reason, wordsOf } from './reasons';
import { readSettings } from './settings';
import { Page } from './view/page';

declare global {
  interface Window { readonly pixelstream: PixelstreamApi }
}

const phases = new PhaseLog();
phases.mark('script', scriptAt);

let page: Page | null = null;
let shown: Visit | null = null;

const conductor = new Conductor({
  address,
  settings: readSettings(location.search),
  phases,
  stage: () => document.querySelector<HTMLElement>('#stage') ?? document.body,
  openFirst,
  loadStreams: async () => import('./media/stream'),
  changed: (visit) => { page?.draw(visit); announce(visit); },
  hints: {
    picture: () => { document.body.dataset['picture'] = 'yes'; },
    stalled: (stalled) => page?.stalled(stalled),
    playRefused: () => page?.playRefused(),
    keyboardWanted: (wanted, contents) => page?.keyboardWanted(wanted, contents),
  },
});
expose(conductor, phases, (code) => wordsOf(code).title);

function announce(visit: Visit): void {
  if (visit.state === shown?.state && visit.signalling === shown.signalling) return;
  shown = visit;
  window.dispatchEvent(new CustomEvent('pixelstream', { detail: { state: visit.state, reason: visit.reason?.code ?? null, signalling: visit.signalling } }));
}

function begin(): void {
  if (!('RTCPeerConnection' in window)) conductor.dispatch({ type: 'stuck', code: 'unsupported', detail: reason('unsupported').detail });
  else if (address.autoplay) conductor.dispatch({ type: 'start' });
}

function build(): void {
  page = new Page(conductor, phases, address);
  page.draw(conductor.visit);
  new Activity(() => conductor.active());
}

window.addEventListener('pagehide', () => conductor.dispatch({ type: 'hide' }));
window.addEventListener('pageshow', (event) => { if (event.persisted) begin(); });
window.addEventListener('online', () => conductor.hurry());
// Chromium tells of a change from one network to another, for which nothing ever goes offline
const network = (navigator as { readonly connection?: EventTarget }).connection;
network?.addEventListener('change', () => conductor.hurry());
document.addEventListener('visibilitychange', () => { if (!document.hidden) conductor.hurry(); });

begin();
if (document.readyState === 'loading') document.addEventListener('DOMContentLoaded', build, { once: true });
else build();
