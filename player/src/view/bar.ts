/*
 * What lies over the picture: the bar, the prompt for sound, the field for typing.
 * Trap: the library listens for keys on the whole document, so keys pressed in here are kept from
 * it; key-ups are let through, or a key held while focus moves would stay down in the application.
 */

import type { Stream } from '../media/types';
import { byId, setIcon, show } from './dom';

const SMALL_AFTER_MS = 5000;
const PROMPT_FOR_MS = 12_000;
type Tool = 'sound' | 'pointer' | 'keyboard' | 'details' | 'full' | 'leave';

export interface BarActions {
  stream(): Stream | null;
  leave(): void;
  details(): void;
}

export class Bar {
  readonly #actions: BarActions;
  readonly #bar = byId('bar');
  readonly #stage = byId('stage');
  #shrink: ReturnType<typeof setTimeout> | undefined;
  #muted = true;
  /** What the visitor chose, to be kept over streams; null before any choice. */
  #choice: boolean | null = null;
  #textWanted = false;

  constructor(actions: BarActions) {
    this.#actions = actions;
    for (const id of ['bar', 'unmute', 'unpause', 'typing', 'details']) keepKeys(byId(id));
    this.#bar.addEventListener('click', (event) => this.#onClick(event));
    this.#bar.addEventListener('keydown', (event) => this.#onKey(event));
    for (const type of ['pointermove', 'focusin'] as const) this.#bar.addEventListener(type, () => this.#wake());
    byId('unmute').addEventListener('click', () => { this.#choose(false); this.#stage.focus(); });
    byId('unpause').addEventListener('click', () => this.#unpause());
    byId('typing').addEventListener('submit', (event) => this.#onTyped(event));
    byId('typing-close').addEventListener('click', () => this.askForText(false, ''));
    document.addEventListener('fullscreenchange', () => this.#drawFull());
    document.addEventListener('pointerlockchange', () => this.#onLock());
    window.addEventListener('keydown', (event) => this.#onShortcut(event), { capture: true });
    window.addEventListener('blur', () => actions.stream()?.releaseKeys());
    this.#tool('full').hidden = !document.fullscreenEnabled;
  }

  /** A picture is on the screen; `fresh` for the first of a visit. */
  playing(fresh: boolean): void {
    this.#bar.hidden = false;
    this.#stage.inert = false;
    show('unpause', false);
    // whoever clicked to start may be played sound; a page that started by itself may not
    this.#setMuted(this.#choice ?? !navigator.userActivation?.hasBeenActive);
    this.#promptForSound(fresh);
    if (fresh) this.#stage.focus({ preventScroll: true });
    this.#wake();
  }

  gone(): void {
    this.#stage.inert = true;
    for (const id of ['bar', 'unmute', 'unpause', 'typing']) show(id, false);
    if (document.fullscreenElement !== null) void document.exitFullscreen();
    if (document.pointerLockElement !== null) document.exitPointerLock();
  }

  askToPlay(): void {
    show('unpause', true);
  }

  /** Shows the field; what is typed answers the application's own text box, or goes as keys. */
  askForText(wanted: boolean, contents: string, byApplication = false): void {
    this.#textWanted = wanted && byApplication;
    show('typing', wanted);
    this.#bar.hidden = wanted;
    this.#tool('keyboard').setAttribute('aria-pressed', String(wanted));
    const field = byId<HTMLInputElement>('typed');
    field.value = contents;
    if (wanted) field.focus();
    else this.#stage.focus({ preventScroll: true });
  }

  setDetailsOpen(open: boolean): void {
    this.#tool('details').setAttribute('aria-pressed', String(open));
  }

  #onClick(event: Event): void {
    const button = (event.target as Element).closest('button');
    if (button?.id === 'handle') return this.#setSmall(!this.#bar.classList.contains('small'));
    switch (button?.dataset['tool'] as Tool | undefined) {
      case 'sound': this.#choose(!this.#muted); break;
      case 'pointer': this.#lock(); break;
      case 'keyboard': this.askForText(true, ''); break;
      case 'details': this.#actions.details(); break;
      case 'full': this.#toggleFull(); break;
      case 'leave': this.#actions.leave(); break;
      case undefined:
    }
  }

  #onKey(event: KeyboardEvent): void {
    const buttons = [...this.#bar.querySelectorAll<HTMLButtonElement>('#tools button')].filter((button) => button.offsetParent !== null);
    const at = buttons.indexOf(document.activeElement as HTMLButtonElement);
    const move = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (event.key === 'Escape') this.#stage.focus();
    else if (move !== undefined) buttons[(at + move + buttons.length) % buttons.length]?.focus();
    else return;
    event.preventDefault();
  }

  /** Tab belongs to the application, so this is the keyboard's way out of the picture. */
  #onShortcut(event: KeyboardEvent): void {
    if (!event.ctrlKey || !event.altKey || event.code !== 'KeyM' || this.#bar.hidden) return;
    event.preventDefault();
    event.stopImmediatePropagation();
    this.#wake();
    this.#tool('sound').focus();
  }

  #choose(muted: boolean): void {
    this.#choice = muted;
    this.#setMuted(muted);
  }

  #setMuted(muted: boolean): void {
    this.#muted = muted;
    this.#actions.stream()?.setMuted(muted);
    const button = this.#tool('sound');
    button.setAttribute('aria-pressed', String(!muted));
    button.setAttribute('data-tip', muted ? 'Sound is off' : 'Sound is on');
    setIcon(button, muted ? 'muted' : 'sound');
    if (!muted) show('unmute', false);
  }

  #promptForSound(fresh: boolean): void {
    if (!fresh || !this.#muted || this.#actions.stream()?.hasAudio !== true) return;
    show('unmute', true);
    setTimeout(() => show('unmute', false), PROMPT_FOR_MS);
  }

  #unpause(): void {
    show('unpause', false);
    this.#setMuted(this.#muted);
  }

  #lock(): void {
    const stream = this.#actions.stream();
    if (stream === null) return;
    stream.setHovering(false);
    Promise.resolve(stream.layer.requestPointerLock()).catch(() => stream.setHovering(true));
  }

  #onLock(): void {
    const locked = document.pointerLockElement !== null;
    this.#tool('pointer').setAttribute('aria-pressed', String(locked));
    this.#setSmall(locked);
    if (!locked) this.#actions.stream()?.setHovering(true);
  }

  #toggleFull(): void {
    if (document.fullscreenElement !== null) void document.exitFullscreen();
    else void document.documentElement.requestFullscreen({ navigationUI: 'hide' }).catch(() => {});
    this.#stage.focus({ preventScroll: true });
  }

