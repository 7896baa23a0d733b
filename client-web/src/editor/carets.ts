import { Extension } from '@tiptap/core';
import { yCursorPlugin } from '@tiptap/y-tiptap';
import type { Awareness } from 'y-protocols/awareness';
import { hasDrawableCaret, inkOn, readGuest } from '../sync';

/** How long a name stands beside a caret after it moved. */
const NAME_SHOWN_MS = 2_000;

function drawCaret(user: unknown, clientId: number): HTMLElement {
  const guest = readGuest(clientId, { user });
  const caret = document.createElement('span');
  caret.className = 'caret';
  caret.dataset.client = String(clientId);
  caret.style.setProperty('--caret', guest.color);
  caret.style.setProperty('--caret-ink', inkOn(guest.color));
  if (guest.name !== null) {
    const name = document.createElement('span');
    name.className = 'caret-name';
    name.textContent = guest.name;
    caret.append(name);
    setTimeout(() => caret.classList.add('caret-quiet'), NAME_SHOWN_MS);
  }
  return caret;
}

function drawSelection(user: unknown, clientId: number): { style: string; class: string } {
  const { color } = readGuest(clientId, { user });
  return { style: `background-color: ${color}33`, class: 'caret-selection' };
}

/** Other people's carets and selections. What they announce is checked before the plugin sees it. */
export const Carets = Extension.create<{ awareness: Awareness | null }>({
  name: 'carets',
  priority: 999,
  addOptions() {
    return { awareness: null };
  },
  addProseMirrorPlugins() {
    const { awareness } = this.options;
    if (awareness === null) return [];
    return [
      yCursorPlugin(awareness, {
        awarenessStateFilter: (own: number, other: number, state: unknown) =>
          own !== other && hasDrawableCaret(state),
        cursorBuilder: drawCaret,
        selectionBuilder: drawSelection,
      }),
    ];
  },
});

/** Brings someone's caret into view and shows their name for a moment. False when they have none on this page. */
export function scrollToCaret(clientId: number): boolean {
  const caret = document.querySelector<HTMLElement>(`.caret[data-client="${clientId}"]`);
  if (caret === null) return false;
  const calm = window.matchMedia('(prefers-reduced-motion: reduce)').matches;
  caret.scrollIntoView({ block: 'center', behavior: calm ? 'auto' : 'smooth' });
  caret.classList.remove('caret-quiet');
  setTimeout(() => caret.classList.add('caret-quiet'), NAME_SHOWN_MS);
  return true;
}
