/** A word about something that was done or could not be, with the way back where there is one. */
export interface Toast {
  id: number;
  text: string;
  tone: 'plain' | 'bad';
  action: { label: string; run: () => void } | null;
}

type Listener = () => void;
const listeners = new Set<Listener>();
let current: Toast | null = null;
let count = 0;

function tell(): void {
  for (const listener of [...listeners]) listener();
}

/** Shows one at a time: what was said before is over once something new happens. */
export function toast(text: string, more: Partial<Pick<Toast, 'tone' | 'action'>> = {}): void {
  count += 1;
  current = { id: count, text, tone: more.tone ?? 'plain', action: more.action ?? null };
  tell();
}

export function dismissToast(id: number): void {
  if (current?.id !== id) return;
  current = null;
  tell();
}

export const getToast = (): Toast | null => current;

export function onToast(listener: Listener): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}
