/*
 * The page as a whole: sheet, bar and details follow the visit; buttons become events.
 * Trap: a pause of the picture is no loss yet; it gets a word in a corner, and the stream stays.
 */

import type { Address } from '../address';
import type { Conductor } from '../conductor';
import type { State, Visit } from '../machine';
import type { PhaseLog } from '../phases';
import { Bar } from './bar';
import { Details } from './details';
import { byId, setText, show } from './dom';
import { reportOf } from './report';
import { Sheet } from './sheet';

export class Page {
  readonly #conductor: Conductor;
  readonly #phases: PhaseLog;
  readonly #sheet = new Sheet();
  readonly #bar: Bar;
  readonly #details: Details;
  #state: State = 'landing';
  #fresh = true;

  constructor(conductor: Conductor, phases: PhaseLog, address: Address) {
    this.#conductor = conductor;
    this.#phases = phases;
    this.#details = new Details(
      {
        stats: () => conductor.stats(),
        phases: () => phases.times,
        signalling: () => conductor.visit.signalling,
        trace: () => conductor.trace,
        report: async () => this.#report(JSON.stringify(await conductor.stats(), null, 1)),
      },
      (open) => this.#bar.setDetailsOpen(open),
    );
    this.#bar = new Bar({
      stream: () => conductor.streams.current,
      leave: () => conductor.dispatch({ type: 'leave' }),
      details: () => this.#details.toggle(),
    });
    show('fleet', address.fleet !== 'default');
    setText('fleet', address.fleet);
    if (address.ignored !== null) this.#toast('This link named another server, which was ignored.');
    byId('sheet').addEventListener('click', (event) => this.#onClick(event));
    document.addEventListener('visibilitychange', () => this.draw(conductor.visit));
  }

  draw(visit: Visit): void {
    const former = this.#state;
    this.#state = visit.state;
    this.#sheet.draw(visit, () => this.#report(''));
    if (visit.state === 'playing' && former !== 'playing') this.#onPlay();
    if (visit.state !== 'playing' && visit.state !== 'reconnecting' && former !== visit.state) this.#onGone();
    if (visit.state !== 'playing') this.stalled(false);
  }

  stalled(stalled: boolean): void {
    if (stalled) this.#toast('The picture has paused. Waiting for it to come back…', false);
    else if (byId('toast').dataset['sticky'] === 'yes') show('toast', false);
  }

  playRefused(): void {
    this.#bar.askToPlay();
  }

  keyboardWanted(wanted: boolean, contents: string): void {
    this.#bar.askForText(wanted, contents, true);
  }

  #onPlay(): void {
    this.#bar.playing(this.#fresh);
    this.#fresh = false;
  }

  #onGone(): void {
    this.#fresh = true;
    this.#bar.gone();
    if (!byId('details').hidden) this.#details.toggle(false);
  }

  #onClick(event: Event): void {
    const action = (event.target as Element).closest<HTMLElement>('[data-do]')?.dataset['do'];
    if (action === 'start' || action === 'cancel') this.#conductor.dispatch({ type: action });
  }

  #toast(text: string, passing = true): void {
    setText('toast', text);
    byId('toast').dataset['sticky'] = passing ? 'no' : 'yes';
    show('toast', true);
    if (passing) setTimeout(() => show('toast', false), 6000);
  }

  #report(stats: string): string {
    return reportOf(this.#conductor.visit, this.#conductor.trace, this.#phases.times, stats);
  }
}
