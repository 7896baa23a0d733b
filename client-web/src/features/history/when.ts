import type { TFunction } from 'i18next';

const DAY_MS = 86_400_000;

/** Midnight of the day of `time`, where the reader is. */
function dayOf(time: number): number {
  const date = new Date(time);
  return new Date(date.getFullYear(), date.getMonth(), date.getDate()).getTime();
}

/** 0 for today, 1 for yesterday; days may have 23 or 25 hours. */
const daysAgo = (time: number, now: number): number => Math.round((dayOf(now) - dayOf(time)) / DAY_MS);

// Making a formatter takes far longer than using it, and a moving handle uses one for every frame.
const formats = new Map<string, Intl.DateTimeFormat>();
function format(language: string, options: Intl.DateTimeFormatOptions): Intl.DateTimeFormat {
  const key = `${language} ${JSON.stringify(options)}`;
  const known = formats.get(key) ?? new Intl.DateTimeFormat(language, options);
  formats.set(key, known);
  return known;
}

const CLOCK: Intl.DateTimeFormatOptions = { hour: '2-digit', minute: '2-digit', hourCycle: 'h23' };

export const clock = (time: number, language: string): string => format(language, CLOCK).format(time);

/** Clock and seconds, where neighbouring changes are to be told apart. */
export const exactTime = (time: number, language: string): string =>
  format(language, { dateStyle: 'long', timeStyle: 'medium', hourCycle: 'h23' }).format(time);

/** "today", "yesterday" or the date; the year only when it is another one. */
export function day(time: number, now: number, language: string): string {
  const ago = daysAgo(time, now);
  if (ago === 0 || ago === 1) {
    return new Intl.RelativeTimeFormat(language, { numeric: 'auto' }).format(-ago, 'day');
  }
  const sameYear = new Date(time).getFullYear() === new Date(now).getFullYear();
  return format(language, {
    day: 'numeric',
    month: 'short',
    ...(sameYear ? {} : { year: 'numeric' }),
  }).format(time);
}

/** The heading over a day's sessions. */
export function dayHeading(time: number, now: number, language: string): string {
  const name = daysAgo(time, now) <= 1 ? day(time, now, language) : null;
  const sameYear = new Date(time).getFullYear() === new Date(now).getFullYear();
  const date = format(language, {
    weekday: 'long',
    day: 'numeric',
    month: 'long',
    ...(sameYear ? {} : { year: 'numeric' }),
  }).format(time);
  const capital = name === null ? null : name.charAt(0).toLocaleUpperCase(language) + name.slice(1);
  return capital ?? date;
}

/** "14:03", "14:03 yesterday" or "14:03, 23 Nov", in the order of the language. */
export function moment(time: number, now: number, language: string, t: TFunction): string {
  const ago = daysAgo(time, now);
  const at = clock(time, language);
  if (ago === 0) return at;
  return t(ago === 1 ? 'history.timeNear' : 'history.timeFar', { time: at, day: day(time, now, language) });
}
