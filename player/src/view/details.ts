/*
 * The details view: where the picture comes from, how well, and how long each step took.
 * Trap: reading statistics costs the browser time, so it is done only while the view is open.
 */

import { bitrateWords, clock, millisecondsWords } from '../format';
import { PHASES, type Phase, type PhaseTimes } from '../phases';
import type { StreamStats } from '../stats';
import { byId, make } from './dom';

const EVERY_MS = 1000;
const SVG = 'http://www.w3.org/2000/svg';
const ROW = 18;
const LONGEST_DRAWN_MS = 500;

export interface DetailsSource {
  stats(): Promise<StreamStats | null>;
  phases(): PhaseTimes;
  signalling(): string;
  /** What names the visit to whoever is asked for help. */
  trace(): string | null;
  report(): Promise<string>;
}

type Row = readonly [label: string, value: string, mood?: 'good' | 'bad' | ''];

export class Details {
  readonly #source: DetailsSource;
  readonly #panel = byId('details');
  readonly #onToggle: (open: boolean) => void;
  #timer: ReturnType<typeof setInterval> | undefined;

  constructor(source: DetailsSource, onToggle: (open: boolean) => void) {
    this.#source = source;
    this.#onToggle = onToggle;
    byId('details-close').addEventListener('click', () => this.toggle(false));
    byId('details-copy').addEventListener('click', () => void this.#copy());
    this.#panel.addEventListener('keydown', (event) => { if (event.key === 'Escape') this.toggle(false); });
  }

  toggle(open: boolean = this.#panel.hidden !== false): void {
    this.#panel.hidden = !open;
    clearInterval(this.#timer);
    this.#onToggle(open);
    if (!open) return byId('stage').focus({ preventScroll: true });
    void this.#draw();
    this.#timer = setInterval(() => void this.#draw(), EVERY_MS);
    byId('details-close').focus();
  }

  async #draw(): Promise<void> {
    const stats = await this.#source.stats();
    const parts = stats === null ? [make('p', 'No connection.')] : tables(stats, this.#source.signalling());
    const trace = this.#source.trace();
    const name = trace === null ? [] : [make('h3', 'This visit in the logs'), make('p', trace, 'trace')];
    byId('details-body').replaceChildren(...parts, make('h3', 'Time for each step'), timeline(this.#source.phases()), ...name);
  }

  async #copy(): Promise<void> {
    const button = byId('details-copy');
    try {
      await navigator.clipboard.writeText(await this.#source.report());
      button.textContent = 'Copied';
    } catch {
      button.textContent = 'Not allowed';
    }
    setTimeout(() => { button.textContent = 'Copy'; }, 2000);
  }
}

function tables(stats: StreamStats, signalling: string): HTMLElement[] {
  const kinds = { host: 'direct', srflx: 'direct through NAT', prflx: 'direct through NAT', relay: 'relayed' };
  const way = stats.candidatePair === null ? '–' : kinds[stats.candidatePair];
  const rtt = stats.rttMs;
  const connection: Row[] = [
    ['Path', way],
    ['Candidates', `${stats.local ?? '–'} ↔ ${stats.remote ?? '–'}`],
    ['Protocol', (stats.relayProtocol === null ? stats.protocol : `${stats.protocol}, relay by ${stats.relayProtocol}`) ?? '–'],
    ['Round trip', millisecondsWords(rtt), rtt === null ? '' : rtt < 50 ? 'good' : rtt > 150 ? 'bad' : ''],
    ['Packets lost', String(stats.packetsLost)],
    ['Signalling', signalling],
  ];
  const picture: Row[] = [
    ['Resolution', stats.width === 0 ? '–' : `${stats.width} × ${stats.height}`],
    ['Frames', stats.framesPerSecond === null ? '–' : `${Math.round(stats.framesPerSecond)} per second`],
    ['Bitrate', bitrateWords(stats.bitrate)],
    ['Codec', [stats.codec, stats.decoder].filter((part) => part !== null).join(', ') || '–'],
    ['Decoded / dropped', `${stats.framesDecoded} / ${stats.framesDropped}`],
    ['Freezes', String(stats.freezes), stats.freezes > 0 ? 'bad' : ''],
    ['Frame buffer', millisecondsWords(stats.bufferMs)],
  ];
  return [make('h3', 'Connection'), list(connection), make('h3', 'Picture'), list(picture)];
}

function list(rows: readonly Row[]): HTMLElement {
  const element = make('dl');
  for (const [label, value, mood] of rows) {
    const row = make('div');
    row.append(make('dt', label), make('dd', value, mood));
    element.append(row);
  }
  return element;
}

const LABELS = {
  script: 'Page', waitOpen: 'Queue', matched: 'Matched', seatOpen: 'Seat', config: 'Config',
  offer: 'Offer', answer: 'Answer', iceConnected: 'Path found', firstFrame: 'First picture',
} as const;

/** Steps as bars, one after the other, as SVG: attributes there are no style. */
function timeline(times: PhaseTimes): SVGElement {
  const steps = durations(times);
  const total = Math.max(1, ...steps.map((one) => one.from + one.drawn));
  const svg = draw('svg', { class: 'times', viewBox: `0 0 300 ${steps.length * ROW}`, role: 'img', 'aria-label': 'Milliseconds that each step to the first picture took' });
  for (const [row, one] of steps.entries()) {
    const scale = (ms: number): number => (154 * ms) / total;
    const y = row * ROW;
    svg.append(
      label(LABELS[one.phase], 0, y + 12, 'name'),
      draw('rect', { class: 'rail', x: 86, y: y + 6, width: 154, height: 5, rx: 2.5 }),
      draw('rect', { x: 86 + scale(one.from), y: y + 6, width: Math.max(2, scale(one.drawn)), height: 5, rx: 2.5 }),
      label(one.took < 10_000 ? `${Math.round(one.took)} ms` : clock(one.took / 1000), 300, y + 12, 'at'),
    );
  }
  return svg;
}

interface Step { readonly phase: Phase; readonly took: number; readonly from: number; readonly drawn: number }

/** People wait on a landing page or in the queue; drawn to scale that would hide all the rest. */
function durations(times: PhaseTimes): Step[] {
  let at = 0;
  let from = 0;
  return PHASES.flatMap((phase) => {
    const time = times[phase];
    if (time === undefined) return [];
    const took = Math.max(0, time - at);
    const step = { phase, took, from, drawn: Math.min(took, LONGEST_DRAWN_MS) };
    at = Math.max(at, time);
    from += step.drawn;
    return [step];
  });
}

function draw(tag: string, attributes: Record<string, string | number>): SVGElement {
  const element = document.createElementNS(SVG, tag) as SVGElement;
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, String(value));
  return element;
}

function label(text: string, x: number, y: number, className: string): SVGElement {
  const element = draw('text', { x, y, class: className });
  element.textContent = text;
  return element;
}
