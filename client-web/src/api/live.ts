import { isObject } from './read';
import { listen } from './socket';

/** Figures of one moment, by name. */
export type Figures = Record<string, number>;

/** Nested figures get names with dots; what is no number is left out. */
export function readFigures(value: unknown, prefix = ''): Figures {
  if (!isObject(value)) return {};
  const figures: Figures = {};
  for (const [name, one] of Object.entries(value)) {
    if (typeof one === 'number' && Number.isFinite(one)) figures[prefix + name] = one;
    else if (prefix === '') Object.assign(figures, readFigures(one, `${name}.`));
  }
  return figures;
}

export function listenToFigures(onFigures: (figures: Figures) => void, onDown: () => void): () => void {
  return listen('/api/admin/live', (frame) => onFigures(readFigures(frame)), onDown);
}