  #drawFull(): void {
    const full = document.fullscreenElement !== null;
    this.#tool('full').setAttribute('aria-pressed', String(full));
    setIcon(this.#tool('full'), full ? 'unfull' : 'full');
  }

  #onTyped(event: Event): void {
    event.preventDefault();
    const field = byId<HTMLInputElement>('typed');
    const stream = this.#actions.stream();
    if (this.#textWanted) stream?.enterText(field.value);
    else stream?.type(field.value);
    if (this.#textWanted) this.askForText(false, '');
    field.value = '';
  }

  #wake(): void {
    this.#setSmall(false);
    clearTimeout(this.#shrink);
    this.#shrink = setTimeout(() => {
      if (this.#bar.matches(':hover, :focus-within')) this.#wake();
      else this.#setSmall(true);
    }, SMALL_AFTER_MS);
  }

  #setSmall(small: boolean): void {
    this.#bar.classList.toggle('small', small);
    byId('handle').setAttribute('aria-expanded', String(!small));
  }

  #tool(name: Tool): HTMLButtonElement {
    return byId<HTMLButtonElement>(`tools [data-tool="${name}"]`);
  }
}

function keepKeys(element: HTMLElement): void {
  for (const type of ['keydown', 'keypress'] as const) element.addEventListener(type, (event) => event.stopPropagation());
}
