import type { Figures } from '../../api/live';

/** How much of the past a chart shows, in seconds. */
export const SECONDS_SHOWN = 180;

/** What is known of the last while, one column a second. */
export interface Series {
  times: number[];
  values: Record<string, (number | null)[]>;
}

export const emptySeries: Series = { times: [], values: {} };

/** Adds a moment; what was not told at a moment is a gap there. `now` is in seconds since 1970. */
export function withFigures(series: Series, figures: Figures, now: number): Series {
  const from = series.times.length >= SECONDS_SHOWN ? 1 : 0;
  const times = [...series.times.slice(from), now];
  const values: Series['values'] = {};
  for (const name of new Set([...Object.keys(series.values), ...Object.keys(figures)])) {
    const before = series.values[name] ?? series.times.map(() => null);
    values[name] = [...before.slice(from), figures[name] ?? null];
  }
  return { times, values };
}

const UNITS = ['B', 'KiB', 'MiB', 'GiB', 'TiB'];

export function bytes(value: number, language: string): string {
  let size = value;
  let unit = 0;
  while (size >= 1024 && unit < UNITS.length - 1) {
    size /= 1024;
    unit += 1;
  }
  const digits = size >= 100 || unit === 0 ? 0 : 1;
  return `${size.toLocaleString(language, { maximumFractionDigits: digits })} ${UNITS[unit]}`;
}

/** A figure's name says what it counts. */
export function show(name: string, value: number, language: string): string {
  if (/bytes|memory|disk/i.test(name)) return bytes(value, language);
  // Of one core.
  if (name === 'cpu') return `${value.toLocaleString(language, { maximumFractionDigits: 0 })} %`;
  if (/(^ms|Ms|_ms|[mM]illis|[lL]atency)$/.test(name)) return `${value.toLocaleString(language)} ms`;
  return value.toLocaleString(language);
}
