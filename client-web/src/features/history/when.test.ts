import type { TFunction } from 'i18next';
import { expect, test } from 'vitest';
import { day, dayHeading, moment } from './when';

const now = new Date(2026, 10, 23, 15, 0).getTime();
const at = (date: number, hour = 14, minute = 3, month = 10, year = 2026): number =>
  new Date(year, month, date, hour, minute).getTime();
const t = ((key: string, { time, day: date }: Record<string, string>) =>
  key.endsWith('Near') ? `${time} ${date}` : `${time}, ${date}`) as unknown as TFunction;

test('a moment is said as people say it: the clock today, the day before by its name, else the date', () => {
  expect(moment(at(23), now, 'en', t)).toBe('14:03');
  expect(moment(at(22), now, 'en', t)).toBe('14:03 yesterday');
  expect(moment(at(2), now, 'en', t)).toBe('14:03, Nov 2');
  expect(moment(at(2, 14, 3, 10, 2025), now, 'en', t)).toBe('14:03, Nov 2, 2025');
});

test('yesterday ends at midnight, not a day ago', () => {
  expect(day(at(22, 23, 59), at(23, 0, 1), 'en')).toBe('yesterday');
  expect(day(at(23, 0, 0), at(23, 0, 1), 'en')).toBe('today');
});

test('days are headed in the reader’s language', () => {
  expect(dayHeading(at(23), now, 'en')).toBe('Today');
  expect(dayHeading(at(22), now, 'zh-CN')).toBe('昨天');
  expect(dayHeading(at(2), now, 'en')).toBe('Monday, November 2');
});
