/*
 * Draws a visit's state outside of play: landing, queue, connecting, ended, failed.
 * Trap: drawn at each change, so focus moves only when the screen itself has changed.
 */

import type { State, Visit } from '../machine';
import { clock, estimateWords, grouped, ordinal } from '../format';
import { wordsOf } from '../reasons';
import { byId, make, setText, show } from './dom';

const TITLE = 'pixelstream';
const MOST_DOTS = 9;

export class Sheet {
  #state: State | 'boot' = 'boot';
  #waitingSince = 0;
  #ticking: ReturnType<typeof setInterval> | undefined;
  #line: Visit['line'] = null;

  draw(visit: Visit, report: () => string): void {
    const entered = visit.state !== this.#state;
    this.#state = visit.state;
    document.body.dataset['state'] = visit.state;
    if (visit.state !== 'playing' && entered) delete document.body.dataset['picture'];
    show('veil', visit.state === 'reconnecting');
    if (entered) this.#enter(visit);
    if (visit.state === 'landing') this.#landing(visit);
    if (visit.state === 'waiting') this.#waiting(visit);
    if (visit.state === 'ended' || visit.state === 'failed') this.#final(visit, report, entered);
    document.title = this.#title(visit);
  }

  #enter(visit: Visit): void {
    clearInterval(this.#ticking);
    if (visit.state === 'waiting') {
      this.#waitingSince = performance.now();
      this.#line = null;
      this.#ticking = setInterval(() => this.#tick(), 1000);
    }
    const spoken: Partial<Record<State, string>> = {
      connecting: 'Your stream is ready. Connecting.',
      playing: 'The stream is playing. Control Alt M opens the menu.',
      reconnecting: 'The connection was lost. Reconnecting.',
    };
    // a screen reader finds what was said before, so that is not left behind
    setText('live', spoken[visit.state] ?? '');
  }

  #landing(visit: Visit): void {
    show('landing-note', visit.reason !== null);
    if (visit.reason !== null) setText('landing-note', wordsOf(visit.reason.code).title);
  }

  #waiting(visit: Visit): void {
    if (visit.line !== null && visit.line !== this.#line) {
      this.#waitingSince = performance.now() - visit.line.waited * 1000;
      this.#line = visit.line;
    }
    this.#note(visit);
    this.#place(visit.line?.position ?? null);
    const estimate = visit.line === null ? '–' : estimateWords(visit.line.estimate, visit.line.supply);
    setText('estimate', estimate);
    this.#tick();
    if (visit.line !== null) setText('live', `${this.#placeWords(visit.line.position)}. ${estimate}.`);
  }

  #note(visit: Visit): void {
    const note = byId('waiting-note');
    const lost = visit.knocks > 0;
    note.hidden = visit.reason === null && !lost;
    note.classList.toggle('alarm', lost);
    if (lost) note.textContent = 'The connection to the queue was lost. Trying again…';
    else if (visit.reason !== null) {
      const words = wordsOf(visit.reason.code);
      note.replaceChildren(make('strong', words.title), `${words.text} ${words.next.join(' ')}`);
    }
  }

  #place(position: number | null): void {
    const [number, suffix] = position === null ? ['', ''] : ordinal(position);
    const word = position === null ? 'Finding a stream' : position === 1 ? 'You’re next' : null;
    byId('waiting-title').classList.toggle('word', word !== null);
    setText('place', word ?? number);
    setText('place-suffix', word === null ? suffix : '');
    setText('place-label', word === null ? 'in line' : '');
    drawDots(position);
  }

  #placeWords(position: number | null): string {
    if (position === null) return 'Finding a stream';
    return position === 1 ? 'You are next in line' : `You are ${ordinal(position).join('')} in line`;
  }

  #tick(): void {
    setText('elapsed', clock((performance.now() - this.#waitingSince) / 1000));
  }

  #final(visit: Visit, report: () => string, entered: boolean): void {
    if (visit.reason === null) return;
    const words = wordsOf(visit.reason.code);
    setText('final-title', words.title);
    setText('final-text', words.text);
    byId('final-next').replaceChildren(...words.next.map((sentence) => make('li', sentence)));
    setText('final-again', visit.state === 'failed' ? 'Try again' : 'Play again');
    setText('final-report', report());
    if (entered) byId('final-title').focus({ preventScroll: true });
  }

  #title(visit: Visit): string {
    if (visit.state === 'waiting' && visit.line?.position != null) return `${this.#placeWords(visit.line.position)} – ${TITLE}`;
    if (visit.state === 'playing' && document.hidden) return `Your stream is ready – ${TITLE}`;
    if (visit.reason !== null && (visit.state === 'ended' || visit.state === 'failed')) return `${wordsOf(visit.reason.code).title} – ${TITLE}`;
    return TITLE;
  }
}

/** The queue as dots: those ahead, then the visitor. */
function drawDots(position: number | null): void {
  const ahead = position === null ? 0 : position - 1;
  const shown = Math.min(ahead, MOST_DOTS);
  const dots = Array.from({ length: shown }, () => make('li'));
  const more = ahead > shown ? [make('li', `+${grouped(ahead - shown)}`, 'more')] : [];
  byId('dots').replaceChildren(...more, ...dots, ...(position === null ? [] : [make('li', '', 'you')]));
}
