/*
 * Small helpers over the page's elements.
 * Trap: server words go in as text only, never as markup.
 */

/** The element of that id; the page and the script are built together, so a missing one is a bug. */
export function byId<T extends Element = HTMLElement>(id: string): T {
  const element = document.querySelector<T>(`#${id}`);
  if (element === null) throw new Error(`the page has no #${id}`);
  return element;
}

export function setText(id: string, text: string): void {
  const element = byId(id);
  // unchanged text is left alone, so that a live region doesn't repeat itself
  if (element.textContent !== text) element.textContent = text;
}

export function show(id: string, visible: boolean): void {
  byId(id).hidden = !visible;
}

export function make<K extends keyof HTMLElementTagNameMap>(tag: K, text = '', className = ''): HTMLElementTagNameMap[K] {
  const element = document.createElement(tag);
  if (text !== '') element.textContent = text;
  if (className !== '') element.className = className;
  return element;
}

export function setIcon(button: Element, name: string): void {
  button.querySelector('use')?.setAttribute('href', `#i-${name}`);
}
